#pragma once

#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/reconcile/binding_policies.h"
#include "controller/reconcile/commit_content.h"
#include "controller/reconcile/commit_files.h"
#include "controller/reconcile/external_approval.h"
#include "controller/reconcile/override_check.h"
#include "controller/reconcile/people.h"
#include "controller/reconcile/policy_gate.h"
#include "controller/reconcile/rollout_reconciler.h"
#include "controller/reconcile/source_status.h"
#include "manifests/loader.h"
#include "mapcore/base/random.h"
#include "reconciler/analysis/metric_expression.h"
#include "reconciler/plan.h"
#include "reconciler/ports/git_source.h"

namespace portolan::controller {

// Asks to go back to policies that judged before.
struct PolicyRollback {
  std::string to;  // the commit, or its first 7 digits or more; empty: the set before
  std::string actor;
  std::string reason;
};

struct SourceSettings {
  std::string name;
  std::string url;
  std::string branch;
  std::string path;
  Duration poll = std::chrono::seconds(30);
  bool accept_rewrites = false;                      // onRewrite: accept
  Duration audit = std::chrono::minutes(1);          // between audits of what is served
  bool verifies = false;                             // commits must be signed
  bool atomic = false;                               // one bad map stops the whole commit
  bool policies_only = false;                        // it is the configuration's policySource
  reconciler::TargetFacts environment = {};          // what policies see; its name binds approvals
  Duration policy_delay = std::chrono::minutes(10);  // before a looser set of policies judges
  std::vector<std::string> policy_owners = {};       // who approves it; empty: the set's own owners
  std::shared_ptr<const People> people = std::make_shared<const People>();  // authors, approvers
};

// Follows one source: fetch, load, plan, and tell the RolloutReconciler what the maps should be.
// Look runs on one thread, which the daemon owns; everything else may be called from any thread.
// Whatever goes wrong with the source becomes its status; what is served never changes because of
// it.
class SourceReconciler {
 public:
  struct Ports {
    reconciler::GitSource& git;
    reconciler::StateStore& store;
    VersionCache& versions;
    RolloutReconciler& rollouts;
    std::function<void(reconciler::Event)> event;
    reconciler::Validators* validators = nullptr;  // null: policies that name one deny
    ExternalApproval* external = nullptr;          // null: regulated maps go nowhere
    // Of the policySource, which the one that follows it writes and all others are bound by; null:
    // each source has policies of its own.
    BindingPolicies* binding = nullptr;
    std::function<void()> policies_changed = [] {};  // what `binding` says is another
  };

  SourceReconciler(SourceSettings settings, Ports ports, std::uint64_t jitter_seed);

  // Takes up the commit that was followed before a restart, from the local mirror, without the
  // network. False, with the status saying why, when what was followed cannot be told: then nothing
  // may be looked at, for a source that is taken for new follows any history and accepts its
  // policies. Call it again later.
  bool Restore(const Now& now);
  // Looks at the remote if it is due or marked dirty, plans anew if asked to. Returns when to look
  // again.
  Duration Look(const Now& now);
  void Wait(Duration duration);
  void Wake();

  void MarkDirty();
  // The map's stable version or quarantine changed: plan it anew, without looking at the remote.
  void Replan(const std::string& map);
  // The same; answers when it is planned and judged, and the rollouts know.
  std::future<SourceStatus> Rejudge(const std::string& map);
  // Looks now; answers when that is done.
  std::future<SourceStatus> Sync();
  // Follows a tip that was held (rewritten or unrelated). Errors: kConflict when no such tip is
  // pending.
  Result<SourceStatus> Accept(const std::string& commit);

  // What an override of one of its maps has to pass now; null before the first commit was planned.
  std::shared_ptr<const OverrideRules> override_rules() const;
  // The policies of the policySource changed: judges everything anew.
  void PoliciesChanged();
  // Approves the change of policies that waits. Errors, in the future: kConflict when it is not the
  // one that waits, kDenied for who may not, those of the store.
  std::future<Result<SourceStatus>> ApprovePolicies(PolicyApproval approval);
  // Asks to go back to policies that were accepted before, which an owner approves as any change of
  // them; no map moves. Asked for those that judge, takes back such a question. Errors, in the
  // future: kNotFound and kInvalid for what was never accepted, kConflict when it judges already,
  // an approved change waits for its time, or a policySource judges; those of reading the commit.
  std::future<Result<SourceStatus>> RollBackPolicies(PolicyRollback rollback);
  // The files of commits that were fetched: of the first one, and of those after it until what was
  // read is more than `bytes_max`; the others are left out.
  std::future<CommitFiles> ReadFiles(std::vector<std::string> commits, std::size_t bytes_max);
  // What the policies in force say of the rollout's plan now; not empty: its weight may not rise.
  std::vector<reconciler::Finding> JudgeRaise(const reconciler::Rollout& rollout,
                                              WallTime now) const;

