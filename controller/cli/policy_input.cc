#include "controller/cli/policy_input.h"

#include "controller/zones/zone_directory.h"

namespace portolan::controller {

Result<LoadedPolicies> LoadPolicies(const TreeLocation& location, WallTime now,
                                    const reconciler::TrialOptions& tests) {
  PORTOLAN_TRY(manifests::DesiredState state, LoadTree(location));
  if (state.revision.commit.empty()) {
    for (manifests::Diagnostic& late : manifests::LongWaivers(state.policies, now))
      state.policies.errors.push_back(std::move(late));
  }
  auto compiled = reconciler::CompileSet(state.policies, SystemZones(), tests);
  return LoadedPolicies{std::move(state), std::move(compiled)};
}

std::vector<reconciler::PolicyReport> JudgePlan(const reconciler::CompiledSet& policies,
                                                const reconciler::Plan& plan,
                                                const reconciler::StableVersions& stable,
                                                const reconciler::JudgeContext& context,
                                                const reconciler::JudgeOptions& options) {
  std::vector<reconciler::PolicyReport> reports;
  for (const reconciler::MapPlan& map : plan.maps) {
    reconciler::JudgeContext own = context;
    const auto live = stable.find(map.map);
    own.live = live == stable.end() ? nullptr : live->second.get();
    reports.push_back(reconciler::Judge(policies, map, own, options));
  }
  return reports;
}

}  // namespace portolan::controller
