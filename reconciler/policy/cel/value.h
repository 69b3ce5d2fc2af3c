#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "reconciler/policy/cel/arena.h"

namespace portolan::reconciler::cel {

enum class Kind : std::uint8_t {
  kError,  // an evaluation that failed
  kNull,
  kBool,
  kInt,
  kUint,
  kDouble,
  kString,  // valid UTF-8
  kBytes,
  kTimestamp,
  kDuration,
  kList,
  kMap,
  kType,
  kOptional,
  kIp,
  kCidr,
};
constexpr int kKindCount = 16;

// The kind's name as type() prints it: "int", "google.protobuf.Timestamp", "null_type".
std::string_view TypeName(Kind kind);

// Why an evaluation failed, and where: `offset` in bytes of the source.
struct Failure {
  static constexpr std::uint32_t kNowhere = std::numeric_limits<std::uint32_t>::max();
  std::string_view message;
  std::uint32_t offset = kNowhere;
};

// Nanoseconds on top of whole seconds, 0 to 999,999,999, also when the seconds are negative. A
// timestamp counts from 1970-01-01T00:00:00Z; a duration from nothing.
struct SecondsNanos {
  std::int64_t seconds = 0;
  std::uint32_t nanos = 0;
  friend auto operator<=>(const SecondsNanos&, const SecondsNanos&) = default;
};

// An address of either family, as 16 bytes; an IPv4 address is the IPv6 address ::ffff:a.b.c.d.
// `prefix` counts bits of the family; addresses have the whole.
struct Network {
  std::uint8_t bytes[16];
  std::uint8_t prefix;
  bool v4;
};

class List;
class Map;

// A value of the expression language: 16 bytes, copied freely. Strings, bytes, lists, maps are
// borrowed: from an Arena, from a Program (literals), or from the host that bound them.
class Value {
 public:
  Value() : Value(Kind::kNull) {}

  static Value Null() { return Value(Kind::kNull); }
  static Value Bool(bool value);
  static Value Int(std::int64_t value);
  static Value Uint(std::uint64_t value);
  static Value Double(double value);
  // `text` must be valid UTF-8 and shorter than 4 GiB.
  static Value String(std::string_view text) { return Text(Kind::kString, text); }
  static Value Bytes(std::string_view bytes) { return Text(Kind::kBytes, bytes); }
  static Value Timestamp(SecondsNanos time) { return Time(Kind::kTimestamp, time); }
  static Value Duration(SecondsNanos time) { return Time(Kind::kDuration, time); }
  static Value OfList(const List* list);
  static Value OfMap(const Map* map);
  static Value Type(Kind kind);
  // An optional with a value, or without one when `value` is nullptr.
  static Value Optional(const Value* value);
  static Value Ip(const Network* network);
  static Value Cidr(const Network* network);
  static Value Error(const Failure* failure);
  // A place for a value that is not known yet; no evaluation yields it.
  static Value Unset() { return Error(nullptr); }

  Kind kind() const { return kind_; }
  bool is(Kind kind) const { return kind_ == kind; }
  bool failed() const { return kind_ == Kind::kError; }
  bool unset() const { return failed() && failure_ == nullptr; }

  // Each may be called for its own kind only.
  bool AsBool() const { return integer_ != 0; }
  std::int64_t AsInt() const { return integer_; }
  std::uint64_t AsUint() const { return static_cast<std::uint64_t>(integer_); }
  double AsDouble() const { return double_; }
  std::string_view AsText() const { return {text_, extra_}; }  // of a string or of bytes
  SecondsNanos AsTime() const { return {integer_, extra_}; }
  const List& AsList() const { return *list_; }
  const Map& AsMap() const { return *map_; }
  Kind AsType() const { return static_cast<Kind>(integer_); }
  const Value* AsOptional() const { return optional_; }
  const Network& AsNetwork() const { return *network_; }
  const Failure& AsFailure() const { return *failure_; }

 private:
  explicit Value(Kind kind) : kind_(kind) {}
  static Value Text(Kind kind, std::string_view text);
  static Value Time(Kind kind, SecondsNanos time);

  Kind kind_;
  std::uint32_t extra_ = 0;  // length of a text, nanoseconds of a time
  union {
    std::int64_t integer_ = 0;
    double double_;
    const char* text_;
    const List* list_;
    const Map* map_;
    const Value* optional_;
    const Network* network_;
    const Failure* failure_;
  };
};
static_assert(sizeof(Value) == 16);

// A list that may be lazy: an element is asked for when an expression reaches it. Implementations
// must answer the same for as long as an evaluation runs. An element may be an error value.
class List {
 public:
  virtual std::size_t size() const = 0;
  // The element at an index below size(). What it needs to build goes to the arena.
  virtual Value At(std::size_t index, Arena& arena) const = 0;

