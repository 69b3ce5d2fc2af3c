#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "manifests/desired_state.h"
#include "reconciler/floor.h"
#include "reconciler/policy/judge.h"
#include "reconciler/policy/policy_change.h"

namespace portolan::controller {

// What policies say of one plan, for its record and for the rollout that it may start.
struct GateReport {
  manifests::Value policies;                  // PolicyReport, as the plan's record keeps it
  std::vector<reconciler::Finding> findings;  // of what keeps the plan from going live
  manifests::Value judged_in;                 // JudgedIn, as the plan's record keeps it
};

// The policies of one source: which set judges its commits, and what it says of a plan. The last
// accepted set judges a commit, never the one inside it: else one commit could relax a rule and use
// the hole. One thread's own.
class PolicyGate {
 public:
  // `environment` is where plans would be carried out; `validators`, which may be null, judge for
  // policies that name them, and outlive the gate. Until a set is accepted the floor judges.
  explicit PolicyGate(reconciler::TargetFacts environment,
                      reconciler::Validators* validators = nullptr);

  // Compiles the set of the commit that is followed now. Errors: kInvalid, "PolicyRejected: …", for
  // one that does not decode, compile or pass its own tests, or waives for longer than a waiver may
  // from the commit's time or from `now`, whichever is earlier; then nothing of the commit may be
  // taken. The set before goes on judging then, and beside a file that cannot be read.
  Status Take(const manifests::DesiredState& desired, std::optional<WallTime> now = std::nullopt);
  // The commit carries another set than the one that judges.
  bool pending() const;
  // What it would change.
  reconciler::PolicyChange change() const { return ComparePolicies(*judging_, *taken_); }
  const reconciler::CompiledSet& judging() const { return *judging_; }
  const reconciler::CompiledSet& taken() const { return *taken_; }
  // Until it is accepted the commit's set denies beside the one that judges: what it tightens holds
  // at once, what it loosens does not.
  void JudgeBoth(bool both) { both_ = both; }
  // The set of the commit judges from now on, this commit included.
  void Accept();
  // As if the commit carried no other set than the one that judges.
  void KeepJudging() { taken_ = judging_; }
  // No set may be assumed: until one is accepted, every plan is denied for this reason.
  void DenyAll(std::string reason);
  bool denies_all() const { return !denied_.empty(); }
  // From then on every plan is denied for this reason.
  void DenyAfter(WallTime time, std::string reason);
  // Equal for gates that judge alike, times aside.
  std::string Identity() const;

  // Judges a map as it is served by the policies of scope live; it only says.
  reconciler::PolicyReport JudgeLive(const manifests::DesiredMap& map,
                                     reconciler::JudgeContext context) const;
  // Notes the keys of a plan that must not be printed: secrets by the set that judges.
  void MarkSecrets(reconciler::MapPlan& plan) const;
  // Judges a plan of the commit. The context's target is the environment.
  GateReport Judge(const reconciler::MapPlan& plan, reconciler::JudgeContext context,
                   reconciler::JudgeOptions options = {}) const;

 private:
  reconciler::TargetFacts environment_;
  reconciler::Validators* validators_;
  std::shared_ptr<const reconciler::CompiledSet> judging_;
  std::shared_ptr<const reconciler::CompiledSet> taken_;
  bool both_ = false;
  std::string denied_;
  std::optional<std::pair<WallTime, std::string>> denied_after_;
};

}  // namespace portolan::controller
