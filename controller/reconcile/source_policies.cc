// Which policies judge the commits of a source and the overrides of its maps, and when they are
// asked.
#include "controller/reconcile/source_reconciler.h"

namespace portolan::controller {

using manifests::Value;

void SourceReconciler::RestorePolicies() {
  const std::string commit = status().policies;
  if (commit.empty()) return;
  const auto artifact = ports_.git.Open(commit);
  const auto desired = artifact.ok() ? loader_.Load(*artifact) : artifact.error();
  const Status taken = desired.ok() ? gate_.Take(*desired) : Status(desired.error());
  if (taken.ok()) return gate_.Accept();
  gate_.DenyAll("the policies of commit " + commit.substr(0, 7) +
                ", which judge, cannot be read: " + taken.error().message);
}

void SourceReconciler::AcceptPolicies(const reconciler::Plan& plan, bool nothing_served) {
  if (!gate_.pending() || !(nothing_served || (plan.maps.empty() && plan.removed.empty()))) return;
  gate_.Accept();
  reconciler::Event event;
  {
    const std::scoped_lock lock(mutex_);
    status_.policies = desired_->revision.commit;
  }
  Keep();
  event.source = settings_.name;
  event.type = "Normal";
  event.reason = "PoliciesAccepted";
  event.message = "the policies of commit " + desired_->revision.commit.substr(0, 7) +
                  " judge from now on: " + std::to_string(desired_->policies.policies.size()) +
                  " policies, " + std::to_string(desired_->policies.waivers.size()) + " waivers";
  event.actor = "git";
  event.data = Value::Object{};
  ports_.event(std::move(event));
}

GateReport SourceReconciler::JudgePlan(const reconciler::MapPlan& plan,
                                       const reconciler::StableVersions& served) {
  reconciler::JudgeContext context;
  context.desired = &*desired_;
  const auto live = served.find(plan.map);
  context.live = live == served.end() ? nullptr : live->second.get();
  context.actor.name = desired_->revision.author;
  context.commit.signers = status().signers;
  context.now = now_;
  return gate_.Judge(plan, context);
}

// A map whose newest declaration is rejected keeps the rules of the one before.
void SourceReconciler::PublishOverrideRules() {
  auto rules = std::make_shared<OverrideRules>(OverrideRules{{}, gate_});
  rules->desired.revision = desired_->revision;
  rules->desired.maps = desired_->maps;
  const std::scoped_lock lock(mutex_);
  if (override_rules_ != nullptr)
    for (const auto& [name, map] : override_rules_->desired.maps)
      if (desired_->rejected.contains(name)) rules->desired.maps.emplace(name, map);
  override_rules_ = std::move(rules);
}

std::shared_ptr<const OverrideRules> SourceReconciler::override_rules() const {
  const std::scoped_lock lock(mutex_);
  return override_rules_;
}

void SourceReconciler::JudgeAnew() {
  if (!desired_ || !status().ready) return;
  for (const auto& rollout : ports_.rollouts.All()) {
    if (rollout->source != settings_.name || rollout->phase != reconciler::Phase::kHeld ||
        !rollout->target || rollout->target->findings.empty())
      continue;
    return Plan();
  }
}

}  // namespace portolan::controller
