// Where desired state comes from.
#include "controller/api/api.h"
#include "controller/http/hmac.h"
#include "manifests/short_commit.h"
#include "reconciler/rollout/rollout.h"

namespace portolan::controller {
namespace {

using manifests::Value;

constexpr Duration kSyncDeadline = std::chrono::minutes(2);
constexpr Duration kAskDeadline = std::chrono::seconds(30);
constexpr std::string_view kSignaturePrefix = "sha256=";

Result<SourceReconciler*> SourceOf(const Api& api, std::string_view name) {
  const auto found = api.sources.find(std::string(name));
  if (found == api.sources.end())
    return Error{ErrorCode::kNotFound,
                 "no source \"" + std::string(name) + "\"; see: portolan source list"};
  return found->second;
}

Result<Response> Sync(const Api& api, const Request& request) {
  PORTOLAN_TRY(SourceReconciler* const source, SourceOf(api, request.Param("source")));
  auto done = source->Sync();
  if (done.wait_for(kSyncDeadline) != std::future_status::ready)
    return Error{ErrorCode::kTimeout,
                 "source " + source->name() +
                     " did not finish its look within 2m; see: portolan source list"};
  const SourceStatus status = done.get();
  Value::Array maps;
  for (const std::string& map : status.maps) {
    const auto rollout = api.rollouts.Find(map);
    Value item;
    item.Set("map", map);
    item.Set("phase", rollout != nullptr ? reconciler::PhaseName(rollout->phase) : "Rejected");
    maps.push_back(std::move(item));
  }
  Value value;
  value.Set("source", source->name());
  value.Set("revision", status.revision);
  value.Set("status", SourceStatusToValue(status));
  value.Set("maps", std::move(maps));
  return JsonResponse(value);
}

Result<Response> Accept(const Api& api, const Request& request) {
  PORTOLAN_TRY(SourceReconciler* const source, SourceOf(api, request.Param("source")));
  PORTOLAN_TRY(const Value body, BodyObject(request));
  const std::string revision(body.StringOr("revision", ""));
  if (revision.empty())
    return Error{ErrorCode::kInvalid, "revision: expected the commit to follow"};
  PORTOLAN_TRY(const SourceStatus status, source->Accept(revision));
  Value value;
  value.Set("source", source->name());
  value.Set("status", SourceStatusToValue(status));
  return JsonResponse(value);
}

Result<PolicyRollback> RollbackOf(const Request& request) {
  PORTOLAN_TRY(const Value body, BodyObject(request));
  PolicyRollback rollback{std::string(body.StringOr("to", "")), request.actor.name,
                          std::string(body.StringOr("reason", ""))};
  if (rollback.to.empty())
    return Error{ErrorCode::kInvalid,
                 "to: expected the commit whose policies are to judge, or \"previous\""};
  if (rollback.to == "previous") rollback.to.clear();
  if (rollback.reason.empty() || rollback.reason.size() > kReasonBytesMax)
    return Error{ErrorCode::kInvalid, "reason: expected why, in at most 1000 bytes"};
  return rollback;
}

Result<Response> RollBackPolicies(const Api& api, const Request& request) {
  PORTOLAN_TRY(SourceReconciler* const source, SourceOf(api, request.Param("source")));
  PORTOLAN_TRY(PolicyRollback rollback, RollbackOf(request));
  auto done = source->RollBackPolicies(std::move(rollback));
  if (done.wait_for(kAskDeadline) != std::future_status::ready)
    return Error{ErrorCode::kTimeout, "source " + source->name() +
                                          " is busy; whether the rollback waits says: portolan "
                                          "policy status"};
  PORTOLAN_TRY(const SourceStatus status, done.get());
  Value value;
  value.Set("source", source->name());
  value.Set("plan", status.policy_plan ? Value(status.policy_plan->id.ToString()) : Value());
  value.Set("message",
            !status.policy_plan
                ? "nothing goes back; the policies that judge go on"
                : "the policies of commit " + manifests::ShortCommit(status.policy_plan->commit) +
                      " wait for an owner: portolan approve " + status.policy_plan->id.ToString());
  value.Set("status", SourceStatusToValue(status));
  return JsonResponse(value);
}

Status CheckSignature(const Api& api, const Request& request) {
  const bool local = request.peer.kind == Peer::Kind::kUnix ||
                     request.peer.address.starts_with("127.") || request.peer.address == "::1";
  if (api.hook_secret.empty() && local) return {};
  if (api.hook_secret.empty())
    return Error{ErrorCode::kDenied,
                 "hooks from other machines need hooks.secretFile in the configuration"};
  std::string_view given = request.Header("X-Hub-Signature-256");
  const Error bad{ErrorCode::kUnauthenticated,
                  "X-Hub-Signature-256 is missing or does not sign this body"};
  if (!given.starts_with(kSignaturePrefix)) return bad;
  given.remove_prefix(kSignaturePrefix.size());
  if (!ConstantTimeEquals(given, HmacSha256Hex(api.hook_secret, request.body))) return bad;
  return {};
}

// Only a hint to look: nothing in the body is believed.
Result<Response> Hook(const Api& api, const Request& request) {
  PORTOLAN_CHECK(CheckSignature(api, request));
  const std::string_view name = request.QueryOr("source", "");
  if (!name.empty()) {
    PORTOLAN_TRY(SourceReconciler* const source, SourceOf(api, name));
    source->MarkDirty();
  } else {
    for (const auto& [each, source] : api.sources) source->MarkDirty();
  }
  return JsonResponse(Value(Value::Object{{"status", Value("accepted")}}), 202);
}

}  // namespace

void AddSourceRoutes(Router& router, Api& api) {
  router.Add("GET", "/v1/sources", Scope::kRead, [&api](const Request&) -> Result<Response> {
    Value::Array sources;
    for (const auto& [name, source] : api.sources)
      sources.push_back(SourceStatusToValue(source->status()));
    return JsonResponse(Value(Value::Object{{"sources", Value(std::move(sources))}}));
  });
  router.Add("POST", "/v1/sources/{source}/sync", Scope::kOperate,
             [&api](const Request& request) { return Sync(api, request); });
  router.Add("POST", "/v1/sources/{source}/accept", Scope::kOperate,
             [&api](const Request& request) { return Accept(api, request); });
  router.Add("POST", "/v1/sources/{source}/policies/rollback", Scope::kOperate,
             [&api](const Request& request) { return RollBackPolicies(api, request); });
  router.Add("POST", "/v1/hooks/git", Scope::kNone,
             [&api](const Request& request) { return Hook(api, request); });
}

}  // namespace portolan::controller
