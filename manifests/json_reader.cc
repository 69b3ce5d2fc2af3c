#include "manifests/json_reader.h"

#include <utility>
#include <vector>

#include "manifests/json_events.h"
#include "manifests/node_builder.h"
#include "manifests/unique_keys.h"
#include "manifests/value.h"

// One grammar, two results: a tree of nodes with positions for manifests, and a Value for records
// and bodies. Both are built from events with a stack of open containers, so that depth costs
// memory and never the program's own stack.

namespace portolan::manifests {
namespace {

class NodeEvents : public JsonEvents {
 public:
  explicit NodeEvents(NodeBuilder& builder) : builder_(builder) {}

  bool OnScalar(JsonScalar scalar, Position position) override {
    const bool quoted = scalar.value.is_string();
    std::string text = quoted ? scalar.value.as_string() : std::move(scalar.text);
    return builder_.Scalar(std::move(text), quoted, position);
  }
  bool OnKey(std::string key, Position position) override {
    return builder_.Key(std::move(key), position);
  }
  bool OnStart(Value::Kind kind, Position position) override {
    return builder_.Open(
        kind == Value::Kind::kObject ? Node::Kind::kMapping : Node::Kind::kSequence, position);
  }
  bool OnEnd() override { return builder_.Close(); }

 private:
  NodeBuilder& builder_;
};

class ValueEvents : public JsonEvents {
 public:
  Value TakeRoot() { return std::move(root_); }
  std::optional<Diagnostic> TakeProblem() { return std::move(problem_); }

  bool OnScalar(JsonScalar scalar, Position) override {
    *AddValue() = std::move(scalar.value);
    return true;
  }
  bool OnKey(std::string key, Position position) override {
    open_.back().value->as_object().emplace_back(std::move(key), Value());
    open_.back().keys.push_back(position);
    return true;
  }
  bool OnStart(Value::Kind kind, Position) override {
    Value* value = AddValue();
    *value = kind == Value::Kind::kObject ? Value(Value::Object()) : Value(Value::Array());
    open_.push_back({value, {}});
    return true;
  }
  // Keys are compared when an object is complete: sorting once beats a set per object.
  bool OnEnd() override {
    const Frame& frame = open_.back();
    if (frame.value->is_object() && !KeysAreUnique(frame)) return false;
    open_.pop_back();
    return true;
  }

 private:
  struct Frame {
    Value* value;                // stable while open: its parent does not grow meanwhile
    std::vector<Position> keys;  // of an object
  };

  Value* AddValue() {
    if (open_.empty()) return &root_;
    Value& parent = *open_.back().value;
    return parent.is_object() ? &parent.as_object().back().second
                              : &parent.as_array().emplace_back();
  }

  bool KeysAreUnique(const Frame& frame) {
    const Value::Object& object = frame.value->as_object();
    std::vector<std::string_view> keys;
    keys.reserve(object.size());
    for (const Value::Member& member : object) keys.push_back(member.first);
    const std::vector<RepeatedKey> repeated = FindRepeatedKeys(keys);
    if (repeated.empty()) return true;
    problem_.emplace();
    problem_->position = frame.keys[repeated.front().index];
    problem_->message = "duplicate key " + QuoteForMessage(keys[repeated.front().index]);
    return false;
  }

  Value root_;
  std::vector<Frame> open_;
  std::optional<Diagnostic> problem_;
};

Error ParseError(const Diagnostic& problem) {
  return {ErrorCode::kInvalid, FormatDiagnostic(problem)};
}

}  // namespace

Result<Value> ParseJson(std::string_view text, const JsonLimits& limits) {
  TextSource source(text);
  if (const auto problem = source.Check(limits.bytes)) return ParseError(*problem);
  ValueEvents events;
  if (const auto problem = ScanJson(source, limits.depth, events)) return ParseError(*problem);
  if (const auto problem = events.TakeProblem()) return ParseError(*problem);
  return events.TakeRoot();
}

ReadResult ReadJsonNode(std::string_view bytes, const std::string& file, const ReadLimits& limits) {
  ReadResult result;
  TextSource source(bytes);
  NodeBuilder builder(file, limits);
  NodeEvents events(builder);
  result.failure = source.Check(limits.bytes);
  if (!result.failure) result.failure = ScanJson(source, limits.depth, events);
  if (!result.failure) result.failure = builder.failure();
  if (result.failure)
    result.failure->file = file;
  else
    result.documents.push_back(builder.TakeDocument());
  return result;
}

}  // namespace portolan::manifests
