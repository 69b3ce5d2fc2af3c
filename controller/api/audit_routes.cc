// The inputs and the traces of one plan, for a package that verifies without the daemon.
#include "controller/api/api.h"
#include "controller/store/event_chain.h"
#include "reconciler/plan_digest.h"
#include "reconciler/plan_json.h"
#include "reconciler/rollout/record.h"

namespace portolan::controller {
namespace {

using manifests::Value;
using reconciler::Event;

constexpr std::size_t kMapEventsMax = 5'000;
constexpr std::uint64_t kEventsMax = 20'000;
constexpr Duration kPackageDeadline = std::chrono::seconds(60);

// From the first event that names the plan, or came after its last judgement, to the newest one of
// the map: {first, last}; {0, 0} without any.
Result<std::pair<std::uint64_t, std::uint64_t>> EventsOf(const Api& api, const std::string& map,
                                                         const Digest& plan, WallTime judged) {
  PORTOLAN_TRY(const std::vector<Event> events,
               api.store.Events({.limit = kMapEventsMax, .map = map, .newest = true}));
  for (const Event& event : events)
    if (event.time >= judged || event.message.find(plan.Short()) != std::string::npos ||
        event.message.find(plan.ToString()) != std::string::npos)
      return std::pair(event.sequence, events.back().sequence);
  return std::pair<std::uint64_t, std::uint64_t>(0, 0);
}

// The chain has no holes: other maps' events are in between.
Result<std::string> ChainLines(const Api& api, std::uint64_t first, std::uint64_t last) {
  std::string lines;
  last = std::min(last, first + kEventsMax - 1);
  for (std::uint64_t at = first; first > 0 && at <= last;) {
    PORTOLAN_TRY(const std::vector<Event> events,
                 api.store.Events({.after = at - 1, .limit = kMapEventsMax}));
    if (events.empty()) break;
    for (const Event& event : events) {
      at = event.sequence + 1;
      if (event.sequence > last) break;
      lines += manifests::CanonicalJson(
                   Value::Object{{"sequence", static_cast<std::int64_t>(event.sequence)},
                                 {"prev_hash", event.prev_hash},
                                 {"hash", event.hash},
                                 {"body", EncodeEvent(event)}}) +
               "\n";
    }
  }
  return lines;
}

Status AddTree(const Api& api, const std::string& source, const std::string& commit,
               const std::string& folder, Value::Object& files) {
  const auto found = api.sources.find(source);
  if (found == api.sources.end())
    return Error{ErrorCode::kNotFound, "source \"" + source + "\" is not configured any more"};
  auto reading = found->second->ReadFiles({commit}, 0);
  if (reading.wait_for(kPackageDeadline) != std::future_status::ready)
    return Error{ErrorCode::kTimeout, "source " + source + " is busy; try again"};
  const CommitFiles read = reading.get();
  if (const auto failed = read.unreadable.find(commit); failed != read.unreadable.end())
    return failed->second;
  for (const auto& [path, content] : read.trees.at(commit))
    files.emplace_back(folder + path, read.contents.at(content));
  return {};
}

// Everything of the plan but trees and events.
Status AddPlan(const Api& api, const Value& record, const Digest& plan, Value::Object& files) {
  const std::string map(record.StringOr("map", ""));
  const Value* strategy = record.Find("strategy");
  if (record.Find("judgedIn") == nullptr || strategy == nullptr)
    return Error{ErrorCode::kNotFound, "plan " + plan.Short() +
                                           " was stored by an earlier version, without what is "
                                           "needed to judge it again"};
  const std::string identity(record.StringOr("identity", ""));
  files.emplace_back("identity.json", identity);
  files.emplace_back("plan.json", manifests::CanonicalJson(record));
  PORTOLAN_TRY(const Value parsed, manifests::ParseJson(identity));
  if (const auto base = Digest::Parse(parsed.StringOr("base", "")); base.ok()) {
    PORTOLAN_TRY(const Value entries, EntriesOf(api, *base));
    files.emplace_back("base.json", manifests::CanonicalJson(entries));
  }
  Value::Array approvals;
  if (const auto rollout = api.rollouts.Find(map); rollout != nullptr)
    for (const reconciler::Approval& approval : rollout->approvals)
      if (approval.plan == plan) approvals.push_back(reconciler::ApprovalToValue(approval));
  files.emplace_back("approvals.json", manifests::CanonicalJson(Value(std::move(approvals))));
  files.emplace_back("package.json", manifests::CanonicalJson(Value::Object{
                                         {"apiVersion", "portolan.audit/v1"},
                                         {"plan", plan.ToString()},
                                         {"map", map},
                                         {"environment", parsed.StringOr("environment", "")},
                                         {"source", record.StringOr("source", "")},
                                         {"exportedAt", FormatTime(api.clock.now().wall)},
                                         {"storeId", api.store_id},
                                         {"version", api.version}}));
  return {};
}

Result<Response> Export(const Api& api, const Request& request) {
  if (!request.actor.scopes.Has(Scope::kSensitive))
    return Error{ErrorCode::kDenied,
                 "an audit package holds the source's files as they are; it takes a token with "
                 "the scopes read and sensitive"};
  PORTOLAN_TRY(const Digest plan, Digest::Parse(request.Param("digest")));
  PORTOLAN_TRY(const Value record, StoredPlan(api, plan));
  Value::Object files;
  PORTOLAN_CHECK(AddPlan(api, record, plan, files));
  const std::string source(record.StringOr("source", ""));
  const std::string policies(record.StringOr("policiesCommit", ""));
  const Value* revision = record.Find("revision");
  PORTOLAN_CHECK(AddTree(api, source,
                         std::string(revision == nullptr ? "" : revision->StringOr("commit", "")),
                         "source/", files));
  if (!policies.empty())
    PORTOLAN_CHECK(AddTree(api, std::string(record.StringOr("policiesSource", source)), policies,
                           "policies/", files));
  PORTOLAN_TRY(const WallTime judged, ParseTime(record.Find("judgedIn")->StringOr("at", "")));
  PORTOLAN_TRY(const auto range,
               EventsOf(api, std::string(record.StringOr("map", "")), plan, judged));
  PORTOLAN_TRY(std::string events, ChainLines(api, range.first, range.second));
  files.emplace_back("events.jsonl", std::move(events));
  return JsonResponse(Value::Object{{"files", std::move(files)}});
}

}  // namespace

void AddAuditRoutes(Router& router, Api& api) {
  router.Add("GET", "/v1/plans/{digest}/audit", Scope::kRead,
             [&api](const Request& request) { return Export(api, request); });
}

}  // namespace portolan::controller
