#pragma once

#include <memory>

#include "controller/cli/plan_input.h"
#include "manifests/desired_state.h"
#include "reconciler/policy/compiled_set.h"
#include "reconciler/policy/judge.h"

namespace portolan::controller {

// A revision or directory with its policies compiled and tested. A waiver in a plain directory is
// measured against `now`. `tests` chooses among the tests.
struct LoadedPolicies {
  manifests::DesiredState state;
  reconciler::CompiledSetResult compiled;
};
Result<LoadedPolicies> LoadPolicies(const TreeLocation& location, WallTime now,
                                    const reconciler::TrialOptions& tests = {});

// Judges every map of an offline plan, in its order.
std::vector<reconciler::PolicyReport> JudgePlan(const reconciler::CompiledSet& policies,
                                                const reconciler::Plan& plan,
                                                const reconciler::StableVersions& stable,
                                                const reconciler::JudgeContext& context,
                                                const reconciler::JudgeOptions& options = {});

}  // namespace portolan::controller
