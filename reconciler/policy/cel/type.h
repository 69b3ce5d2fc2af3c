#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/policy/cel/value.h"

namespace portolan::reconciler::cel {

struct ObjectType;

// What the checker knows of a value before evaluation. `dyn` knows nothing and passes every check,
// so that typing is gradual: only what can never work is refused. Cheap to copy.
class Type {
 public:
  enum class Shape : std::uint8_t { kDyn, kScalar, kList, kMap, kObject, kOptional };

  Type() = default;  // dyn

  static Type Dyn() { return {}; }
  static Type Null() { return Scalar(Kind::kNull); }
  static Type Bool() { return Scalar(Kind::kBool); }
  static Type Int() { return Scalar(Kind::kInt); }
  static Type Uint() { return Scalar(Kind::kUint); }
  static Type Double() { return Scalar(Kind::kDouble); }
  static Type String() { return Scalar(Kind::kString); }
  static Type Bytes() { return Scalar(Kind::kBytes); }
  static Type Timestamp() { return Scalar(Kind::kTimestamp); }
  static Type Duration() { return Scalar(Kind::kDuration); }
  static Type List(Type element);
  static Type Map(Type key, Type value);
  static Type Optional(Type value);
  // A map whose keys are the fields, known by name. A field may be absent at evaluation: has()
  // asks.
  static Type Object(std::shared_ptr<const ObjectType> object);
  // Of any other kind: kType, kIp, kCidr.
  static Type Scalar(Kind kind);

  Shape shape() const { return shape_; }
  bool dyn() const { return shape_ == Shape::kDyn; }
  // What values of the type are; not for dyn.
  Kind kind() const { return kind_; }
  // Whether a value of the type can be of that kind.
  bool MayBe(Kind kind) const { return dyn() || kind_ == kind; }
  // Of a list: its elements; of a map: its values; of an optional: what it holds. Otherwise dyn.
  Type element() const;
  Type key() const;                                           // of a map; string of an object
  const ObjectType* object() const { return object_.get(); }  // of an object

  // "list(string)", "map(string, dyn)", "plan", "dyn".
  std::string ToString() const;

 private:
  Shape shape_ = Shape::kDyn;
  Kind kind_ = Kind::kError;
  std::shared_ptr<const std::vector<Type>> parts_;
  std::shared_ptr<const ObjectType> object_;
};

struct Field {
  std::string name;
  Type type;
};

struct ObjectType {
  std::string name;  // as messages call it, for example "plan"
  std::vector<Field> fields;

  const Field* Find(std::string_view field) const;
};

// The type that fits both: the same, or dyn.
Type Join(const Type& left, const Type& right);

// The variables that an expression may name, each with its type. A variable is known to Bindings by
// its index, in the order of declaration. A name may be qualified ("a.b"): the longest one wins.
class Environment {
 public:
  // Returns the index. The name must be new.
  std::uint32_t Declare(std::string name, Type type);

  const Field* Find(std::string_view name) const;
  std::uint32_t IndexOf(const Field& variable) const;
  const std::vector<Field>& variables() const { return variables_; }

 private:
  std::vector<Field> variables_;
};

}  // namespace portolan::reconciler::cel
