#include "reconciler/policy/judge.h"

#include <algorithm>
#include <iterator>

#include "reconciler/policy/floor_policies.h"
#include "reconciler/policy/second_opinion.h"
#include "reconciler/policy/verdict.h"

namespace portolan::reconciler {
namespace {

using manifests::PolicyLevel;
using manifests::Waiver;

std::vector<const Waiver*> WaiversOf(const CompiledSet& policies, std::string_view policy,
                                     std::string_view map, WallTime now) {
  std::vector<const Waiver*> waivers;
  for (const auto& [name, waiver] : policies.waivers)
    if (waiver->policy == policy && now < waiver->until && waiver->Covers(map))
      waivers.push_back(waiver.get());
  return waivers;
}

bool MayOverride(const CompiledPolicy* policy, const PolicyOverride& item) {
  if (policy == nullptr || policy->manifest->override_groups.empty()) return true;
  return std::ranges::find_first_of(policy->manifest->override_groups, item.groups) !=
         policy->manifest->override_groups.end();
}

void Override(PolicyVerdict& verdict, const CompiledPolicy* policy, const Digest& plan,
              const std::vector<PolicyOverride>& overrides) {
  if (!verdict.blocks() || verdict.level != PolicyLevel::kSoft) return;
  const auto found = std::ranges::find_if(overrides, [&](const PolicyOverride& item) {
    return item.policy == verdict.policy && item.plan == plan &&
           item.policy_digest == verdict.policy_digest && MayOverride(policy, item);
  });
  if (found == overrides.end()) return;
  verdict.outcome = Outcome::kOverridden;
  verdict.override_note = found->note;
}

void JudgeFloor(const CompiledSet& policies, const MapPlan& plan, WallTime now,
                PolicyReport& report) {
  for (PolicyVerdict& verdict : FloorVerdicts(plan)) {
    if (policies.policies.contains(verdict.policy)) continue;
    const auto waivers = WaiversOf(policies, verdict.policy, plan.map, now);
    if (verdict.outcome == Outcome::kDeny && !waivers.empty()) {
      verdict.outcome = Outcome::kWaived;
      verdict.waiver = waivers.front()->name;
    }
    report.verdicts.push_back(std::move(verdict));
  }
}

struct Subject {
  std::string_view map;
  const ChangeSet* changes;
  PlanVariables& variables;
  OpinionSubject whole;  // as a validator sees it
};

OpinionSubject WholeOf(const MapPlan& plan, const JudgeContext& context) {
  OpinionSubject whole{&plan, nullptr, nullptr};
  if (context.desired == nullptr) return whole;
  const auto found = context.desired->maps.find(plan.map);
  if (found == context.desired->maps.end()) return whole;
  whole.map = found->second.get();
  whole.entries = whole.map->version.get();
  return whole;
}

void JudgeAll(const CompiledSet& policies, const Subject& subject, const JudgeContext& context,
              const JudgeOptions& options, PolicyReport& report) {
  CostBudget budget =
      CostBudget::ForChanges(subject.changes == nullptr ? 0 : subject.changes->changes.size());
  for (const auto& [name, policy] : policies.policies) {
    const VerdictInputs inputs{.map = subject.map,
                               .changes = subject.changes,
                               .target = context.target,
                               .table = subject.variables.table(),
                               .access = subject.variables.access(),
                               .budget = budget,
                               .expired = options.expired ? &options.expired : nullptr,
                               .waivers = WaiversOf(policies, name, subject.map, context.now)};
    report.verdicts.push_back(
        policy->rule ? JudgePolicy(*policy, inputs)
                     : JudgeByValidator(*policy, inputs, subject.whole, options.validators));
  }
  report.cost = budget.used;
}

}  // namespace

PolicyReport Judge(const CompiledSet& policies, const MapPlan& plan, const JudgeContext& context,
                   const JudgeOptions& options) {
  PolicyReport report{.map = plan.map,
                      .plan = plan.id,
                      .policies = policies.digest,
                      .at = context.now,
                      .verdicts = {}};
  PlanVariables variables(plan, context);
  JudgeFloor(policies, plan, context.now, report);
  JudgeAll(policies, {plan.map, &plan.changes, variables, WholeOf(plan, context)}, context, options,
           report);
  std::erase_if(report.verdicts, [](const PolicyVerdict& verdict) {
    return verdict.scope == manifests::PolicyScope::kLive;
  });
  for (PolicyVerdict& verdict : report.verdicts)
    Override(verdict, policies.Find(verdict.policy), plan.id, options.overrides);
  std::ranges::sort(report.verdicts, {}, &PolicyVerdict::policy);
  return report;
}

PolicyReport JudgeLive(const CompiledSet& policies, const manifests::DesiredMap& map,
                       const JudgeContext& context, const JudgeOptions& options) {
  PolicyReport report{
      .map = map.name, .plan = {}, .policies = policies.digest, .at = context.now, .verdicts = {}};
  PlanVariables variables(map, context);
  JudgeAll(policies, {map.name, nullptr, variables, {nullptr, &map, context.live}}, context,
           options, report);
  std::erase_if(report.verdicts, [](const PolicyVerdict& verdict) {
    return verdict.scope != manifests::PolicyScope::kLive;
  });
  return report;
}

}  // namespace portolan::reconciler
