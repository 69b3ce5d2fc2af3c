#include "manifests/decoder.h"

#include "manifests/scalar.h"
#include "mapcore/base/did_you_mean.h"

// How every manifest is read: by asking for members by name, and at the end for what nobody asked
// for. The names that were asked for are the vocabulary of "did you mean", so a decoder cannot
// forget to list one. Nothing throws and nothing returns early: a file with five mistakes says
// five.

namespace portolan::manifests {
FieldPath FieldPath::Member(std::string_view name) const {
  FieldPath child;
  child.parent_ = this;
  child.name_ = name;
  return child;
}

FieldPath FieldPath::Item(std::size_t index) const {
  FieldPath child;
  child.parent_ = this;
  child.index_ = static_cast<std::ptrdiff_t>(index);
  return child;
}

// Built from the root on demand: paths cost nothing as long as nothing is wrong.
std::string FieldPath::ToString() const {
  if (parent_ == nullptr) return "";
  if (index_ >= 0) return JoinField(parent_->ToString(), static_cast<std::size_t>(index_));
  return JoinField(parent_->ToString(), name_);
}

void Report::Error(const Field& field, std::string message, std::string hint) {
  Add({.file = file_,
       .position = field.node == nullptr ? Position{} : field.node->position,
       .field = field.path.ToString(),
       .message = std::move(message),
       .hint = std::move(hint)});
}

// The rest is counted: one bad schema can make an error of each of a million entries.
void Report::Add(Diagnostic diagnostic) {
  if (diagnostics_.size() >= kReportMax) {
    ++dropped_;
    return;
  }
  diagnostics_.push_back(std::move(diagnostic));
}

std::vector<Diagnostic> Report::Take() {
  if (dropped_ > 0) {
    diagnostics_.push_back(
        ErrorAt(file_, {}, "and " + std::to_string(dropped_) + " more errors in this file"));
  }
  return std::move(diagnostics_);
}

MappingDecoder::MappingDecoder(const Field& field, Report& report)
    : field_(field), node_(field.node), report_(report) {
  if (node_ == nullptr) return;
  if (node_->kind != Node::Kind::kMapping) {
    report_.Error(field, "expected an object, found " + Found(*node_));
    node_ = nullptr;
    return;
  }
  taken_.resize(node_->members.size());
}

Field MappingDecoder::Take(std::string_view name) {
  known_.push_back(name);
  if (node_ == nullptr) return {nullptr, field_.path.Member(name)};
  for (std::size_t i = 0; i < node_->members.size(); ++i) {
    const Node::Member& member = node_->members[i];
    if (member.key != name) continue;
    taken_[i] = true;
    return {&member.value, field_.path.Member(member.key)};
  }
  return {nullptr, field_.path.Member(name)};
}

Field MappingDecoder::Require(std::string_view name) {
  Field field = Take(name);
  if (!field && node_ != nullptr) {
    report_.Error(field_, "missing required field " + QuoteForMessage(name));
  }
  return field;
}

void MappingDecoder::RefuseForNow(std::initializer_list<std::string_view> names) {
  Refuse({names.begin(), names.size()}, "not supported yet by this version of Portolan");
}

void MappingDecoder::Refuse(std::span<const std::string_view> names, const std::string& message) {
  for (std::string_view name : names) {
    if (Field field = Take(name)) report_.Error(field, message);
    // Not suggested to whoever mistypes a name: it would be refused next.
    known_.pop_back();
  }
}

void MappingDecoder::Finish() {
  if (node_ == nullptr) return;
  for (std::size_t i = 0; i < taken_.size(); ++i) {
    if (taken_[i]) continue;
    const Node::Member& member = node_->members[i];
    report_.Add(UnknownField(report_.file(), field_.path, member, known_));
  }
}

// Quotes as the text has them: "5" and 5 are different findings.
std::string Found(const Node& node) {
  if (node.kind == Node::Kind::kSequence) return "a list";
  if (node.kind == Node::Kind::kMapping) return "an object";
  if (node.text.empty() && !node.quoted) return "nothing";
  const std::string quoted = QuoteForMessage(node.text);
  const auto typed = TypeScalar(node.text, node.quoted);
  const Value* value = std::get_if<Value>(&typed);
  const bool is_string = value != nullptr && value->is_string();
  return is_string ? quoted : quoted.substr(1, quoted.size() - 2);
}

Diagnostic ErrorAt(std::string file, Position position, std::string message, std::string hint) {
  Diagnostic diagnostic;
  diagnostic.file = std::move(file);
  diagnostic.position = position;
  diagnostic.message = std::move(message);
  diagnostic.hint = std::move(hint);
  return diagnostic;
}

Diagnostic UnknownField(std::string file, const FieldPath& parent, const Node::Member& member,
                        const std::vector<std::string_view>& known) {
  return ErrorAt(std::move(file), member.position,
                 "unknown field \"" + parent.Member(member.key).ToString() + "\"",
                 DidYouMean(member.key, known));
}

}  // namespace portolan::manifests
