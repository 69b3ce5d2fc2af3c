#pragma once

#include <string>
#include <vector>

#include "controller/reconcile/people.h"
#include "reconciler/policy/judge.h"
#include "reconciler/rollout/rollout.h"

namespace portolan::controller {

// An approval despite a policy must be used within this time; a rollout that it started keeps it.
constexpr Duration kOverrideLife = std::chrono::hours(24);

// Whether this actor may approve what these committed: a person whom the tokens file knows, and
// none of them, neither by a commit's author nor by its verified signature. A writer whom no token
// lists may be anybody, the approver too. Without a tokens file nobody can be told from anybody,
// and everybody may. Errors: kDenied, saying which.
Status CheckApprover(const People& people, std::string_view actor,
                     const reconciler::Writers& writers, WallTime now);

// Who wrote what the target's plan changes; of a target that an earlier program stored, the author
// of its commit.
reconciler::Writers WritersOf(const reconciler::Target& target);

// Whether these identities, which signed an answer from outside, may give it: none of the writers
// is one of them, or the same person. Errors: kDenied.
Status CheckAnswerer(const People& people, const std::vector<std::string>& signers,
                     const reconciler::Writers& writers, WallTime now);

// What the approvals of one plan count for at this moment.
struct CountedApprovals {
  std::vector<reconciler::ApprovalFacts> facts;  // one a person, its writers never
  std::vector<reconciler::PolicyOverride> overrides;
};

// A plan that waits for approvals.
struct ApprovablePlan {
  Digest id;
  reconciler::Writers writers;
};

// The answers from outside to the plan that count for the rollout: that it used, or may use yet.
// They live as long as the rollout.
std::vector<const reconciler::Approval*> AnswersInForce(const reconciler::Rollout& rollout,
                                                        const Digest& plan, WallTime now);

// Counts the rollout's approvals of the plan, answers from outside not among them. Who approved is
// looked up anew: somebody who has lost a group, or whose token ran out, counts without it. Pure.
CountedApprovals CountApprovals(const reconciler::Rollout& rollout, const ApprovablePlan& plan,
                                const People& people, WallTime now);

}  // namespace portolan::controller
