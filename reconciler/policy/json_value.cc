#include "reconciler/policy/json_value.h"

#include <cassert>
#include <charconv>

#include "reconciler/policy/cel/time.h"
#include "reconciler/policy/cel/value_buffer.h"

namespace portolan::reconciler {
namespace {

using cel::Arena;
using cel::MapEntry;

// Reads canonical JSON, which the loader has checked and written itself: what it does not expect is
// damage, and one error for the whole.
class Reader {
 public:
  Reader(std::string_view text, Arena& arena) : rest_(text), arena_(arena) {}

  cel::Value Read() {
    const cel::Value value = ReadValue(0);
    return bad_ || !rest_.empty() ? cel::MakeError(arena_, "the stored value is no JSON") : value;
  }

 private:
  cel::Value Bad() {
    bad_ = true;
    return cel::Value::Null();
  }

  bool Take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  cel::Value ReadWord(std::string_view word, const cel::Value& value) {
    if (!rest_.starts_with(word)) return Bad();
    rest_.remove_prefix(word.size());
    return value;
  }

  cel::Value ReadValue(int depth) {
    if (rest_.empty() || depth > manifests::kJsonDepthMax) return Bad();
    switch (rest_.front()) {
      case '{':
        return ReadObject(depth);
      case '[':
        return ReadArray(depth);
      case '"':
        return ReadString();
      case 't':
        return ReadWord("true", cel::Value::Bool(true));
      case 'f':
        return ReadWord("false", cel::Value::Bool(false));
      case 'n':
        return ReadWord("null", cel::Value::Null());
      default:
        return ReadNumber();
    }
  }

  cel::Value ReadNumber() {
    const std::size_t end = rest_.find_first_not_of("+-.0123456789eE");
    const std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(text.size());
    const char* const last = text.data() + text.size();
    if (text.find_first_of(".eE") == std::string_view::npos) {
      std::int64_t integer = 0;
      const auto [stop, error] = std::from_chars(text.data(), last, integer);
      return error == std::errc() && stop == last ? cel::Value::Int(integer) : Bad();
    }
    double number = 0;
    const auto [stop, error] = std::from_chars(text.data(), last, number);
    return error == std::errc() && stop == last ? cel::Value::Double(number) : Bad();
  }

  cel::Value ReadString() {
    const std::size_t end = rest_.find_first_of("\"\\", 1);
    if (end == std::string_view::npos) return Bad();
    if (rest_[end] == '"') {
      const std::string_view text = rest_.substr(1, end - 1);
      rest_.remove_prefix(end + 1);
      return cel::Value::String(text);
    }
    std::size_t close = end;
    while (close < rest_.size() && rest_[close] != '"') close += rest_[close] == '\\' ? 2 : 1;
    if (close >= rest_.size()) return Bad();
    const auto decoded = manifests::ParseJson(rest_.substr(0, close + 1));
    rest_.remove_prefix(close + 1);
    if (!decoded.ok() || !decoded->is_string()) return Bad();
    return cel::Value::String(arena_.Copy(decoded->as_string()));
  }

  cel::Value ReadArray(int depth) {
    Take('[');
    cel::Buffer<cel::Value> items(arena_);
    if (!Take(']')) {
      do items.Add(ReadValue(depth + 1));
      while (!bad_ && Take(','));
      if (bad_ || !Take(']')) return Bad();
    }
    return cel::Value::OfList(arena_.New<cel::ValueList>(items.data(), items.size()));
  }

  cel::Value ReadObject(int depth) {
    Take('{');
    cel::Buffer<MapEntry> members(arena_);
    if (!Take('}')) {
      do {
        const cel::Value key = ReadValue(depth + 1);
        if (bad_ || !key.is(cel::Kind::kString) || !Take(':')) return Bad();
        members.Add({key, ReadValue(depth + 1)});
      } while (!bad_ && Take(','));
      if (bad_ || !Take('}')) return Bad();
    }
    const cel::Map* const map = cel::SortedMap(members.data(), members.size(), arena_);
    return map == nullptr ? Bad() : cel::Value::OfMap(map);
  }

  std::string_view rest_;
  Arena& arena_;
  bool bad_ = false;
};

cel::Value TimeOrText(const std::string& text, Arena& arena) {
  const auto time = cel::ParseTimestamp(text);
  return time ? cel::Value::Timestamp(*time) : cel::Value::String(arena.Copy(text));
}

}  // namespace

cel::Value ValueFromJson(std::string_view json, Arena& arena) {
  return Reader(json, arena).Read();
}

cel::Value ValueFromTree(const manifests::Value& tree, Arena& arena, std::string_view time_key) {
  using Kind = manifests::Value::Kind;
  switch (tree.kind()) {
    case Kind::kNull:
      return cel::Value::Null();
    case Kind::kBool:
      return cel::Value::Bool(tree.as_bool());
    case Kind::kInt:
      return cel::Value::Int(tree.as_int());
    case Kind::kDouble:
      return cel::Value::Double(tree.as_double());
    case Kind::kString:
      return cel::Value::String(arena.Copy(tree.as_string()));
    case Kind::kArray: {
      const auto& items = tree.as_array();
      cel::Value* const values = arena.NewArray<cel::Value>(items.size());
      for (std::size_t i = 0; i < items.size(); ++i)
        values[i] = ValueFromTree(items[i], arena, time_key);
      return cel::Value::OfList(arena.New<cel::ValueList>(values, items.size()));
    }
    case Kind::kObject: {
      const auto& members = tree.as_object();
      MapEntry* const entries = arena.NewArray<MapEntry>(members.size());
      for (std::size_t i = 0; i < members.size(); ++i) {
        const auto& [name, value] = members[i];
        const bool time = !time_key.empty() && name == time_key && value.is_string();
        entries[i] = {
            cel::Value::String(arena.Copy(name)),
            time ? TimeOrText(value.as_string(), arena) : ValueFromTree(value, arena, time_key)};
      }
      const cel::Map* const map = cel::SortedMap(entries, members.size(), arena);
      return map == nullptr ? cel::MakeError(arena, "an object with a key twice")
                            : cel::Value::OfMap(map);
    }
  }
  return cel::Value::Null();
}

ObjectBuilder& ObjectBuilder::Add(std::string_view name, const cel::Value& value) {
  assert(size_ < kMembersMax);
  entries_[size_++] = {cel::Value::String(name), value};
  return *this;
}

ObjectBuilder& ObjectBuilder::Add(std::string_view name, std::string_view text) {
  return Add(name, cel::Value::String(arena_.Copy(text)));
}

cel::Value ObjectBuilder::Finish() {
  return cel::Value::OfMap(cel::SortedMap(entries_, size_, arena_));
}

}  // namespace portolan::reconciler
