// Which policies judge the commits of a source and the overrides of its maps, and when they are
// asked.

#include <algorithm>

#include "controller/reconcile/approvals.h"
#include "controller/reconcile/source_event.h"
#include "controller/reconcile/source_reconciler.h"
#include "manifests/short_commit.h"
#include "reconciler/rollout/group.h"
#include "reconciler/rollout/marks.h"

namespace portolan::controller {
namespace {

using manifests::ShortCommit;
using manifests::Value;
using reconciler::Rollout;

// Everything that one judgement of a plan borrows.
struct Question {
  const PolicyGate& gate;
  const reconciler::MapPlan& plan;
  const manifests::DesiredState& desired;
  const mapcore::MapVersion* live;
  reconciler::ServedMarks masked;  // beyond what `desired` marks
  const Rollout* rollout;          // with its approvals; null for a map that has none yet
  reconciler::Writers writers;
  std::vector<std::string> signers;  // verified identities of the commit
};

GateReport Ask(const Question& question, const People& people, WallTime now) {
  reconciler::JudgeContext context;
  context.desired = &question.desired;
  context.live = question.live;
  context.masked = question.masked;
  context.actor.name = question.plan.revision.author;
  context.commit.signers = question.signers;
  context.now = now;
  reconciler::JudgeOptions options;
  if (question.rollout != nullptr) {
    CountedApprovals counted =
        CountApprovals(*question.rollout, {question.plan.id, question.writers}, people, now);
    context.approvals = std::move(counted.facts);
    options.overrides = std::move(counted.overrides);
  }
  return question.gate.Judge(question.plan, context, options);
}

std::vector<reconciler::Finding> CannotBeAsked(const std::string& why) {
  return {{"policies", std::string(reconciler::kHardLevel), "they cannot be asked: " + why}};
}

// As the plan's record keeps it, beside those of maps.
Value RecordOf(const PolicyPlan& plan, const std::string& source) {
  Value record = PolicyPlanToValue(plan);
  record.Set("kind", "policies");
  record.Set("source", source);
  return record;
}

}  // namespace

void SourceReconciler::RestorePolicies() {
  if (bound()) return void(TakeBinding());
  const std::string commit = status().policies;
  if (commit.empty()) return;
  if (status().policy_history.sets().empty()) {  // an earlier version kept none
    const std::scoped_lock lock(mutex_);
    status_.policy_history.Accept({commit, now_, "", {}, false});
  }
  const auto artifact = ports_.git.Open(commit);
  const auto desired = artifact.ok() ? loader_.Load(*artifact) : artifact.error();
  const Status taken = desired.ok() ? gate_.Take(*desired) : Status(desired.error());
  if (taken.ok()) return gate_.Accept();
  gate_.DenyAll("the policies of commit " + ShortCommit(commit) +
                ", which judge, cannot be read: " + taken.error().message);
}

void SourceReconciler::RestoreAccepted() {
  const std::string commit = status().accepted;
  if (commit.empty()) return;
  const auto artifact = ports_.git.Open(commit);
  if (!artifact.ok()) return;
  auto desired = loader_.Load(*artifact);
  if (!desired.ok()) return;
  if (!desired->policies.incomplete) base_ = ContentOf(*desired);
  // What is in flight goes on although the commit that is followed may be refused.
  const std::scoped_lock lock(mutex_);
  in_force_ = std::make_shared<const InForce>(InForce{gate_, *std::move(desired)});
}

void SourceReconciler::TakePolicies(const std::vector<std::string>& signers) {
  if (bound()) {
    policies_refused_ = RefuseOwnPolicies();
    if (!policies_refused_) policies_refused_ = CheckTravel(signers);
    return;
  }
  const PolicyGate before = gate_;
  const Status taken = gate_.Take(*desired_, now_);
  policies_refused_ = taken.ok() ? RefuseInPolicySource() : std::optional(taken.error());
  if (!policies_refused_) policies_refused_ = CheckTravel(signers);
  // Nothing of a refused commit may come into force later, and what a file that cannot be read
  // wants is not known: what judges and what waits stay.
  if (policies_refused_ || desired_->policies.incomplete) {
    gate_ = before;
    ResumeRollback();
  } else {
    KeepRollback();
  }
}

PolicyPlan SourceReconciler::PlanPolicies() const {
  PolicyPlan plan;
  const reconciler::PolicyChange change = gate_.change();
  Value::Array differences;
  for (const reconciler::PolicyDifference& difference : change.differences) {
    plan.changes.push_back(difference.what);
    differences.emplace_back(difference.what);
  }
  plan.id =
      Sha256Of(manifests::CanonicalJson(Value::Object{{"source", settings_.name},
                                                      {"environment", settings_.environment.name},
                                                      {"before", gate_.judging().digest.ToString()},
                                                      {"after", gate_.taken().digest.ToString()},
                                                      {"changes", std::move(differences)}}));
  plan.commit = desired_->revision.commit;
  plan.writers = policy_writers_;
  plan.loosens = change.loosens() || change.differences.empty();
  plan.owners = settings_.policy_owners;
  if (!plan.owners.empty()) return plan;
  // Those who own what judges now: a new set would name whom it likes.
  for (const auto& [name, policy] : gate_.judging().policies) {
    const std::string& owner = policy->manifest->owner;
    if (!owner.empty() && std::ranges::find(plan.owners, owner) == plan.owners.end())
      plan.owners.push_back(owner);
  }
  return plan;
}

void SourceReconciler::ConsiderPolicies(bool nothing_served) {
  const SourceStatus before = status();
  if (bound()) (void)TakeBinding();
  if (bound() || !gate_.pending()) {
    gate_.JudgeBoth(false);
    if (before.policy_plan) {
      const std::scoped_lock lock(mutex_);
      status_.policy_plan.reset();
    }
    if (before.policy_plan) (void)Keep();
    return PublishInForce();
  }
  if (before.policies.empty() && nothing_served)
    return AcceptPolicies("git", desired_->revision.commit);
  PolicyPlan plan = PlanPolicies();
  const auto& waits = before.policy_plan;
  if (waits &&
      (waits->rollback ? waits->rollback->set == gate_.taken().digest : waits->id == plan.id)) {
    gate_.JudgeBoth(waits->approved());
    return PublishInForce();
  }
  // Who had a part in what waited has a part in what replaces it, and so have those in what was
  // rolled back from: the commit may bring that back.
  if (waits) plan.writers.Add(waits->writers);
  plan.writers.Add(before.policy_history.WritersAfter(before.policies));
  auto event = SourceEvent(settings_.name, "Normal", "PoliciesHeld",
                           "commit " + ShortCommit(plan.commit) + " changes policies (" +
                               JoinedChanges(plan) + "); to allow it, an owner: portolan approve " +
                               plan.id.ToString());
  HoldPolicies(plan, std::move(event));
}

void SourceReconciler::HoldPolicies(const PolicyPlan& plan, reconciler::Event event) {
  gate_.JudgeBoth(false);
  {
    const std::scoped_lock lock(mutex_);
    status_.policy_plan = plan;
  }
  reconciler::Batch batch;
  batch.puts.push_back({"plan/" + plan.id.ToString(),
                        manifests::CanonicalJson(RecordOf(plan, settings_.name)), std::nullopt});
  (void)ports_.store.Commit(batch);
  (void)Keep();
  ports_.event(std::move(event));
  PublishInForce();
}

Result<SourceStatus> SourceReconciler::TakeApproval(const PolicyApproval& approval) {
  const SourceStatus before = status();
  if (!before.policy_plan || before.policy_plan->id != approval.plan)
    return Error{ErrorCode::kConflict, "plan " + approval.plan.Short() +
                                           " is not what the policies of " + settings_.name +
                                           " wait for; see: portolan policy status"};
  PolicyPlan plan = *before.policy_plan;
  if (plan.approved())
    return Error{ErrorCode::kConflict, "plan " + approval.plan.Short() + " was approved by " +
                                           plan.approved_by + " already"};
  PORTOLAN_CHECK(CheckPolicyApproval(plan, approval.actor, *settings_.people, now_));
  plan.approved_by = approval.actor;
  plan.reason = approval.reason;
  plan.approved_at = now_;
  plan.effective = now_ + (plan.loosens ? settings_.policy_delay : Duration(0));
  {
    const std::scoped_lock lock(mutex_);
    status_.policy_plan = plan;
  }
  if (const Status kept = Keep(); !kept.ok()) {
    const std::scoped_lock lock(mutex_);
    status_.policy_plan = before.policy_plan;
    return kept.error();
  }
  auto event = SourceEvent(settings_.name, "Normal", "PoliciesApproved",
                           "plan " + plan.id.Short() + " of the policies approved by " +
                               approval.actor + "; it judges from " + FormatTime(*plan.effective));
  event.actor = approval.actor;
  ports_.event(std::move(event));
  if (AwaitPolicies() && status().policy_plan) Plan();
  return status();
}

std::optional<Duration> SourceReconciler::AwaitPolicies() {
  const auto plan = status().policy_plan;
  if (!plan || !plan->effective || !desired_ || !gate_.pending()) return std::nullopt;
  if (now_ < *plan->effective) return *plan->effective - now_;
  AcceptPolicies(plan->approved_by, plan->commit);
  wished_.clear();
  Plan();
  return std::nullopt;
}

void SourceReconciler::AcceptPolicies(const std::string& actor, const std::string& commit) {
  gate_.Accept();
  NoteAcceptedPolicies(actor, commit);
  (void)Keep();
  auto event =
      SourceEvent(settings_.name, "Normal", "PoliciesAccepted",
                  "the policies of commit " + ShortCommit(commit) +
                      " judge from now on: " + std::to_string(gate_.judging().policies.size()) +
                      " policies with the built-in ones, " +
                      std::to_string(gate_.judging().waivers.size()) + " waivers");
  event.actor = actor;
  ports_.event(std::move(event));
  PublishInForce();
}

void SourceReconciler::PublishInForce() {
  if (settings_.policies_only) PublishBinding();
  const std::scoped_lock lock(mutex_);
  const bool refused = policies_refused_.has_value() && in_force_ != nullptr;
  in_force_ =
      std::make_shared<const InForce>(InForce{gate_, refused ? in_force_->desired : *desired_});
}

GateReport SourceReconciler::JudgePlan(const reconciler::MapPlan& plan, const Served& served,
                                       const reconciler::Writers& writers) {
  const auto live = served.stable.find(plan.map);
  const auto rollout = ports_.rollouts.Find(plan.map);
  GateReport gate =
      Ask({gate_, plan, *desired_, live == served.stable.end() ? nullptr : live->second.get(),
           served.masked, rollout.get(), writers, status().signers},
          *settings_.people, now_);
  AddRegulated({plan, writers, rollout.get(), desired_->maps.at(plan.map)->regulated}, now_, gate);
  return gate;
}

std::vector<reconciler::Finding> SourceReconciler::JudgeRaise(const Rollout& rollout,
                                                              WallTime now) const {
  std::shared_ptr<const InForce> in_force;
  {
    const std::scoped_lock lock(mutex_);
    in_force = in_force_;
  }
  if (in_force == nullptr) return CannotBeAsked("the source was not read since the start");
  if (!rollout.members.empty()) return JudgeRaiseOfAll(rollout, now);
  const reconciler::Target& target = *rollout.target;
  const auto version = ports_.versions.Get(target.version.digest);
  if (!version.ok()) return CannotBeAsked(version.error().message);
  mapcore::VersionPtr stable;
  if (rollout.stable) {
    auto loaded = ports_.versions.Get(rollout.stable->digest);
    if (!loaded.ok()) return CannotBeAsked(loaded.error().message);
    stable = *std::move(loaded);
  }
  // The rollout keeps what it started with; the newest commit may say something else of the map.
  manifests::DesiredState desired = in_force->desired;
  manifests::DesiredMap map;
  if (const auto declared = desired.maps.find(rollout.map); declared != desired.maps.end())
    map = *declared->second;
  map.name = rollout.map;
  map.version = *version;
  map.strategy = target.strategy;
  map.rollout_rules.clear();
  const std::set<std::string> masked = reconciler::ServingOf(rollout).sensitive;
  map.sensitive.assign(masked.begin(), masked.end());
  desired.maps[map.name] = std::make_shared<const manifests::DesiredMap>(map);
  reconciler::MapPlan plan = reconciler::MakeMapPlan(stable.get(), map, target.version.revision,
                                                     settings_.environment.name);
  plan.id = target.plan;
  // Who signed an earlier commit is not kept: then a rule that asks for signers denies the raise.
  SourceStatus known = status();
  if (known.followed != target.version.revision.commit) known.signers.clear();
  const reconciler::Writers writers = WritersOf(target);
  // The source's own thread may be busy with the network; what the policySource says is there.
  const PolicyGate judging = bound() ? ports_.binding->gate() : in_force->gate;
  GateReport gate =
      Ask({judging, plan, desired, stable.get(),
           reconciler::MarksBeyond(reconciler::ServedMarksOf(ports_.rollouts.All()), desired),
           &rollout, writers, std::move(known.signers)},
          *settings_.people, now);
  AddRegulated({plan, writers, &rollout, map.regulated}, now, gate);
  return std::move(gate.findings);
}

// One that is denied holds them all.
std::vector<reconciler::Finding> SourceReconciler::JudgeRaiseOfAll(const Rollout& group,
                                                                   WallTime now) const {
  std::vector<reconciler::Finding> findings;
  for (const std::string& map : group.members) {
    const Rollout member = MemberOf(group, map);
    if (!member.target || member.target->plan.empty()) continue;  // it does not change
    for (reconciler::Finding& finding : JudgeRaise(member, now)) {
      reconciler::OfMember(map, finding);
      findings.push_back(std::move(finding));
    }
  }
  return findings;
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

// Which policies judge and which maps are regulated may have changed since the last plan.
std::shared_ptr<const OverrideRules> SourceReconciler::override_rules() const {
  std::optional<OverrideRules> rules;
  {
    const std::scoped_lock lock(mutex_);
    if (override_rules_ == nullptr) return nullptr;
    rules = *override_rules_;
    for (const auto& [map, since] : status_.regulated) rules->regulated.insert(map);
  }
  if (bound()) rules->gate = ports_.binding->gate();
  return std::make_shared<const OverrideRules>(*std::move(rules));
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
