// Who wrote what a source's plans change, since the last commit that was taken.

#include <algorithm>

#include "controller/reconcile/source_reconciler.h"

namespace portolan::controller {
namespace {

// Commits on the way that are read whole, to tell who changed which map. Beyond it each of their
// writers counts as a writer of every map that changed: reading a commit of a large source takes
// seconds, and too many writers only ask for another approver.
constexpr std::size_t kStepsRead = 64;

// What is known of a signer when the machine's tools failed: nobody whom a token lists, so that
// everybody may be meant.
constexpr std::string_view kUnknownSigner = "unknown: the signature could not be verified";

}  // namespace

Result<CommitStep> SourceReconciler::StepOf(const std::string& commit, bool with_content) {
  PORTOLAN_TRY(const manifests::Artifact artifact, ports_.git.Open(commit));
  CommitStep step{commit, {{artifact.revision.author}, {}}, content_};
  const auto signers = ports_.git.Signers("", commit);
  if (signers.ok())
    step.writers.signers = *signers;
  else if (signers.error().code != ErrorCode::kDenied)  // denied: unsigned, or by nobody known
    step.writers.signers = {std::string(kUnknownSigner)};
  if (!with_content) return step;
  PORTOLAN_TRY(const manifests::DesiredState desired, loader_.Load(artifact));
  step.content = ContentOf(desired);
  return step;
}

Result<std::vector<CommitStep>> SourceReconciler::StepsSinceAccepted(const CommitStep& tip) {
  PORTOLAN_TRY(const auto commits, ports_.git.Commits(status().accepted, tip.commit));
  const bool each = content_.policies != base_->policies || commits.size() <= kStepsRead;
  std::vector<CommitStep> steps;
  for (const std::string& commit : commits) {
    if (commit == tip.commit) break;
    PORTOLAN_TRY(CommitStep step, StepOf(commit, each));
    steps.push_back(std::move(step));
  }
  steps.push_back(tip);
  if (each) return steps;
  CommitStep whole = tip;
  for (const CommitStep& step : steps) whole.writers.Add(step.writers);
  return std::vector{std::move(whole)};
}

std::optional<Error> SourceReconciler::CheckTravel(const std::vector<std::string>& signers) {
  content_ = ContentOf(*desired_);
  const CommitStep tip{desired_->revision.commit, {{desired_->revision.author}, signers}, content_};
  policy_writers_ = tip.writers;
  new_writers_ = MapWriters({}, {tip});
  if (!base_) return std::nullopt;
  // A file that cannot be read may hide a policy: what the commit wants of them is not known, and
  // the set before goes on judging.
  if (desired_->policies.incomplete || bound()) content_.policies = base_->policies;
  if (content_ == *base_) {
    new_writers_.clear();
    return std::nullopt;
  }
  // Where the way cannot be walked, a rewritten branch for one, it counts as one commit.
  const std::vector<CommitStep> one{{tip.commit, tip.writers, content_}};
  auto steps = StepsSinceAccepted(one.front());
  const std::vector<CommitStep>& way = steps.ok() ? *steps : one;
  new_writers_ = MapWriters(*base_, way);
  if (content_.policies == base_->policies) return std::nullopt;
  auto writers = PolicyWriters(*base_, way);
  if (!writers.ok()) return writers.error();
  policy_writers_ = *std::move(writers);
  return std::nullopt;
}

void SourceReconciler::TakeContent() {
  base_ = content_;
  // What was wished for before is stable now: its writers have no part in what comes next.
  for (const auto& [map, wished] : wished_) {
    const auto rollout = ports_.rollouts.Find(map);
    if (rollout != nullptr && rollout->stable && rollout->stable->digest == wished.target)
      map_writers_.erase(map);
  }
  for (const auto& [map, writers] : std::exchange(new_writers_, {})) map_writers_[map].Add(writers);
  {
    const std::scoped_lock lock(mutex_);
    if (status_.accepted == desired_->revision.commit) return;
    status_.accepted = desired_->revision.commit;
  }
  (void)Keep();
}

// What waits or is under way keeps its writers over a restart; a plan that takes up its content has
// them too. Whoever wrote the commit stands in where nobody is known.
reconciler::Writers SourceReconciler::WritersOfMap(const std::string& map,
                                                   const reconciler::Rollout* rollout) const {
  reconciler::Writers writers;
  const bool unfinished =
      rollout != nullptr && rollout->target &&
      (!rollout->stable || rollout->target->version.digest != rollout->stable->digest);
  if (unfinished) writers = rollout->target->writers;
  if (const auto known = map_writers_.find(map); known != map_writers_.end())
    writers.Add(known->second);
  if (writers.empty()) writers = {{desired_->revision.author}, status().signers};
  return writers;
}

}  // namespace portolan::controller
