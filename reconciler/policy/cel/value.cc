#include "reconciler/policy/cel/value.h"

#include <algorithm>

#include "reconciler/policy/cel/compare.h"

// A map literal is a sorted array: entries are few, and a visit in the order of keys is promised.
// Maps of the data (a plan's keys) implement the same interface over what they already have.

namespace portolan::reconciler::cel {
namespace {

// One order for keys of all kinds, that docs/cel.md promises for visits and that makes lookups a
// binary search; 1, 1u and 1.0 are one key.
int KeyRank(const Value& key) {
  switch (key.kind()) {
    case Kind::kBool:
      return 0;
    case Kind::kInt:
    case Kind::kUint:
    case Kind::kDouble:
      return 1;
    default:
      return 2;
  }
}

// Fields are looked up by their names, by far the most of all lookups, and records are short: to
// compare lengths in a row is then faster than to halve. Texts are last in the order of keys.
constexpr std::size_t kRowMax = 8;

const MapEntry* FindText(const MapEntry* entries, std::size_t size, std::string_view wanted) {
  const MapEntry* const end = entries + size;
  const auto is = [&](const MapEntry& entry) {
    return entry.key.is(Kind::kString) && entry.key.AsText() == wanted;
  };
  if (size <= kRowMax) return std::find_if(entries, end, is);
  const MapEntry* const found =
      std::lower_bound(entries, end, wanted, [](const MapEntry& entry, std::string_view text) {
        return !entry.key.is(Kind::kString) || entry.key.AsText() < text;
      });
  return found != end && is(*found) ? found : end;
}

}  // namespace

std::string_view TypeName(Kind kind) {
  static constexpr std::string_view kNames[kKindCount] = {
      "error",
      "null_type",
      "bool",
      "int",
      "uint",
      "double",
      "string",
      "bytes",
      "google.protobuf.Timestamp",
      "google.protobuf.Duration",
      "list",
      "map",
      "type",
      "optional_type",
      "net.IP",
      "net.CIDR",
  };
  return kNames[static_cast<int>(kind)];
}

bool KeyLess(const Value& left, const Value& right) {
  const int left_rank = KeyRank(left), right_rank = KeyRank(right);
  if (left_rank != right_rank) return left_rank < right_rank;
  return Compare(left, right) == Order::kLess;
}

std::optional<Value> ValueMap::Find(const Value& key, Arena&) const {
  const MapEntry* const end = entries_ + size_;
  if (key.is(Kind::kString)) {
    const MapEntry* const text = FindText(entries_, size_, key.AsText());
    return text == end ? std::nullopt : std::optional(text->value);
  }
  const MapEntry* const found = std::lower_bound(
      entries_, end, key,
      [](const MapEntry& entry, const Value& wanted) { return KeyLess(entry.key, wanted); });
  if (found == end || Compare(found->key, key) != Order::kEqual) return std::nullopt;
  return found->value;
}

void ValueMap::ForEach(bool, EntryVisitor& visitor, Arena&) const {
  for (std::size_t i = 0; i < size_; ++i)
    if (!visitor.Visit(entries_[i].key, entries_[i].value)) return;
}

const Map* SortedMap(MapEntry* entries, std::size_t size, Arena& arena) {
  std::sort(entries, entries + size, [](const MapEntry& left, const MapEntry& right) {
    return KeyLess(left.key, right.key);
  });
  for (std::size_t i = 1; i < size; ++i)
    if (!KeyLess(entries[i - 1].key, entries[i].key)) return nullptr;
  return arena.New<ValueMap>(entries, size);
}

Value MakeError(Arena& arena, std::string_view message) {
  return Value::Error(arena.New<Failure>(arena.Copy(message)));
}

}  // namespace portolan::reconciler::cel
