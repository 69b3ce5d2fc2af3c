#include "reconciler/rollout/fleet_record.h"

namespace portolan::reconciler {
namespace {

using manifests::Value;

Error CorruptInstance(std::string_view instance, std::string_view field) {
  return {ErrorCode::kCorrupt, "stored instance \"" + std::string(instance) + "\": field \"" +
                                   std::string(field) + "\" is missing or malformed"};
}

Value InstanceToValue(const Instance& instance) {
  Value::Array applied;
  for (const Digest& digest : instance.applied) applied.emplace_back(digest.ToString());
  Value value;
  value.Set("applied", std::move(applied));
  if (instance.refused) value.Set("refused", instance.refused->ToString());
  if (!instance.reason.empty()) value.Set("reason", instance.reason);
  value.Set("leaseMs", instance.lease.count());
  value.Set("heardAt", FormatTime(instance.heard));
  if (instance.joined != 0) value.Set("joined", instance.joined);
  if (instance.lost) value.Set("lost", true);
  return value;
}

Result<Instance> InstanceFromValue(const std::string& name, const Value& value) {
  Instance instance;
  if (const Value* applied = value.Find("applied"); applied != nullptr) {
    if (!applied->is_array()) return CorruptInstance(name, "applied");
    for (const Value& item : applied->as_array()) {
      const auto digest = Digest::Parse(item.is_string() ? item.as_string() : "");
      if (!digest.ok()) return CorruptInstance(name, "applied");
      instance.applied.push_back(*digest);
    }
  }
  if (value.Find("refused") != nullptr) {
    const auto digest = Digest::Parse(value.StringOr("refused", ""));
    if (!digest.ok()) return CorruptInstance(name, "refused");
    instance.refused = *digest;
  }
  instance.reason = value.StringOr("reason", "");
  instance.lease = Duration(value.IntOr("leaseMs", kLeaseDefault.count()));
  const auto heard = ParseTime(value.StringOr("heardAt", ""));
  if (!heard.ok()) return CorruptInstance(name, "heardAt");
  instance.heard = *heard;
  instance.joined = static_cast<std::uint64_t>(value.IntOr("joined", 0));
  instance.lost = value.BoolOr("lost", false);
  return instance;
}

}  // namespace

Value FleetToValue(const Fleet& fleet) {
  Value::Object instances;
  for (const auto& [name, instance] : fleet)
    instances.emplace_back(name, InstanceToValue(instance));
  return instances;
}

Result<Fleet> FleetFromValue(const Value& value) {
  Fleet fleet;
  if (!value.is_object()) return Error{ErrorCode::kCorrupt, "stored fleet: expected an object"};
  for (const auto& [name, item] : value.as_object()) {
    PORTOLAN_TRY(Instance instance, InstanceFromValue(name, item));
    fleet.emplace(name, std::move(instance));
  }
  return fleet;
}

}  // namespace portolan::reconciler