  SourceStatus status() const;
  const std::string& name() const { return settings_.name; }

 private:
  using Rollouts = std::vector<std::shared_ptr<const reconciler::Rollout>>;
  struct Wished {
    Digest target;
    std::optional<Digest> base;
    Digest plan;  // changes with the strategy too
    std::vector<std::string> sensitive;
    manifests::HealSettings heal;
    std::vector<reconciler::Finding> findings;
    std::string group;

    friend bool operator==(const Wished&, const Wished&) = default;
  };

  // What the commit wants of one map, and what is known of the plan for it.
  struct Intended {
    reconciler::MapPlan plan;
    bool planned = false;  // it changes
    reconciler::Writers writers;
    manifests::Value policies;
    manifests::Value judged_in;
    Wished wished;
    bool news = false;  // it was not asked for yet
  };

  // `accepted`: a tip to follow although it is no descendant.
  void Fetch(const Now& now, const std::optional<std::string>& accepted);
  // `accepted`: an operator answers for the history before the commit.
  void Follow(const reconciler::FetchResult& found, bool accepted);
  void RefuseUnverified(const std::string& commit, const Error& why);
  void RestoreSigners();
  bool RestoreRecord();
  void Resume();
  // `signers`: verified identities of the commit.
  bool Load(const std::string& commit, const std::vector<std::string>& signers);
  // Offers the commit's policies to the gate, and notes why nothing of it may be taken.
  void TakePolicies(const std::vector<std::string>& signers);
  // What judges at this moment, for other threads.
  struct InForce {
    PolicyGate gate;
    manifests::DesiredState desired;
  };
  // Which policies judge after a restart: those of the commit that was accepted last.
  void RestorePolicies();
  void RestoreAccepted();
  // Whether the policies that judge are the policySource's, which is another repository.
  bool bound() const { return ports_.binding != nullptr && !settings_.policies_only; }
  // Takes the policies of the policySource as they are now. True when they may judge otherwise.
  bool TakeBinding();
  // As a policySource: gives out what judges now.
  void PublishBinding();
  // As a policySource: notes that its policies are current, or have grown too old.
  void NotePoliciesAge();
  // Why a commit may hold no policies, or hold nothing but policies.
  std::optional<Error> RefuseOwnPolicies() const;
  std::optional<Error> RefuseInPolicySource() const;
  // Sees what the commit changes since the last one that was taken, and who wrote that. An error
  // when it, or a commit on the way, changes policies and maps.
  std::optional<Error> CheckTravel(const std::vector<std::string>& signers);
  Result<std::vector<CommitStep>> StepsSinceAccepted(const CommitStep& tip);
  Result<CommitStep> StepOf(const std::string& commit, bool with_content);
  // The commit's content is taken.
  void TakeContent();
  // Who has a part in what the map is to become: since its stable version, as far as it is known.
  reconciler::Writers WritersOfMap(const std::string& map,
                                   const reconciler::Rollout* rollout) const;
  // A commit with another set of policies gets a policy plan; the first one is accepted.
  void ConsiderPolicies(bool nothing_served);
  PolicyPlan PlanPolicies() const;
  void HoldPolicies(const PolicyPlan& plan, reconciler::Event event);
  Result<SourceStatus> TakeRollback(const PolicyRollback& asked);
  Result<SourceStatus> WithdrawRollback(const SourceStatus& before);
  void DropRollback(const std::string& message);
  void KeepRollback();
  void ResumeRollback();
  Status OfferPoliciesOf(const std::string& commit);
  Digest SetInGit() const;
  void NoteAcceptedPolicies(const std::string& actor, const std::string& commit);
  void AcceptPolicies(const std::string& actor, const std::string& commit);
  // Accepts a set whose time has come. Returns how long it is until then.
  std::optional<Duration> AwaitPolicies();
  Result<SourceStatus> TakeApproval(const PolicyApproval& approval);
  // What somebody asks of the policies, answered in the next look.
  using PolicyRequest = std::packaged_task<Result<SourceStatus>()>;
  std::future<Result<SourceStatus>> Enqueue(PolicyRequest request);
  void PublishInForce();
  // With what an audit judges the plan once more.
  void AddJudged(const reconciler::MapPlan& plan, manifests::Value judged_in,
                 manifests::Value& record) const;
  struct FileRead {
    std::vector<std::string> commits;
    std::size_t bytes_max = 0;
    std::promise<CommitFiles> done;
  };
  CommitFiles FilesOf(const FileRead& asked);
  // What the source's maps serve as a plan of its commit begins.
  struct Served {
    reconciler::StableVersions stable;
    reconciler::ServedMarks masked;  // beyond what the commit marks
  };
  GateReport JudgePlan(const reconciler::MapPlan& plan, const Served& served,
                       const reconciler::Writers& writers);
  // Which maps wait for signed answers, by the commit that is taken.
  void NoteRegulated();
  void ReleaseRegulated(const manifests::DesiredMap& map, const reconciler::Rollout* rollout);
  struct RegulatedPlan {
    const reconciler::MapPlan& plan;
    const reconciler::Writers& writers;
    const reconciler::Rollout* rollout;  // may be null
    bool stays;                          // regulated, by the manifest
  };
  // What holds the plan of a regulated map; nothing once a good answer counts.
  std::optional<reconciler::Finding> AnswerMissing(const Digest& plan,
                                                   const reconciler::Writers& writers,
                                                   const reconciler::Rollout* rollout,
                                                   WallTime now) const;
  // Adds that to what policies say, and sees to it that the question is asked.
  void AddRegulated(const RegulatedPlan& asked, WallTime now, GateReport& gate) const;
  std::vector<reconciler::Finding> JudgeRaiseOfAll(const reconciler::Rollout& group,
                                                   WallTime now) const;
  // Judges what is served by the policies of scope live. Says what it finds in the status and by
  // events, and changes nothing else.
  void Audit();
  // Time, approvals and waivers may have changed what policies say of what is held.
  void JudgeAnew();
  // Judges overrides from now on by what is desired and accepted now.
  void PublishOverrideRules();
  void Plan();
  void Conclude();
  std::optional<Error> WholeRefused(const reconciler::StableVersions& served) const;
  Status CollectTargets(const reconciler::Plan& plan, const Served& served, SourceWish& wish);
  Intended IntendedFor(const manifests::DesiredMap& desired, const reconciler::MapPlan* planned,
                       const Served& served);
  void CollectGroups(SourceWish& wish);
  reconciler::StableVersions StableOf(const Rollouts& all);
  reconciler::Target TargetOf(const manifests::DesiredMap& desired, const reconciler::MapPlan& plan,
                              const reconciler::Rollout* rollout);
  void MatchQuarantines(const reconciler::Rollout& rollout, reconciler::Target& target,
                        const mapcore::MapVersion& version);
  void RefuseForeignMaps(const Rollouts& all);
  void RefuseForeignGroups();
  void Fail(const Error& error, bool stalled);
  void Settle(std::string_view reason, std::string message, bool ready, bool stalled);
  Status Keep();

