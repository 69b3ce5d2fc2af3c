// Signed answers from outside to the plans of regulated maps.
#include <algorithm>

#include "controller/api/api.h"
#include "controller/reconcile/approvals.h"

namespace portolan::controller {
namespace {

using manifests::Value;
using reconciler::Command;

// That the map waits for this plan, and that this answer was not used before: a rollout that was
// rolled back is tried again by a new answer only.
Status CheckWaits(const reconciler::Rollout* rollout, const std::string& map, const Digest& plan,
                  const SignedAnswer& answer) {
  if (rollout == nullptr || !rollout->target || rollout->target->plan != plan)
    return Error{ErrorCode::kConflict, "plan " + plan.Short() + " is not what " + map +
                                           " waits for; see: portolan status " + map};
  const auto used = std::ranges::find_if(rollout->approvals, [&](const auto& approval) {
    return approval.answer == answer.text && !approval.rollout.empty();
  });
  if (used == rollout->approvals.end()) return {};
  return Error{ErrorCode::kConflict,
               "the answer served rollout " + used->rollout + " already; sign a new one"};
}

Result<Response> TakeAnswer(Api& api, const Request& request) {
  PORTOLAN_TRY(const Digest plan, Digest::Parse(request.Param("digest")));
  PORTOLAN_TRY(const Value body, BodyObject(request));
  const SignedAnswer answer{std::string(body.StringOr("answer", "")),
                            std::string(body.StringOr("signature", ""))};
  if (answer.text.empty() || answer.signature.empty())
    return Error{ErrorCode::kInvalid,
                 "expected {\"answer\": TEXT, \"signature\": \"-----BEGIN SSH SIGNATURE-----…\"}"};
  if (api.external == nullptr)
    return Error{ErrorCode::kDenied,
                 "nobody can answer: the daemon's configuration has no \"regulated\""};
  PORTOLAN_TRY(const Value stored, StoredPlan(api, plan));
  const std::string map(stored.StringOr("map", ""));
  const WallTime now = api.clock.now().wall;
  // Before anything is said of the map: an answer that nobody signed learns nothing.
  PORTOLAN_TRY(const ExternalAnswer verified, api.external->Check(answer, map, plan, now));
  const auto rollout = api.rollouts.Find(map);
  PORTOLAN_CHECK(CheckWaits(rollout.get(), map, plan, answer));
  PORTOLAN_CHECK(CheckAnswerer(*api.people, verified.signers, WritersOf(*rollout->target), now));
  Command command;
  command.verb = reconciler::Verb::kApprove;
  command.plan = plan;
  command.actor = "signer:" + verified.signers.front();
  command.reason = verified.reason;
  command.despite = reconciler::kRegulated;
  command.answer = answer.text;
  command.signature = answer.signature;
  return RunCommand(api, map, command);
}

}  // namespace

void AddAnswerRoutes(Router& router, Api& api) {
  router.Add("POST", "/v1/plans/{digest}/answer", Scope::kApprove,
             [&api](const Request& request) { return TakeAnswer(api, request); });
}

}  // namespace portolan::controller
