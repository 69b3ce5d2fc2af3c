// What is going on: status, history and plans.
#include "controller/api/api.h"
#include "reconciler/status.h"

namespace portolan::controller {
namespace {

using manifests::Value;
using reconciler::Rollout;

constexpr std::size_t kQuarantinedKeysShown = 20;

// The first keys whose change is quarantined, in byte order; none when a
// version cannot be read.
Value::Array QuarantinedKeys(const Api& api, const reconciler::Quarantine& quarantine) {
  Value::Array keys;
  if (!quarantine.base) return keys;
  const auto base = api.versions.Get(*quarantine.base);
  const auto bad = api.versions.Get(quarantine.digest);
  if (!base.ok() || !bad.ok()) return keys;
  for (const mapcore::Difference& difference : mapcore::Diff(**base, **bad)) {
    if (keys.size() == kQuarantinedKeysShown) break;
    keys.emplace_back(difference.key);
  }
  return keys;
}

Response MapStatus(const Api& api, const Rollout& rollout) {
  Value status = StatusOf(api, rollout);
  Value::Array items = status.Find("quarantine")->as_array();
  for (std::size_t i = 0; i < items.size(); ++i)
    items[i].Set("keys", QuarantinedKeys(api, rollout.quarantine[i]));
  status.Set("quarantine", std::move(items));
  return JsonResponse(status);
}

Response WholeStatus(const Api& api) {
  Value daemon;
  daemon.Set("version", api.version);
  daemon.Set("storeId", api.store_id);
  daemon.Set("environment", api.environment);
  daemon.Set("startedAt", FormatTime(api.started));
  daemon.Set("ready", ReasonsNotReady(api).empty());
  daemon.Set("journalled", api.rollouts.journalled());
  Value::Array sources;
  for (const auto& [name, source] : api.sources)
    sources.push_back(SourceStatusToValue(source->status()));
  Value value;
  value.Set("daemon", std::move(daemon));
  value.Set("maps", StatusOfAll(api));
  value.Set("sources", std::move(sources));
  return JsonResponse(value);
}

Result<Response> MapPlan(const Api& api, const Request& request) {
  PORTOLAN_TRY(const auto rollout, RolloutOf(api, request));
  if (!rollout->target)
    return Error{ErrorCode::kNotFound, rollout->map + " runs no plan and waits for none"};
  PORTOLAN_TRY(const Value plan, StoredPlan(api, rollout->target->plan));
  return JsonResponse(plan);
}

Result<Response> PlanByDigest(const Api& api, const Request& request) {
  PORTOLAN_TRY(const Digest digest, Digest::Parse(request.Param("digest")));
  PORTOLAN_TRY(Value plan, StoredPlan(api, digest));
  Value::Array approvals;
  if (const auto rollout = api.rollouts.Find(plan.StringOr("map", "")); rollout != nullptr) {
    for (const reconciler::Approval& approval : rollout->approvals) {
      if (approval.plan != digest) continue;
      Value item;
      item.Set("actor", approval.actor);
      item.Set("at", FormatTime(approval.at));
      item.Set("reason", approval.reason);
      if (!approval.policy.empty()) item.Set("despite", approval.policy);
      if (!approval.signature.empty()) {
        item.Set("answer", approval.answer);
        item.Set("signature", approval.signature);
      }
      approvals.push_back(std::move(item));
    }
  }
  plan.Set("approvals", std::move(approvals));
  return JsonResponse(plan);
}

}  // namespace

void AddStatusRoutes(Router& router, Api& api) {
  router.Add("GET", "/v1/status", Scope::kRead,
             [&api](const Request&) -> Result<Response> { return WholeStatus(api); });
  router.Add("GET", "/v1/groups", Scope::kRead, [&api](const Request&) -> Result<Response> {
    Value::Array groups;
    for (const auto& rollout : api.rollouts.Groups()) groups.push_back(StatusOf(api, *rollout));
    return JsonResponse(Value::Object{{"groups", std::move(groups)}});
  });
  router.Add("GET", "/v1/maps/{map}/status", Scope::kRead,
             [&api](const Request& request) -> Result<Response> {
               PORTOLAN_TRY(const auto rollout, RolloutOf(api, request));
               return MapStatus(api, *rollout);
             });
  router.Add("GET", "/v1/maps/{map}/history", Scope::kRead,
             [&api](const Request& request) -> Result<Response> {
               PORTOLAN_TRY(const auto rollout, RolloutOf(api, request));
               return JsonResponse(reconciler::HistoryToJson(*rollout));
             });
  router.Add("GET", "/v1/maps/{map}/plan", Scope::kRead,
             [&api](const Request& request) { return MapPlan(api, request); });
  router.Add("GET", "/v1/plans/{digest}", Scope::kRead,
             [&api](const Request& request) { return PlanByDigest(api, request); });
}

}  // namespace portolan::controller
