// Where what is served differs from what git says: by mistake, or because somebody overrode it.
#include "controller/api/api.h"
#include "reconciler/status.h"

namespace portolan::controller {
namespace {

using manifests::Value;

constexpr std::size_t kHistoryDefault = 120;  // an hour

Value HolderToValue(const HolderDrift& holder) {
  Value value;
  value.Set("holder", holder.holder);
  value.Set("keys", holder.drift.keys);
  value.Set("drifted", holder.drift.drifted);
  value.Set("rate", holder.drift.rate());
  value.Set("split", holder.drift.split);
  value.Set("some", reconciler::DriftedKeysToJson(holder.drift));
  value.Set("error", holder.error.empty() ? Value() : Value(holder.error));
  return value;
}

Value MapToValue(const Api& api, const MapDrift& map, bool sees_sensitive) {
  Value::Array holders;
  for (const HolderDrift& holder : map.holders) holders.push_back(HolderToValue(holder));
  const auto rollout = api.rollouts.Find(map.map);
  Value value;
  value.Set("map", map.map);
  value.Set("holders", std::move(holders));
  value.Set("overrides", rollout == nullptr
                             ? Value(Value::Array{})
                             : Value(reconciler::OverridesToJson(*rollout, sees_sensitive)));
  value.Set("selfHeal", map.heal.self_heal);
  value.Set("healIntervalMs", map.heal.interval.count());
  value.Set("checkedAt", FormatTime(map.checked));
  value.Set("healedAt", map.healed ? Value(FormatTime(*map.healed)) : Value());
  value.Set("heals", map.heals);
  return value;
}

Value TotalsToValue(const DriftTotals& totals) {
  Value value;
  value.Set("at", FormatTime(totals.at));
  value.Set("maps", totals.maps);
  value.Set("driftedMaps", totals.drifted_maps);
  value.Set("mapRate", totals.map_rate());
  value.Set("keys", totals.keys);
  value.Set("driftedKeys", totals.drifted_keys);
  value.Set("keyRate", totals.key_rate());
  return value;
}

Result<Response> Drift(Api& api, const Request& request) {
  const std::string map(request.QueryOr("map", ""));
  if (!map.empty() && api.rollouts.Find(map) == nullptr)
    return Error{ErrorCode::kNotFound, "no map \"" + map + "\"; see: portolan status"};
  const DriftReport report = api.rollouts.Drift(map).get();
  const bool sees_sensitive = request.actor.scopes.Has(Scope::kSensitive);
  Value::Array maps;
  for (const MapDrift& found : report.maps) maps.push_back(MapToValue(api, found, sees_sensitive));
  Value::Array history;
  const std::size_t first =
      report.history.size() > kHistoryDefault ? report.history.size() - kHistoryDefault : 0;
  for (std::size_t i = first; i < report.history.size(); ++i)
    history.push_back(TotalsToValue(report.history[i]));
  Value value;
  value.Set("maps", std::move(maps));
  value.Set("totals", TotalsToValue(report.totals));
  value.Set("history", std::move(history));
  return JsonResponse(value);
}

Result<Response> Overrides(const Api& api, const Request& request) {
  const std::string_view map = request.QueryOr("map", "");
  if (!map.empty() && api.rollouts.Find(map) == nullptr)
    return Error{ErrorCode::kNotFound, "no map \"" + std::string(map) + "\"; see: portolan status"};
  Value::Array overrides;
  for (const auto& rollout : api.rollouts.All()) {
    if (!map.empty() && rollout->map != map) continue;
    for (Value& item :
         reconciler::OverridesToJson(*rollout, request.actor.scopes.Has(Scope::kSensitive)))
      overrides.push_back(std::move(item));
  }
  Value value;
  value.Set("overrides", std::move(overrides));
  return JsonResponse(value);
}

}  // namespace

void AddDriftRoutes(Router& router, Api& api) {
  router.Add("GET", "/v1/drift", Scope::kRead,
             [&api](const Request& request) { return Drift(api, request); });
  router.Add("GET", "/v1/overrides", Scope::kRead,
             [&api](const Request& request) { return Overrides(api, request); });
}

}  // namespace portolan::controller
