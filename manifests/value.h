#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "mapcore/base/result.h"

namespace portolan::manifests {

// A JSON value: the type of map values, HTTP bodies and stored records. Integers stay exact within
// int64.
//
// A value owns what is in it, so a copy is deep and shares nothing, and no value can be within
// itself: there are no cycles to look for. Copying, comparing and destroying take no stack however
// deep a value is, and destroying no memory either. What the parsers make is kJsonDepthMax deep at
// most, so recursion over it is safe; check what was built by hand with CloneWithin().
class Value {
 public:
  using Array = std::vector<Value>;
  using Member = std::pair<std::string, Value>;
  using Object = std::vector<Member>;  // in insertion order, keys unique (Set keeps them so)

  enum class Kind { kNull, kBool, kInt, kDouble, kString, kArray, kObject };

  // Defined in value.cc: every user would compile the variant's copies, moves and destruction
  // again.
  Value() noexcept;  // null
  Value(const Value& other);
  Value(Value&& other) noexcept;
  Value& operator=(const Value& other);
  Value& operator=(Value&& other) noexcept;
  ~Value();
  Value(bool b);              // NOLINT: implicit by design
  Value(int i);               // NOLINT
  Value(unsigned i);          // NOLINT
  Value(long i);              // NOLINT
  Value(long long i);         // NOLINT
  Value(unsigned long i);     // NOLINT
  Value(double d);            // NOLINT
  Value(std::string s);       // NOLINT
  Value(std::string_view s);  // NOLINT
  Value(const char* s);       // NOLINT
  Value(Array a);             // NOLINT
  Value(Object o);            // NOLINT

  Kind kind() const { return static_cast<Kind>(data_.index()); }
  bool is_null() const { return kind() == Kind::kNull; }
  bool is_bool() const { return kind() == Kind::kBool; }
  bool is_int() const { return kind() == Kind::kInt; }
  bool is_double() const { return kind() == Kind::kDouble; }
  bool is_number() const { return is_int() || is_double(); }
  bool is_string() const { return kind() == Kind::kString; }
  bool is_array() const { return kind() == Kind::kArray; }
  bool is_object() const { return kind() == Kind::kObject; }

  // The content; the kind must match (programmer error otherwise).
  bool as_bool() const { return std::get<bool>(data_); }
  std::int64_t as_int() const { return std::get<std::int64_t>(data_); }
  double as_double() const {
    return is_int() ? static_cast<double>(as_int()) : std::get<double>(data_);
  }
  const std::string& as_string() const { return std::get<std::string>(data_); }
  const Array& as_array() const { return std::get<Array>(data_); }
  Array& as_array() { return std::get<Array>(data_); }
  const Object& as_object() const { return std::get<Object>(data_); }
  Object& as_object() { return std::get<Object>(data_); }

  // The member, or null when this is no object or has no such member. O(members).
  const Value* Find(std::string_view key) const;
  // The member when it has the wanted kind, else the fallback.
  std::string_view StringOr(std::string_view key, std::string_view fallback) const;
  std::int64_t IntOr(std::string_view key, std::int64_t fallback) const;
  bool BoolOr(std::string_view key, bool fallback) const;
  // The texts of a member that is an array; what else it holds is left out.
  std::vector<std::string> StringsAt(std::string_view key) const;
  // Sets a member of an object (a null value becomes an object first), replacing one of the same
  // key.
  void Set(std::string_view key, Value value);

  // Same kind and content; object members compare without order; 1 and 1.0 differ (canonical bytes
  // do not).
  friend bool operator==(const Value& a, const Value& b);

 private:
  Value* last_child();
  void DropLastChild();
  void CopyInto(Value& empty) const;
  void Dismantle() noexcept;

  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> data_;
};

std::string_view KindName(
    Value::Kind kind);  // "null", "boolean", "integer", "number", "string", "array", "object"

constexpr int kJsonDepthMax = 64;

// A deep copy of a value that is at most `depth_max` levels deep (a scalar has none, [] one).
// Errors: kInvalid naming the first place, as a JSON pointer, where another level begins.
Result<Value> CloneWithin(const Value& value, int depth_max = kJsonDepthMax);

struct JsonLimits {
  int depth = kJsonDepthMax;
  std::size_t bytes = 1 << 20;
};

// Strict JSON (RFC 8259): duplicate keys, invalid UTF-8, integers outside int64, non-finite
// numbers, text after the value, and anything past the limits are kInvalid with line and column. A
// UTF-8 BOM is accepted.
Result<Value> ParseJson(std::string_view text, const JsonLimits& limits = {});

// RFC 8785 canonical form, except that integers within int64 stay exact decimals; integral doubles
// within +-2^53 are written as integers, doubles beyond with an exponent ("1e+20", so that they
// read back as the same double), -0 as 0, object keys sorted by bytes. Equal values have equal
// bytes, and ParseJson reads every result. A double that is not finite is written as null; the
// parsers make none.
std::string CanonicalJson(const Value& value);
// For people and APIs: members in insertion order. indent 0 writes one line.
std::string WriteJson(const Value& value, int indent = 0);

}  // namespace portolan::manifests
