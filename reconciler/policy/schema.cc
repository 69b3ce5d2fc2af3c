#include "reconciler/policy/schema.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace portolan::reconciler {
namespace {

using cel::Type;
using manifests::PolicyScope;
using manifests::Value;

Type Object(std::string name, std::vector<cel::Field> fields) {
  return Type::Object(
      std::make_shared<const cel::ObjectType>(cel::ObjectType{std::move(name), std::move(fields)}));
}

Type Strings() {
  return Type::List(Type::String());
}

Type StringMap() {
  return Type::Map(Type::String(), Type::String());
}

Type ChangeType() {
  return Object("change", {{"map", Type::String()},
                           {"key", Type::String()},
                           {"op", Type::String()},
                           {"old", Type::Dyn()},
                           {"new", Type::Dyn()}});
}

Type PlanType() {
  return Object("plan", {{"map", Type::String()},
                         {"digest", Type::String()},
                         {"adds", Type::Int()},
                         {"updates", Type::Int()},
                         {"deletes", Type::Int()},
                         {"changed", Type::Int()},
                         {"total", Type::Int()},
                         {"after", Type::Int()},
                         {"percent", Type::Double()},
                         {"first", Type::Bool()},
                         {"changes", Type::List(ChangeType())}});
}

Type ManifestType() {
  return Object("manifest", {{"name", Type::String()},
                             {"labels", StringMap()},
                             {"annotations", StringMap()},
                             {"owner", Type::String()},
                             {"license", Type::String()},
                             {"dependencies", Type::List(Type::Dyn())},
                             {"columns", Type::List(Type::Dyn())},
                             {"roles", Type::List(Type::Dyn())},
                             {"attributes", Type::Map(Type::String(), Type::Dyn())}});
}

Type CommitType() {
  return Object("commit", {{"id", Type::String()},
                           {"author", Type::String()},
                           {"signers", Strings()},
                           {"message", Type::String()},
                           {"time", Type::Timestamp()},
                           {"paths", Strings()},
                           {"descendsFromLive", Type::Bool()}});
}

Type ApprovalsType() {
  return Type::List(Object("approval", {{"by", Type::String()},
                                        {"plan", Type::String()},
                                        {"groups", Strings()},
                                        {"at", Type::Timestamp()}}));
}

Type RolloutType() {
  const Type step = Object(
      "step", {{"weight", Type::Dyn()}, {"regions", Strings()}, {"pause", Type::Duration()}});
  return Object("rollout", {{"strategy", Type::String()},
                            {"steps", Type::List(step)},
                            {"metrics", Strings()},
                            {"onFailure", Type::String()}});
}

Type ParamType(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kBool:
      return Type::Bool();
    case Value::Kind::kInt:
      return Type::Int();
    case Value::Kind::kDouble:
      return Type::Double();
    case Value::Kind::kString:
      return Type::String();
    case Value::Kind::kArray:
      return Type::List(Type::Dyn());
    case Value::Kind::kObject:
      return Type::Map(Type::String(), Type::Dyn());
    default:
      return Type::Dyn();
  }
}

Type ParamsType(const Value& params) {
  std::vector<cel::Field> fields;
  if (params.is_object())
    for (const auto& [name, value] : params.as_object()) fields.push_back({name, ParamType(value)});
  return Object("params", std::move(fields));
}

}  // namespace

bool InScope(Variable variable, PolicyScope scope) {
  switch (variable) {
    case Variable::kChange:
      return scope == PolicyScope::kChange;
    case Variable::kPlan:
    case Variable::kDesired:
    case Variable::kCommit:
    case Variable::kApprovals:
    case Variable::kRollout:
      return scope != PolicyScope::kLive;
    default:
      return true;
  }
}

Type TypeOf(Variable variable, const Value& params) {
  const Type entries = Type::Map(Type::String(), Type::Dyn());
  switch (variable) {
    case Variable::kChange:
      return ChangeType();
    case Variable::kPlan:
      return PlanType();
    case Variable::kDesired:
    case Variable::kLive:
      return entries;
    case Variable::kMaps:
      return Type::Map(Type::String(), entries);
    case Variable::kManifest:
      return ManifestType();
    case Variable::kCommit:
      return CommitType();
    case Variable::kApprovals:
      return ApprovalsType();
    case Variable::kRollout:
      return RolloutType();
    case Variable::kTarget:
      return Object("target",
                    {{"name", Type::String()}, {"tier", Type::String()}, {"regions", Strings()}});
    case Variable::kNow:
      return Type::Timestamp();
    case Variable::kActor:
      return Object("actor", {{"name", Type::String()},
                              {"kind", Type::String()},
                              {"groups", Strings()},
                              {"source", Type::String()}});
    case Variable::kDrift:
      return Object("drift", {{"total", Type::Int()}, {"drifted", Type::Int()}});
    case Variable::kParams:
      return ParamsType(params);
  }
  return Type::Dyn();
}

}  // namespace portolan::reconciler