 protected:
  ~List() = default;
};

// Receives the entries of a Map.
class EntryVisitor {
 public:
  // False ends the visit.
  virtual bool Visit(const Value& key, const Value& value) = 0;

 protected:
  ~EntryVisitor() = default;
};

// A map that may be lazy. Keys are bool, int, uint or string, and no two are equal (1 equals 1u).
// Implementations must answer the same for as long as an evaluation runs.
class Map {
 public:
  virtual std::size_t size() const = 0;
  // The value of a key, by CEL's equality: 3.0 finds 3. Nothing when it is absent, and for a key of
  // another kind.
  virtual std::optional<Value> Find(const Value& key, Arena& arena) const = 0;
  // All entries in the order of KeyLess() until the visitor has enough. Without `values` each value
  // is null and need not be computed.
  virtual void ForEach(bool values, EntryVisitor& visitor, Arena& arena) const = 0;

 protected:
  ~Map() = default;
};

// The order in which maps are visited: false, true, numbers by value, strings by their bytes.
bool KeyLess(const Value& left, const Value& right);

// A list over values in memory; it owns none of them.
class ValueList final : public List {
 public:
  ValueList(const Value* values, std::size_t size) : values_(values), size_(size) {}
  std::size_t size() const override { return size_; }
  Value At(std::size_t index, Arena&) const override { return values_[index]; }

 private:
  const Value* values_;
  std::size_t size_;
};

struct MapEntry {
  Value key;
  Value value;
};

// A map over entries in memory, which must be sorted by KeyLess(); it owns none of them. Find is
// O(log n).
class ValueMap final : public Map {
 public:
  ValueMap(const MapEntry* entries, std::size_t size) : entries_(entries), size_(size) {}
  std::size_t size() const override { return size_; }
  std::optional<Value> Find(const Value& key, Arena& arena) const override;
  void ForEach(bool values, EntryVisitor& visitor, Arena& arena) const override;

 private:
  const MapEntry* entries_;
  std::size_t size_;
};

// Sorts entries in place and makes a map of them. Nothing when two keys are equal. `entries` must
// outlive the map, which is made in the arena.
const Map* SortedMap(MapEntry* entries, std::size_t size, Arena& arena);

// A failure with a message that is copied to the arena.
Value MakeError(Arena& arena, std::string_view message);

inline Value Value::Bool(bool value) {
  Value result(Kind::kBool);
  result.integer_ = value ? 1 : 0;
  return result;
}
inline Value Value::Int(std::int64_t value) {
  Value result(Kind::kInt);
  result.integer_ = value;
  return result;
}
inline Value Value::Uint(std::uint64_t value) {
  Value result(Kind::kUint);
  result.integer_ = static_cast<std::int64_t>(value);
  return result;
}
inline Value Value::Double(double value) {
  Value result(Kind::kDouble);
  result.double_ = value;
  return result;
}
inline Value Value::Text(Kind kind, std::string_view text) {
  Value result(kind);
  result.extra_ = static_cast<std::uint32_t>(text.size());
  result.text_ = text.data();
  return result;
}
inline Value Value::Time(Kind kind, SecondsNanos time) {
  Value result(kind);
  result.extra_ = time.nanos;
  result.integer_ = time.seconds;
  return result;
}
inline Value Value::OfList(const List* list) {
  Value result(Kind::kList);
  result.list_ = list;
  return result;
}
inline Value Value::OfMap(const Map* map) {
  Value result(Kind::kMap);
  result.map_ = map;
  return result;
}
inline Value Value::Type(Kind kind) {
  Value result(Kind::kType);
  result.integer_ = static_cast<std::int64_t>(kind);
  return result;
}
inline Value Value::Optional(const Value* value) {
  Value result(Kind::kOptional);
  result.optional_ = value;
  return result;
}
inline Value Value::Ip(const Network* network) {
  Value result(Kind::kIp);
  result.network_ = network;
  return result;
}
inline Value Value::Cidr(const Network* network) {
  Value result(Kind::kCidr);
  result.network_ = network;
  return result;
}
inline Value Value::Error(const Failure* failure) {
  Value result(Kind::kError);
  result.failure_ = failure;
  return result;
}

}  // namespace portolan::reconciler::cel
