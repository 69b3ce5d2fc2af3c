// Going back to policies that judged before, although git still holds newer ones.

#include "controller/reconcile/source_event.h"
#include "controller/reconcile/source_reconciler.h"
#include "manifests/short_commit.h"

namespace portolan::controller {
namespace {

using manifests::ShortCommit;
using manifests::Value;

}  // namespace

// Offers the policies of an earlier commit to the gate in place of those that git holds.
Status SourceReconciler::OfferPoliciesOf(const std::string& commit) {
  PORTOLAN_TRY(const manifests::Artifact artifact, ports_.git.Open(commit));
  PORTOLAN_TRY(const manifests::DesiredState desired, loader_.Load(artifact));
  if (desired.policies.incomplete)
    return Error{ErrorCode::kInvalid, "a file of commit " + ShortCommit(commit) +
                                          " cannot be read and may hide a policy"};
  return gate_.Take(desired, now_);
}

// The set that git holds: what was offered in its place is not asked for by any commit.
Digest SourceReconciler::SetInGit() const {
  const SourceStatus now = status();
  if (now.policy_plan && now.policy_plan->rollback) return now.policy_plan->rollback->leaves;
  if (now.policies_left) return *now.policies_left;
  return gate_.taken().digest;
}

Result<SourceStatus> SourceReconciler::TakeRollback(const PolicyRollback& asked) {
  const SourceStatus before = status();
  if (bound())
    return Error{ErrorCode::kConflict, "the policies of policySource \"" +
                                           ports_.binding->source() + "\" judge " + settings_.name +
                                           "; roll those back: portolan rollback --policies " +
                                           ports_.binding->source()};
  if (!desired_)
    return Error{ErrorCode::kUnavailable,
                 "source " + settings_.name + " was not read since the daemon started"};
  // Until its time both sets judge: whoever may ask could lift what an owner tightened.
  if (before.policy_plan && before.policy_plan->approved())
    return Error{ErrorCode::kConflict, "plan " + before.policy_plan->id.Short() +
                                           " of the policies is approved and judges from " +
                                           FormatTime(*before.policy_plan->effective) +
                                           "; roll back after that"};
  PORTOLAN_TRY(const AcceptedSet set, before.policy_history.Find(before.policies, asked.to));
  if (set.commit == before.policies) return WithdrawRollback(before);
  const PolicyGate gate = gate_;
  const Digest leaves = SetInGit();
  const Status offered = OfferPoliciesOf(set.commit);
  if (!offered.ok() || !gate_.pending()) {
    gate_ = gate;
    PORTOLAN_CHECK(offered);
    return Error{ErrorCode::kConflict, "the policies of commit " + ShortCommit(set.commit) +
                                           " are the same as those that judge"};
  }
  PolicyPlan plan = PlanPolicies();
  plan.commit = set.commit;
  plan.writers = set.writers;
  plan.rollback = PolicyPlan::Rollback{leaves, gate_.taken().digest, asked.actor, asked.reason};
  plan.id = Sha256Of(manifests::CanonicalJson(Value::Object{
      {"changes", plan.id.ToString()}, {"rollback", set.commit}, {"by", asked.actor}}));
  if (before.policy_plan && before.policy_plan->id == plan.id) return before;
  auto event =
      SourceEvent(settings_.name, "Normal", "PoliciesRollbackAsked",
                  asked.actor + " asks to go back to the policies of commit " +
                      ShortCommit(set.commit) + " (" + JoinedChanges(plan) + "): " + asked.reason +
                      "; to allow it, an owner: portolan approve " + plan.id.ToString());
  event.actor = asked.actor;
  HoldPolicies(plan, std::move(event));
  return status();
}

// Asked for what judges: what waits to go further back does not any more.
Result<SourceStatus> SourceReconciler::WithdrawRollback(const SourceStatus& before) {
  if (!before.policy_plan || !before.policy_plan->rollback)
    return Error{ErrorCode::kConflict,
                 "the policies of commit " + ShortCommit(before.policies) + " judge already"};
  DropRollback("the policies of commit " + ShortCommit(before.policies) +
               " go on judging: that is asked for instead");
  Plan();
  return status();
}

void SourceReconciler::DropRollback(const std::string& message) {
  {
    const std::scoped_lock lock(mutex_);
    status_.policy_plan.reset();
  }
  gate_.JudgeBoth(false);
  gate_.KeepJudging();
  (void)Keep();
  ports_.event(SourceEvent(settings_.name, "Normal", "PoliciesRollbackDropped", message));
  // What git holds is asked for again, unless it was rolled back from before.
  if (policies_refused_ || desired_->policies.incomplete) return;
  if (gate_.Take(*desired_, now_).ok()) KeepRollback();
}

// The commit's own set was offered to the gate. One that git held when a rollback was asked for, or
// came into force, is not asked for again by a commit that changes something else.
void SourceReconciler::KeepRollback() {
  const SourceStatus before = status();
  const Digest& found = gate_.taken().digest;
  const auto& plan = before.policy_plan;
  if (plan && plan->rollback && found == plan->rollback->leaves) {
    const Status offered = OfferPoliciesOf(plan->commit);
    if (offered.ok()) return;
    DropRollback("the policies of commit " + ShortCommit(plan->commit) +
                 " cannot be gone back to: " + offered.error().message);
  } else if (before.policies_left && found == *before.policies_left) {
    // Where nothing is known to judge, what git holds is better than nothing, with an approval.
    if (!gate_.denies_all()) gate_.KeepJudging();
  } else if (before.policies_left) {
    const std::scoped_lock lock(mutex_);
    status_.policies_left.reset();  // the record follows with the commit's
  }
}

// After a restart at a commit whose own set says nothing: what waits needs none of it.
void SourceReconciler::ResumeRollback() {
  const auto plan = status().policy_plan;
  if (plan && plan->rollback && plan->rollback->set != gate_.taken().digest)
    (void)OfferPoliciesOf(plan->commit);
}

void SourceReconciler::NoteAcceptedPolicies(const std::string& actor, const std::string& commit) {
  const std::scoped_lock lock(mutex_);
  const auto& plan = status_.policy_plan;
  AcceptedSet set{commit, now_, actor, plan ? plan->writers : policy_writers_, false};
  status_.policies_left.reset();
  if (plan && plan->rollback) {
    status_.policy_history.Leave(status_.policies);
    if (plan->rollback->leaves != gate_.judging().digest)
      status_.policies_left = plan->rollback->leaves;
  }
  status_.policy_history.Accept(std::move(set));
  status_.policies = commit;
  status_.policy_plan.reset();
}

}  // namespace portolan::controller
