#include "manifests/value.h"

#include <algorithm>
#include <cassert>

// Objects are lists in the order of their making: the order of output for people, and canonical
// bytes sort anyway. A tree per object would cost more memory than the members themselves.

namespace portolan::manifests {
namespace {

std::vector<const Value::Member*> SortedMembers(const Value::Object& object) {
  std::vector<const Value::Member*> members;
  members.reserve(object.size());
  for (const Value::Member& member : object) members.push_back(&member);
  std::sort(members.begin(), members.end(),
            [](const Value::Member* a, const Value::Member* b) { return a->first < b->first; });
  return members;
}

bool SameMembers(const Value::Object& a, const Value::Object& b) {
  if (a.size() != b.size()) return false;
  const auto left = SortedMembers(a);
  const auto right = SortedMembers(b);
  return std::equal(left.begin(), left.end(), right.begin(),
                    [](const Value::Member* x, const Value::Member* y) { return *x == *y; });
}

}  // namespace

const Value* Value::Find(std::string_view key) const {
  if (!is_object()) return nullptr;
  for (const Member& member : as_object())
    if (member.first == key) return &member.second;
  return nullptr;
}

std::string_view Value::StringOr(std::string_view key, std::string_view fallback) const {
  const Value* found = Find(key);
  return found != nullptr && found->is_string() ? std::string_view(found->as_string()) : fallback;
}

std::int64_t Value::IntOr(std::string_view key, std::int64_t fallback) const {
  const Value* found = Find(key);
  return found != nullptr && found->is_int() ? found->as_int() : fallback;
}

bool Value::BoolOr(std::string_view key, bool fallback) const {
  const Value* found = Find(key);
  return found != nullptr && found->is_bool() ? found->as_bool() : fallback;
}

// O(members): for objects that a program builds; readers of large ones append.
void Value::Set(std::string_view key, Value value) {
  if (is_null()) data_ = Object();
  assert(is_object());
  for (Member& member : as_object()) {
    if (member.first == key) {
      member.second = std::move(value);
      return;
    }
  }
  as_object().emplace_back(key, std::move(value));
}

// Sorted on the fly: O(n log n), and neither side is copied.
bool operator==(const Value& a, const Value& b) {
  if (a.is_object() && b.is_object()) return SameMembers(a.as_object(), b.as_object());
  return a.data_ == b.data_;
}

std::string_view KindName(Value::Kind kind) {
  switch (kind) {
    case Value::Kind::kNull:
      return "null";
    case Value::Kind::kBool:
      return "boolean";
    case Value::Kind::kInt:
      return "integer";
    case Value::Kind::kDouble:
      return "number";
    case Value::Kind::kString:
      return "string";
    case Value::Kind::kArray:
      return "array";
    case Value::Kind::kObject:
      return "object";
  }
  return "null";
}

}  // namespace portolan::manifests
