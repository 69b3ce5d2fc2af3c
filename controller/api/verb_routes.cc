// What operators ask for.
#include <algorithm>

#include "controller/api/api.h"
#include "controller/http/problem.h"
#include "controller/reconcile/approvals.h"
#include "reconciler/rollout/marks.h"

namespace portolan::controller {
namespace {

using manifests::Value;
using reconciler::Command;
using reconciler::Verb;

constexpr std::size_t kRequestIdBytesMax = 128;
constexpr std::int64_t kLengthMaxMs = std::int64_t{366} * 24 * 3'600 * 1'000;
constexpr Duration kSourceDeadline = std::chrono::seconds(30);
constexpr Duration kJudgeDeadline = std::chrono::seconds(5);

Value AnswerToValue(const Api& api, const std::string& map, const Command& command,
                    const VerbAnswer& answer) {
  Value value;
  value.Set("map", map);
  value.Set("verb", reconciler::VerbName(command.verb));
  if (command.verb == Verb::kApprove) value.Set("plan", command.plan.ToString());
  value.Set("outcome", "accepted");
  value.Set("message", answer.outcome.message);
  if (answer.after != nullptr) value.Set("status", StatusOf(api, *answer.after));
  return value;
}

// Lets the source judge what it holds once more, so that the answer says what the approval did.
Value StatusAfterJudging(const Api& api, const std::string& map, Value answer) {
  const auto rollout = api.rollouts.Find(map);
  const bool waits = rollout != nullptr && (rollout->phase == reconciler::Phase::kHeld ||
                                            rollout->phase == reconciler::Phase::kPaused);
  if (!waits) return answer;
  const auto source = api.sources.find(rollout->source);
  if (source == api.sources.end() ||
      source->second->Rejudge(map).wait_for(kJudgeDeadline) != std::future_status::ready)
    return answer;
  const auto after = api.rollouts.Find(map);
  answer.Set("message",
             "approved; " + map + " is " + std::string(reconciler::PhaseName(after->phase)) +
                 (after->phase == reconciler::Phase::kHeld ? ": " + after->message : ""));
  answer.Set("status", StatusOf(api, *after));
  return answer;
}

Result<Command> CommandOf(const Request& request, Verb verb) {
  PORTOLAN_TRY(const Value body, BodyObject(request));
  Command command;
  command.verb = verb;
  command.actor = request.actor.name;
  command.request_id = body.StringOr("requestId", request.Header("Portolan-Request-Id"));
  command.reason = body.StringOr("reason", "");
  command.to = body.StringOr("to", "");
  command.full = body.BoolOr("full", false);
  command.key = body.StringOr("key", "");
  command.length = Duration(std::clamp<std::int64_t>(body.IntOr("forMs", 0), 0, kLengthMaxMs));
  if (const Value* to = body.Find("to"); to != nullptr && to->is_int())
    command.to = std::to_string(to->as_int());
  if (command.reason.size() > kReasonBytesMax)
    return Error{ErrorCode::kInvalid, "reason: at most 1000 bytes"};
  if (command.request_id.size() > kRequestIdBytesMax)
    return Error{ErrorCode::kInvalid, "requestId: at most 128 bytes"};
  return command;
}

// Looks the value through before it is said to anybody: the map's schema, then the hard policies.
Result<std::string> CheckedValue(const Api& api, const Request& request, const std::string& key) {
  PORTOLAN_TRY(const Value body, BodyObject(request));
  const std::string map(request.Param("map"));
  const Value* value = body.Find("value");
  if (key.empty() || value == nullptr)
    return Error{ErrorCode::kInvalid,
                 "expected {\"key\": KEY, \"value\": VALUE, \"forMs\": …, "
                 "\"reason\": TEXT}"};
  mapcore::ReadGuard guard;
  const mapcore::LiveState* served = api.catalog.Find(guard, map);
  const auto rollout = api.rollouts.Find(map);
  if (rollout == nullptr || served == nullptr)
    return Error{ErrorCode::kNotFound, "no version of map \"" + map + "\" is served"};
  const auto source = api.sources.find(rollout->source);
  const auto rules = source == api.sources.end() ? nullptr : source->second->override_rules();
  if (rules == nullptr)
    return Error{ErrorCode::kUnavailable, "no override: the schema of \"" + map +
                                              "\" is not known, source \"" + rollout->source +
                                              "\" was not read since the daemon started"};
  const mapcore::VersionPtr& version = served->stable ? served->stable : served->canary;
  return CheckOverride(*rules, {map, key, *value, request.actor.name},
                       {*version, reconciler::ServedMarksOf(api.rollouts.All())},
                       api.clock.now().wall);
}

Result<Response> SetOverride(Api& api, const Request& request) {
  PORTOLAN_TRY(Command command, CommandOf(request, Verb::kOverride));
  PORTOLAN_TRY(command.value, CheckedValue(api, request, command.key));
  return RunCommand(api, std::string(request.Param("map")), command);
}

std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// That the actor may approve what the map waits for; the Step and each judgement see to the rest.
Status CheckApproval(const Api& api, const std::string& map, const Command& command) {
  const auto rollout = api.rollouts.Find(map);
  if (rollout == nullptr || !rollout->target || rollout->target->plan != command.plan) return {};
  const WallTime now = api.clock.now().wall;
  PORTOLAN_CHECK(CheckApprover(*api.people, command.actor, WritersOf(*rollout->target), now));
  if (command.despite.empty()) return {};
  if (command.reason.empty())
    return Error{ErrorCode::kInvalid, "reason: an approval despite a policy says why"};
  const auto finding =
      std::ranges::find(rollout->target->findings, command.despite, &reconciler::Finding::policy);
  if (finding == rollout->target->findings.end() || finding->override_groups.empty()) return {};
  const auto person = api.people->OfActor(command.actor, now);
  const auto& groups = finding->override_groups;
  if (person && std::ranges::find_first_of(groups, person->groups) != groups.end()) return {};
  return Error{ErrorCode::kDenied, "policy " + command.despite + " may be lifted by members of " +
                                       Joined(groups) + " only"};
}

Result<Response> ApprovePolicies(SourceReconciler& source, const Command& command) {
  auto done = source.ApprovePolicies({command.plan, command.actor, command.reason});
  if (done.wait_for(kSourceDeadline) != std::future_status::ready)
    return Error{ErrorCode::kTimeout, "source " + source.name() +
                                          " is busy; whether the approval was taken says: portolan "
                                          "policy status"};
  PORTOLAN_TRY(const SourceStatus status, done.get());
  const bool waits = status.policy_plan.has_value();
  Value value;
  value.Set("source", source.name());
  value.Set("plan", command.plan.ToString());
  value.Set("outcome", "accepted");
  value.Set("message", waits ? "approved; the policies judge from " +
                                   FormatTime(*status.policy_plan->effective)
                             : std::string("approved; the policies judge from now on"));
  value.Set("status", SourceStatusToValue(status));
  return JsonResponse(value);
}

Result<Response> Approve(Api& api, const Request& request) {
  PORTOLAN_TRY(const Digest plan, Digest::Parse(request.Param("digest")));
  for (const auto& [name, source] : api.sources) {
    const auto waits = source->status().policy_plan;
    if (!waits || waits->id != plan) continue;
    PORTOLAN_TRY(Command command, CommandOf(request, Verb::kApprove));
    command.plan = plan;
    return ApprovePolicies(*source, command);
  }
  PORTOLAN_TRY(const Value stored, StoredPlan(api, plan));
  PORTOLAN_TRY(const Value body, BodyObject(request));
  PORTOLAN_TRY(Command command, CommandOf(request, Verb::kApprove));
  command.plan = plan;
  command.despite = body.StringOr("despite", "");
  const std::string map(stored.StringOr("map", ""));
  PORTOLAN_CHECK(CheckApproval(api, map, command));
  return RunCommand(api, map, command);
}

}  // namespace

Result<Response> RunCommand(Api& api, const std::string& map, const Command& command) {
  Result<VerbAnswer> answer = api.rollouts.Submit(map, command).get();
  if (!answer.ok()) return std::move(answer).error();
  if (!answer->outcome.accepted)
    return Error{answer->outcome.denied ? ErrorCode::kDenied : ErrorCode::kConflict,
                 answer->outcome.message};
  if (!answer->unjournalled) {
    Value shown = AnswerToValue(api, map, command, *answer);
    if (command.verb == Verb::kApprove) shown = StatusAfterJudging(api, map, std::move(shown));
    return JsonResponse(shown);
  }
  Response response = ProblemResponse(
      {ErrorCode::kExhausted,
       answer->outcome.message + "; it is served, but could not be stored: " +
           answer->unjournalled->message + ". It is stored as soon as that works again"},
      Value::Object{{"served", Value(true)}});
  return response;
}

void AddVerbRoutes(Router& router, Api& api) {
  constexpr Verb kMapVerbs[] = {
      Verb::kPromote, Verb::kPause,     Verb::kResume,       Verb::kSkip,   Verb::kAbort,
      Verb::kRetry,   Verb::kRollback,  Verb::kLock,         Verb::kUnlock, Verb::kPrune,
      Verb::kSuspend, Verb::kUnsuspend, Verb::kClearOverride};
  for (const Verb verb : kMapVerbs)
    router.Add("POST", "/v1/maps/{map}/" + std::string(reconciler::VerbName(verb)), Scope::kOperate,
               [&api, verb](const Request& request) -> Result<Response> {
                 PORTOLAN_TRY(const Command command, CommandOf(request, verb));
                 return RunCommand(api, std::string(request.Param("map")), command);
               });
  router.Add("POST", "/v1/maps/{map}/override", Scope::kOperate,
             [&api](const Request& request) { return SetOverride(api, request); });
  router.Add("POST", "/v1/plans/{digest}/approve", Scope::kApprove,
             [&api](const Request& request) { return Approve(api, request); });
}

}  // namespace portolan::controller
