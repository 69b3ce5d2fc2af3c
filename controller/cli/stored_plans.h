#pragma once

#include <functional>
#include <string>
#include <vector>

#include "controller/audit/rebuilt_plan.h"
#include "controller/cli/verb_session.h"

namespace portolan::controller {

struct StoredPlanQuery {
  std::size_t count = 0;  // at most
  std::string source;     // its name; empty: of all sources
};

// A stored plan that cannot be made anew.
struct SkippedPlan {
  std::string plan;  // its digest
  std::string map;
  std::string why;
};

// Reads the newest plans that the daemon stored and makes each anew from its commit's files, newest
// first. What `each` gets lives as long as the call; its error skips the plan. Returns those that
// were skipped. Files that commits share travel and are parsed once. Errors: the daemon's own.
Result<std::vector<SkippedPlan>> ForStoredPlans(
    VerbSession& session, const StoredPlanQuery& query,
    const std::function<Status(reconciler::MapPlan&, const PlanParts&)>& each);

}  // namespace portolan::controller