  const SourceSettings settings_;
  Ports ports_;
  Random jitter_;
  manifests::Loader loader_{{}, reconciler::CheckMetricExpression};
  std::optional<manifests::DesiredState> desired_;
  std::string tree_;  // of desired_
  PolicyGate gate_;
  std::optional<Error> policies_refused_;  // of desired_
  CommitContent content_;                  // of desired_
  reconciler::Writers policy_writers_;     // who made desired_'s policies, as far as they are new
  std::map<std::string, reconciler::Writers> new_writers_;  // of its maps, as far as they are new
  std::map<std::string, reconciler::Writers> map_writers_;  // since each map's stable version
  std::optional<CommitContent> base_;                       // of the last commit that was taken
  WallTime now_{};                                          // of the present look
  int failures_ = 0;                                        // in a row
  Duration next_look_{0};
  Duration next_audit_{0};
  // What was last asked for, by map: the wish is repeated only when it, its base or its plan
  // changes.
  std::map<std::string, Wished> wished_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  SourceStatus status_;
  std::shared_ptr<const OverrideRules> override_rules_;
  bool dirty_ = true;
  std::set<std::string> replan_;
  std::uint64_t binding_generation_ = 0;
  std::optional<WallTime> kept_read_;  // of the record, so that not every look writes one
  bool woken_ = false;
  std::optional<std::string> accepted_;
  std::vector<std::promise<SourceStatus>> syncs_;
  std::vector<std::promise<SourceStatus>> rejudged_;
  std::vector<PolicyRequest> policy_requests_;  // in the order in which they came
  std::vector<FileRead> file_reads_;
  std::shared_ptr<const InForce> in_force_;
};

}  // namespace portolan::controller
