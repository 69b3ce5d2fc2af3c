#pragma once

#include <string>
#include <vector>

#include "controller/reconcile/people.h"
#include "reconciler/policy/judge.h"
#include "reconciler/rollout/rollout.h"

namespace portolan::controller {

// An approval despite a policy must be used within this time; a rollout that it started keeps it.
constexpr Duration kOverrideLife = std::chrono::hours(24);

// Whether this actor may approve what this author committed: a person whom the tokens file knows,
// and not the author. An author whom no token lists may be anybody, the approver too. Without a
// tokens file nobody can be told from anybody, and everybody may. Errors: kDenied, saying which.
Status CheckApprover(const People& people, std::string_view actor, std::string_view author,
                     WallTime now);

// What the approvals of one plan count for at this moment.
struct CountedApprovals {
  std::vector<reconciler::ApprovalFacts> facts;  // one a person, the author never
  std::vector<reconciler::PolicyOverride> overrides;
};

// Counts the rollout's approvals of the plan, whose author is that of the commit judged. Who
// approved is looked up anew: somebody who has lost a group, or whose token ran out, counts without
// it. Pure.
CountedApprovals CountApprovals(const reconciler::Rollout& rollout, const reconciler::MapPlan& plan,
                                const People& people, WallTime now);

}  // namespace portolan::controller
