#include "reconciler/policy/cel/type.h"

#include <algorithm>
#include <cassert>
#include <utility>

// Types of the checker: the kinds of values, what lists, maps and optionals hold, and objects with
// named fields (the variables of policies). dyn is the type of what is not known.

namespace portolan::reconciler::cel {
namespace {

const Field* FindField(const std::vector<Field>& fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const Field& field) { return field.name == name; });
  return found == fields.end() ? nullptr : &*found;
}

// Objects by identity: two with equal fields are two types.
bool Same(const Type& left, const Type& right) {
  if (left.shape() != right.shape()) return false;
  switch (left.shape()) {
    case Type::Shape::kDyn:
      return true;
    case Type::Shape::kScalar:
      return left.kind() == right.kind();
    case Type::Shape::kObject:
      return left.object() == right.object();
    case Type::Shape::kMap:
      return Same(left.key(), right.key()) && Same(left.element(), right.element());
    default:
      return Same(left.element(), right.element());
  }
}

}  // namespace

Type Type::Scalar(Kind kind) {
  Type type;
  type.shape_ = Shape::kScalar;
  type.kind_ = kind;
  return type;
}

Type Type::List(Type element) {
  Type type = Scalar(Kind::kList);
  type.shape_ = Shape::kList;
  type.parts_ = std::make_shared<const std::vector<Type>>(std::vector<Type>{std::move(element)});
  return type;
}

Type Type::Map(Type key, Type value) {
  Type type = Scalar(Kind::kMap);
  type.shape_ = Shape::kMap;
  type.parts_ = std::make_shared<const std::vector<Type>>(
      std::vector<Type>{std::move(value), std::move(key)});
  return type;
}

Type Type::Optional(Type value) {
  Type type = List(std::move(value));
  type.shape_ = Shape::kOptional;
  type.kind_ = Kind::kOptional;
  return type;
}

Type Type::Object(std::shared_ptr<const ObjectType> object) {
  Type type = Scalar(Kind::kMap);
  type.shape_ = Shape::kObject;
  type.object_ = std::move(object);
  return type;
}

Type Type::element() const {
  return parts_ == nullptr ? Type() : (*parts_)[0];
}

Type Type::key() const {
  if (shape_ == Shape::kObject) return String();
  return shape_ == Shape::kMap ? (*parts_)[1] : Type();
}

std::string Type::ToString() const {
  switch (shape_) {
    case Shape::kDyn:
      return "dyn";
    case Shape::kScalar:
      return std::string(TypeName(kind_));
    case Shape::kList:
      return "list(" + element().ToString() + ")";
    case Shape::kMap:
      return "map(" + key().ToString() + ", " + element().ToString() + ")";
    case Shape::kObject:
      return object_->name;
    case Shape::kOptional:
      return "optional_type(" + element().ToString() + ")";
  }
  return {};
}

const Field* ObjectType::Find(std::string_view field) const {
  return FindField(fields, field);
}

// No common supertypes: what differs is dyn.
Type Join(const Type& left, const Type& right) {
  return Same(left, right) ? left : Type::Dyn();
}

std::uint32_t Environment::Declare(std::string name, Type type) {
  assert(Find(name) == nullptr);
  variables_.push_back({std::move(name), std::move(type)});
  return static_cast<std::uint32_t>(variables_.size() - 1);
}

const Field* Environment::Find(std::string_view name) const {
  return FindField(variables_, name);
}

std::uint32_t Environment::IndexOf(const Field& variable) const {
  return static_cast<std::uint32_t>(&variable - variables_.data());
}

}  // namespace portolan::reconciler::cel
