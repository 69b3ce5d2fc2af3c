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

using Pair = std::pair<const Value*, const Value*>;

// Whether the two containers can be equal; what is in them remains to be compared.
bool SameShape(const Value& a, const Value& b, std::vector<Pair>& to_compare) {
  if (a.is_array()) {
    if (a.as_array().size() != b.as_array().size()) return false;
    for (std::size_t i = 0; i < a.as_array().size(); ++i)
      to_compare.emplace_back(&a.as_array()[i], &b.as_array()[i]);
    return true;
  }
  if (a.as_object().size() != b.as_object().size()) return false;
  const auto left = SortedMembers(a.as_object());
  const auto right = SortedMembers(b.as_object());
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left[i]->first != right[i]->first) return false;
    to_compare.emplace_back(&left[i]->second, &right[i]->second);
  }
  return true;
}

bool IsContainer(const Value& value) {
  return value.is_array() || value.is_object();
}

std::size_t ChildrenOf(const Value& value) {
  return value.is_array() ? value.as_array().size() : value.as_object().size();
}

const Value& ChildAt(const Value& value, std::size_t i) {
  return value.is_array() ? value.as_array()[i] : value.as_object()[i].second;
}

// Where a clone is: a container, and which of its children comes next.
struct Place {
  const Value* container;
  std::size_t next;
};

// One step of a JSON pointer (RFC 6901).
std::string EscapePointerToken(std::string_view name) {
  std::string token;
  for (const char c : name) {
    if (c == '~')
      token += "~0";
    else if (c == '/')
      token += "~1";
    else
      token += c;
  }
  return token;
}

std::string PointerTo(const std::vector<Place>& places) {
  constexpr std::size_t kShownBytes = 200;
  std::string pointer;
  for (const Place& place : places) {
    if (pointer.size() > kShownBytes) return pointer + "/…";
    pointer += '/';
    if (place.container->is_array())
      pointer += std::to_string(place.next - 1);
    else
      pointer += EscapePointerToken(place.container->as_object()[place.next - 1].first);
  }
  return pointer;
}

}  // namespace

Value::Value() noexcept = default;
Value::Value(Value&& other) noexcept = default;
Value& Value::operator=(const Value& other) {
  return *this = Value(other);
}
Value& Value::operator=(Value&& other) noexcept = default;
Value::~Value() {
  if (is_array() || is_object()) Dismantle();
}

Value::Value(bool b) : data_(b) {}
Value::Value(int i) : data_(std::int64_t{i}) {}
Value::Value(unsigned i) : data_(std::int64_t{i}) {}
Value::Value(long i) : data_(static_cast<std::int64_t>(i)) {}
Value::Value(long long i) : data_(static_cast<std::int64_t>(i)) {}
Value::Value(unsigned long i) : data_(static_cast<std::int64_t>(i)) {}
Value::Value(double d) : data_(d) {}
Value::Value(std::string s) : data_(std::move(s)) {}
Value::Value(std::string_view s) : data_(std::string(s)) {}
Value::Value(const char* s) : data_(std::string(s)) {}
Value::Value(Array a) : data_(std::move(a)) {}
Value::Value(Object o) : data_(std::move(o)) {}

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

std::vector<std::string> Value::StringsAt(std::string_view key) const {
  std::vector<std::string> strings;
  if (const Value* list = Find(key); list != nullptr && list->is_array())
    for (const Value& item : list->as_array())
      if (item.is_string()) strings.push_back(item.as_string());
  return strings;
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
  if (!IsContainer(a) || !IsContainer(b)) return a.data_ == b.data_;
  std::vector<Pair> to_compare{{&a, &b}};
  while (!to_compare.empty()) {
    const auto [left, right] = to_compare.back();
    to_compare.pop_back();
    if (left->kind() != right->kind()) return false;
    if (IsContainer(*left) ? !SameShape(*left, *right, to_compare) : left->data_ != right->data_)
      return false;
  }
  return true;
}

Value::Value(const Value& other) {
  if (!IsContainer(other)) {
    data_ = other.data_;
    return;
  }
  struct Frame {
    const Value* from;
    Value* to;
  };
  // A container's children get their place at once and never move: the frames point at them.
  std::vector<Frame> frames{{&other, this}};
  while (!frames.empty()) {
    const Frame frame = frames.back();
    frames.pop_back();
    frame.from->CopyInto(*frame.to);
    for (std::size_t i = 0; i < ChildrenOf(*frame.from); ++i) {
      const Value& child = ChildAt(*frame.from, i);
      if (!IsContainer(child)) continue;
      Value& copy =
          frame.to->is_array() ? frame.to->as_array()[i] : frame.to->as_object()[i].second;
      frames.push_back({&child, &copy});
    }
  }
}

// Makes `empty`, which is null, a container like this one, its scalars copied and a null in place
// of each container.
void Value::CopyInto(Value& empty) const {
  const auto scalar = [](const Value& child) { return IsContainer(child) ? Value() : child; };
  if (is_array()) {
    Array& array = empty.data_.emplace<Array>();
    array.reserve(as_array().size());
    for (const Value& child : as_array()) array.push_back(scalar(child));
  } else {
    Object& object = empty.data_.emplace<Object>();
    object.reserve(as_object().size());
    for (const auto& [name, child] : as_object()) object.emplace_back(name, scalar(child));
  }
}

// Null when this is a scalar or empty.
Value* Value::last_child() {
  if (is_array()) return as_array().empty() ? nullptr : &as_array().back();
  if (is_object()) return as_object().empty() ? nullptr : &as_object().back().second;
  return nullptr;
}

void Value::DropLastChild() {
  if (is_array())
    as_array().pop_back();
  else
    as_object().pop_back();
}

// Takes a container apart before its members would destroy each other level by level: from the last
// child on, without recursion and without memory. The way back up is kept in the place that the
// child left (Deutsch, Schorr and Waite, CACM 1967): `above` is the container above `here`, and its
// last child the one above that. Null is above the first.
void Value::Dismantle() noexcept {
  // Most containers hold scalars only: those just go.
  bool deep = false;
  for (std::size_t i = 0; i < ChildrenOf(*this) && !deep; ++i)
    deep = IsContainer(ChildAt(*this, i)) && ChildrenOf(ChildAt(*this, i)) > 0;
  if (!deep) return;
  Value here = std::move(*this);
  Value above;
  for (;;) {
    Value* last = here.last_child();
    if (last == nullptr) {
      if (above.is_null()) return;
      here = std::move(above);
      above = std::move(*here.last_child());
      here.DropLastChild();
    } else if (last->last_child() == nullptr) {
      here.DropLastChild();
    } else {
      Value child = std::move(*last);
      *last = std::move(above);
      above = std::move(here);
      here = std::move(child);
    }
  }
}

Result<Value> CloneWithin(const Value& value, int depth_max) {
  std::vector<Place> places;
  const Value* at = &value;
  for (;;) {
    if (IsContainer(*at)) {
      if (places.size() >= static_cast<std::size_t>(std::max(depth_max, 0)))
        return Error{ErrorCode::kInvalid, "\"" + PointerTo(places) + "\": expected at most " +
                                              std::to_string(depth_max) +
                                              " levels, found one more; flatten the value"};
      places.push_back({at, 0});
    }
    while (!places.empty() && places.back().next == ChildrenOf(*places.back().container))
      places.pop_back();
    if (places.empty()) return Value(value);
    at = &ChildAt(*places.back().container, places.back().next++);
  }
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
