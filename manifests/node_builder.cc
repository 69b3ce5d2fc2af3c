#include "manifests/node_builder.h"

#include <string_view>
#include <utility>

#include "manifests/unique_keys.h"

// The builder distinguishes damage, after which the document goes on and only its content is
// unusable (a duplicate key, a scalar that is too long), from failure, after which nothing more is
// known (limits on nodes and depth, errors of the syntax). Damage keeps kind and name readable:
// whose document it is decides which map is rejected.

namespace portolan::manifests {
namespace {

constexpr std::size_t kMembersAtFirst = 4;  // what growing by doubling comes to, without its moves

std::string ToText(Position position) {
  return std::to_string(position.line) + ":" + std::to_string(position.column);
}

void EraseMembers(const std::vector<RepeatedKey>& erased, std::vector<Node::Member>& members) {
  std::vector<Node::Member> kept;
  auto next = erased.begin();
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (next != erased.end() && next->index == i)
      ++next;
    else
      kept.push_back(std::move(members[i]));
  }
  members = std::move(kept);
}

}  // namespace

NodeBuilder::NodeBuilder(std::string file, const ReadLimits& limits)
    : file_(std::move(file)), limits_(limits) {}

bool NodeBuilder::Key(std::string key, Position position) {
  if (!Count(position) || !LimitScalar(key, position)) return false;
  Frame& frame = open_.back();
  std::vector<Node::Member>& members = frame.node->members;
  if (members.empty()) members.reserve(kMembersAtFirst);
  members.push_back({std::move(key), position, Node{}});
  frame.has_key = true;
  return true;
}

bool NodeBuilder::Scalar(std::string text, bool quoted, Position position) {
  if (!Count(position) || !LimitScalar(text, position)) return false;
  Node* node = AddNode(position);
  node->text = std::move(text);
  node->quoted = quoted;
  if (!open_.empty()) open_.back().has_key = false;
  return true;
}

bool NodeBuilder::Open(Node::Kind kind, Position position) {
  if (!Count(position)) return false;
  if (open_.size() == static_cast<std::size_t>(limits_.depth)) return FailTooDeep(position);
  Node* node = AddNode(position);
  node->kind = kind;
  open_.push_back({node});
  return true;
}

// Duplicates when the mapping is complete, for one pass over its keys; the first one stays.
bool NodeBuilder::Close() {
  Node& node = *open_.back().node;
  if (node.kind == Node::Kind::kMapping && !RefuseRepeatedKeys(node)) return false;
  open_.pop_back();
  if (!open_.empty()) open_.back().has_key = false;
  return true;
}

bool NodeBuilder::ExpectsKey() const {
  return !open_.empty() && open_.back().node->kind == Node::Kind::kMapping && !open_.back().has_key;
}

bool NodeBuilder::ExpectsValue() const {
  return !open_.empty() && open_.back().has_key;
}

bool NodeBuilder::Damage(Position position, std::string message, std::string hint) {
  if (++errors_ > limits_.errors)
    return Fail(position, "too many errors: the rest of the text was not read");
  document_.diagnostics.push_back({Diagnostic::Severity::kError, file_, position, CurrentField(),
                                   std::move(message), std::move(hint)});
  return true;
}

bool NodeBuilder::Fail(Position position, std::string message, std::string hint) {
  failure_ = {Diagnostic::Severity::kError, file_,          position, "",
              std::move(message),           std::move(hint)};
  return false;
}

bool NodeBuilder::FailTooDeep(Position position) {
  return Fail(position,
              "nested too deep: at most " + std::to_string(limits_.depth) + " levels are read");
}

Document NodeBuilder::TakeDocument() {
  open_.clear();
  return std::exchange(document_, Document{});
}

bool NodeBuilder::Count(Position position) {
  if (++nodes_ <= limits_.nodes) return true;
  return Fail(position, "too many nodes: at most " + std::to_string(limits_.nodes) +
                            " keys and values are read");
}

// Cleared, so that a damaged document cannot hold what it must not.
bool NodeBuilder::LimitScalar(std::string& text, Position position) {
  if (text.size() <= limits_.scalar_bytes) return true;
  const std::string size = std::to_string(text.size());
  text.clear();
  return Damage(position, "expected at most " + std::to_string(limits_.scalar_bytes) +
                              " bytes in one key or value, found " + size);
}

// Growing `items` moves earlier siblings only: an open node is always the last of its parent.
Node* NodeBuilder::AddNode(Position position) {
  Node* node = &document_.root;
  if (!open_.empty()) {
    Node& parent = *open_.back().node;
    node = parent.kind == Node::Kind::kMapping ? &parent.members.back().value
                                               : &parent.items.emplace_back();
  }
  node->position = position;
  return node;
}

bool NodeBuilder::RefuseRepeatedKeys(Node& mapping) {
  std::vector<std::string_view> keys;
  keys.reserve(mapping.members.size());
  for (const Node::Member& member : mapping.members) keys.push_back(member.key);
  const std::vector<RepeatedKey> repeated = FindRepeatedKeys(keys);
  for (const RepeatedKey& repeat : repeated) {
    const Node::Member& member = mapping.members[repeat.index];
    const Position first = mapping.members[repeat.first].position;
    if (!Damage(member.position,
                "duplicate key " + QuoteForMessage(member.key) + ", first at " + ToText(first),
                "keep one of them"))
      return false;
  }
  if (!repeated.empty()) EraseMembers(repeated, mapping.members);
  return true;
}

std::string NodeBuilder::CurrentField() const {
  std::string field;
  for (const Frame& frame : open_) {
    if (frame.node->kind == Node::Kind::kSequence)
      field = JoinField(field, frame.node->items.empty() ? 0 : frame.node->items.size() - 1);
    else if (frame.has_key)
      field = JoinField(field, frame.node->members.back().key);
  }
  return field;
}

}  // namespace portolan::manifests
