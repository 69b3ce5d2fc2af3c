// What policies said of the plans that are stored, counted.
#include "controller/api/api.h"
#include "reconciler/policy/policy_stats.h"
#include "reconciler/policy/report_json.h"

namespace portolan::controller {
namespace {

using manifests::Value;

struct StatsQuery {
  std::string_view source, map;  // empty: all
  WallTime since = WallTime::min();
};

Result<StatsQuery> QueryOf(const Request& request) {
  StatsQuery query{request.QueryOr("source", ""), request.QueryOr("map", "")};
  if (const std::string_view since = request.QueryOr("since", ""); !since.empty()) {
    const auto time = ParseTime(since);
    if (!time.ok()) return Error{ErrorCode::kInvalid, "since: " + time.error().message};
    query.since = *time;
  }
  return query;
}

// A name that nothing has ever borne is a mistake, and no zero.
Status CheckKnown(const Api& api, const StatsQuery& query, bool some) {
  if (some) return {};
  if (!query.source.empty() && !api.sources.contains(std::string(query.source)))
    return Error{ErrorCode::kNotFound, "no source \"" + std::string(query.source) + "\""};
  if (!query.map.empty() && api.rollouts.Find(std::string(query.map)) == nullptr)
    return Error{ErrorCode::kNotFound, "no map \"" + std::string(query.map) + "\""};
  return {};
}

Result<Response> Stats(const Api& api, const Request& request) {
  PORTOLAN_TRY(const StatsQuery query, QueryOf(request));
  reconciler::PolicyStats stats;
  bool some = false;
  PORTOLAN_CHECK(ForEachPlan(api, [&](const Value& record) {
    const Value* policies = record.Find("policies");
    if (policies == nullptr) return;  // a change of policies
    if (!query.source.empty() && record.StringOr("source", "") != query.source) return;
    if (!query.map.empty() && record.StringOr("map", "") != query.map) return;
    some = true;
    const auto report = reconciler::ReportFromValue(*policies);
    if (report.ok() && report->at >= query.since) stats.Add(*report);
  }));
  PORTOLAN_CHECK(CheckKnown(api, query, some));
  Value::Array weeks;
  for (const reconciler::PolicyWeek& week : stats.Weeks()) weeks.push_back(PolicyWeekToValue(week));
  return JsonResponse(Value::Object{{"plans", stats.plans()}, {"policies", std::move(weeks)}});
}

}  // namespace

void AddPolicyRoutes(Router& router, Api& api) {
  router.Add("GET", "/v1/policies/stats", Scope::kRead,
             [&api](const Request& request) { return Stats(api, request); });
}

}  // namespace portolan::controller
