#pragma once

#include <functional>
#include <string>
#include <vector>

#include "reconciler/policy/compiled_set.h"
#include "reconciler/policy/report.h"
#include "reconciler/policy/variables.h"
#include "reconciler/ports/validators.h"

namespace portolan::reconciler {

// A person's approval of a plan despite a soft policy. It counts for this plan and this text of the
// policy only, and when the person is of one of the policy's overrideGroups, if it names any. That
// the person is not the author is the caller's to have checked.
struct PolicyOverride {
  std::string policy;
  Digest plan;
  Digest policy_digest;
  OverrideNote note;
  std::vector<std::string> groups = {};
};

struct JudgeOptions {
  // Who judges the policies that name a validator; null: these policies are errors, which deny.
  Validators* validators = nullptr;
  std::vector<PolicyOverride> overrides;
  // Whether the time for judging is up; then what is left is an error. Empty: no limit but cost.
  std::function<bool()> expired;
};

// Judges the plan of one map by every policy of the set and the floor. Pure and deterministic but
// for validators; the only clock is context.now. Anything that goes wrong denies. O(changes ×
// policies of scope change) within CostBudget::ForChanges().
PolicyReport Judge(const CompiledSet& policies, const MapPlan& plan, const JudgeContext& context,
                   const JudgeOptions& options = {});

// Judges a map as it is served, by the policies of scope live. `context.live` is what is served.
PolicyReport JudgeLive(const CompiledSet& policies, const manifests::DesiredMap& map,
                       const JudgeContext& context, const JudgeOptions& options = {});

}  // namespace portolan::reconciler
