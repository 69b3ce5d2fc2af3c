#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/reconcile/people.h"
#include "manifests/value.h"
#include "mapcore/base/digest.h"
#include "mapcore/base/result.h"
#include "reconciler/rollout/writers.h"

namespace portolan::controller {

// A change of policies that is not in force yet: an owner approves it, and what loosens waits a
// while longer, so that it can be seen before it is used.
struct PolicyPlan {
  // No commit brings it: somebody asks to go back to a set that judged before.
  struct Rollback {
    Digest leaves;       // the set that git holds, which no commit asks for again by itself
    Digest set;          // to go back to
    std::string by;      // actor
    std::string reason;  // of who asks
  };

  Digest id;                        // over source, environment, the set that judges and the new one
  std::string commit;               // that brings it, or brought it
  reconciler::Writers writers;      // of every commit that has a part in it
  std::vector<std::string> owners;  // groups or identities; empty: any approver
  std::vector<std::string> changes;  // "policy few: level hard -> soft"
  bool loosens = true;
  std::optional<Rollback> rollback;
  std::string approved_by;  // actor; empty: nobody yet
  std::string reason;
  std::optional<WallTime> approved_at;
  std::optional<WallTime> effective;  // from then on it judges

  bool approved() const { return approved_at.has_value(); }
};

struct PolicyApproval {
  Digest plan;
  std::string actor;
  std::string reason;
};

// "policy few: level hard -> soft; waiver w: gone".
std::string JoinedChanges(const PolicyPlan& plan);

// Whether this approval counts: by a person who is none of the writers and did not ask for it
// either, and an owner when some are named. Errors: kDenied.
Status CheckPolicyApproval(const PolicyPlan& plan, std::string_view actor, const People& people,
                           WallTime now);

manifests::Value PolicyPlanToValue(const PolicyPlan& plan);
// Errors: kCorrupt.
Result<PolicyPlan> PolicyPlanFromValue(const manifests::Value& value);

}  // namespace portolan::controller
