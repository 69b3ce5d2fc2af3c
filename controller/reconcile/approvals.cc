#include "controller/reconcile/approvals.h"

#include <algorithm>

namespace portolan::controller {
namespace {

// An override serves one rollout: the one that started with it, while that is in flight.
bool InForce(const reconciler::Approval& approval, const reconciler::Rollout& rollout,
             WallTime now) {
  if (approval.rollout.empty()) return now - approval.at < kOverrideLife;
  return approval.rollout == rollout.id() && InFlight(rollout.phase);
}

Person PersonOf(const People& people, const std::string& actor, WallTime now) {
  if (!people.told_apart()) return {actor, {}};
  return *people.OfActor(actor, now);
}

}  // namespace

Status CheckApprover(const People& people, std::string_view actor, std::string_view author,
                     WallTime now) {
  if (!people.told_apart()) return {};
  const auto approver = people.OfActor(actor, now);
  if (!approver)
    return Error{ErrorCode::kDenied, "an approval needs a person, and no token in force lists \"" +
                                         std::string(actor) + "\" among its identities"};
  const auto written_by = people.OfAuthor(author, now);
  if (!written_by)
    return Error{ErrorCode::kDenied, "the author \"" + std::string(author) +
                                         "\" is no identity of the tokens file, so " +
                                         approver->name +
                                         " may be the author; list the address with its token"};
  if (written_by->name == approver->name)
    return Error{ErrorCode::kDenied, approver->name + " wrote the commit (" + std::string(author) +
                                         "); somebody else must approve it"};
  return {};
}

CountedApprovals CountApprovals(const reconciler::Rollout& rollout, const reconciler::MapPlan& plan,
                                const People& people, WallTime now) {
  CountedApprovals counted;
  for (const reconciler::Approval& approval : rollout.approvals) {
    if (approval.plan != plan.id ||
        !CheckApprover(people, approval.actor, plan.revision.author, now).ok())
      continue;
    const Person person = PersonOf(people, approval.actor, now);
    const bool known = std::ranges::any_of(
        counted.facts, [&](const auto& fact) { return fact.by == person.name; });
    if (!known)
      counted.facts.push_back({person.name, plan.id.ToString(), person.groups, approval.at});
    if (approval.policy.empty() || !InForce(approval, rollout, now)) continue;
    counted.overrides.push_back({approval.policy,
                                 plan.id,
                                 approval.policy_digest,
                                 {person.name, approval.reason},
                                 person.groups});
  }
  return counted;
}

}  // namespace portolan::controller
