#include "reconciler/rollout/expiring_record.h"

#include <algorithm>

namespace portolan::reconciler {
namespace {

using manifests::Value;

constexpr Duration kHealIntervalMin = std::chrono::seconds(1);

Error Corrupt(std::string_view what, std::string_view field) {
  return {ErrorCode::kCorrupt, "stored " + std::string(what) + ": field \"" + std::string(field) +
                                   "\" is missing or malformed"};
}

Value OverrideToValue(const Override& item) {
  Value value;
  value.Set("key", item.key);
  value.Set("value", item.value);
  value.Set("actor", item.actor);
  value.Set("reason", item.reason);
  value.Set("at", FormatTime(item.at));
  value.Set("until", FormatTime(item.until));
  if (item.base) value.Set("base", item.base->ToString());
  if (!item.map.empty()) value.Set("map", item.map);
  return value;
}

Result<Override> OverrideFromValue(const Value& value) {
  Override item;
  item.key = value.StringOr("key", "");
  item.value = value.StringOr("value", "");
  if (item.key.empty()) return Corrupt("override", "key");
  if (!manifests::ParseJson(item.value).ok()) return Corrupt("override", "value");
  item.map = value.StringOr("map", "");
  item.actor = value.StringOr("actor", "");
  item.reason = value.StringOr("reason", "");
  const auto at = ParseTime(value.StringOr("at", ""));
  const auto until = ParseTime(value.StringOr("until", ""));
  if (!at.ok()) return Corrupt("override", "at");
  if (!until.ok()) return Corrupt("override", "until");
  item.at = *at;
  item.until = *until;
  if (value.Find("base") != nullptr) {
    const auto base = Digest::Parse(value.StringOr("base", ""));
    if (!base.ok()) return Corrupt("override", "base");
    item.base = *base;
  }
  return item;
}

Value SuspensionToValue(const Suspension& suspension) {
  Value value;
  value.Set("actor", suspension.actor);
  value.Set("reason", suspension.reason);
  value.Set("at", FormatTime(suspension.at));
  value.Set("until", FormatTime(suspension.until));
  return value;
}

Result<Suspension> SuspensionFromValue(const Value& value) {
  const auto at = ParseTime(value.StringOr("at", ""));
  const auto until = ParseTime(value.StringOr("until", ""));
  if (!at.ok()) return Corrupt("suspension", "at");
  if (!until.ok()) return Corrupt("suspension", "until");
  return Suspension{std::string(value.StringOr("actor", "")),
                    std::string(value.StringOr("reason", "")), *at, *until};
}

}  // namespace

Value HealToValue(const manifests::HealSettings& heal) {
  Value value;
  value.Set("self", heal.self_heal);
  value.Set("intervalMs", heal.interval.count());
  return value;
}

manifests::HealSettings HealFrom(const Value* value) {
  manifests::HealSettings heal;
  if (value == nullptr) return heal;
  heal.self_heal = value->BoolOr("self", true);
  heal.interval =
      std::max(Duration(value->IntOr("intervalMs", heal.interval.count())), kHealIntervalMin);
  return heal;
}

void WriteOrders(const Rollout& r, Value& record) {
  record.Set("heal", HealToValue(r.heal));
  if (r.suspension) record.Set("suspension", SuspensionToValue(*r.suspension));
  if (r.overrides.empty()) return;
  Value::Array overrides;
  for (const Override& item : r.overrides) overrides.push_back(OverrideToValue(item));
  record.Set("overrides", std::move(overrides));
}

Status ReadOrders(const Value& record, Rollout& r) {
  r.heal = HealFrom(record.Find("heal"));
  if (const Value* suspension = record.Find("suspension"); suspension != nullptr) {
    PORTOLAN_TRY(r.suspension, SuspensionFromValue(*suspension));
  }
  const Value* overrides = record.Find("overrides");
  if (overrides == nullptr) return {};
  if (!overrides->is_array()) return Corrupt("rollout", "overrides");
  for (const Value& item : overrides->as_array()) {
    PORTOLAN_TRY(Override read, OverrideFromValue(item));
    r.overrides.push_back(std::move(read));
  }
  return {};
}

}  // namespace portolan::reconciler
