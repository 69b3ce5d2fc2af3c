// What a Step takes in besides commands: reports, time and the wishes of git.
#include <algorithm>

#include "reconciler/rollout/converge.h"
#include "reconciler/rollout/judge.h"
#include "reconciler/rollout/marks.h"
#include "reconciler/rollout/turn.h"

namespace portolan::reconciler {
namespace {

bool Flows(const ArmEvidence& arm, Duration mono) {
  return arm.last_report_mono && mono - *arm.last_report_mono <= kDataFlowWindow;
}

bool EnoughLookups(const Rollout& r) {
  const std::int64_t least = r.target->strategy.min_lookups;
  const StepEvidence& evidence = r.progress.evidence;
  return evidence.stable.lookups >= least && evidence.canary.lookups >= least;
}

// A metric that waits for data does not hold a step that needs none.
bool MetricsAllow(const Rollout& r, const StepJudgement& judgement, bool needs_data) {
  if (judgement.measuring) return false;
  switch (Combine(judgement.metrics)) {
    case Verdict::kSuccessful:
      return true;
    case Verdict::kPending:
      return !needs_data && r.progress.evidence.canary.lookups == 0;
    case Verdict::kInconclusive:
    case Verdict::kError:
      return r.progress.inconclusive_accepted;
    case Verdict::kFailed:
      break;
  }
  return false;
}

void TryToAdvance(Turn& turn, bool flows) {
  Rollout& r = turn.state();
  const manifests::Strategy& strategy = r.target->strategy;
  const manifests::Step& step = strategy.steps[r.progress.step];
  const bool soaked = r.progress.soaked >= step.soak;
  if (!soaked && !strategy.early_advance) return;
  const bool needs_data =
      strategy.on_no_data != manifests::OnNoData::kAdvanceAfterSoak && strategy.min_lookups > 0;
  if ((needs_data || !soaked) && (!flows || !EnoughLookups(r))) return;
  const StepJudgement judgement = JudgementOf(r);
  if (!MetricsAllow(r, judgement, needs_data) || (!soaked && !judgement.safe)) return;
  if (!step.pause && !turn.MayRaise()) return;
  if (!soaked)
    turn.Say("Normal", "SafeEarly",
             "safe after " + FormatDuration(r.progress.soaked) + " of " +
                 FormatDuration(step.soak) + ": " + judgement.metrics.front().name + ": " +
                 judgement.metrics.front().message);
  if (!step.pause) return turn.Advance();
  const std::string message = "waits for a person: portolan promote " + r.map + " (deadline in " +
                              FormatDuration(step.pause->deadline) + ")";
  turn.Say("Normal", "Paused", message);
  r.progress.paused = Duration(0);
  turn.Enter(Phase::kPaused, reason::kPauseStep, message);
}

// Silence: nothing is known, so nothing advances.
void MindSilence(Turn& turn, Duration elapsed, bool flows) {
  Rollout& r = turn.state();
  r.progress.silent = flows ? Duration(0) : r.progress.silent + elapsed;
  const bool paused = r.phase == Phase::kPaused && r.reason == reason::kNoData;
  if (paused && flows) {
    turn.Say("Normal", "DataFlows", "both arms report again");
    turn.GoOn();
  }
  const manifests::OnNoData policy = r.target->strategy.on_no_data;
  if (r.phase != Phase::kStepping || r.progress.silent < kNoDataPatience ||
      policy == manifests::OnNoData::kAdvanceAfterSoak || r.target->strategy.min_lookups == 0)
    return;
  if (policy == manifests::OnNoData::kAbort)
    return turn.RollBack(reason::kNoData, "no reports from both arms");
  const std::string message = "no reports from both arms for " + FormatDuration(r.progress.silent) +
                              "; goes on by itself when clients report";
  turn.Say("Warning", "Paused", message);
  turn.Enter(Phase::kPaused, reason::kNoData, message);
}

// The bake is over when its metrics say so too: no data and errors of a provider are no success. It
// waits for them as long as a rollout may take.
void EndBake(Turn& turn) {
  Rollout& r = turn.state();
  const auto obstacle = BakeObstacle(r);
  if (!obstacle) return turn.Finish();
  const std::string message = obstacle->name + ": " + obstacle->message;
  const manifests::Strategy& strategy = r.target->strategy;
  if (r.progress.baked >= strategy.bake + strategy.progress_deadline)
    return turn.RollBack(reason::kProgressDeadline, "the bake could not end: " + message);
  if (r.reason == reason::kInconclusive) return;
  turn.Say("Warning", "BakeExtended", message);
  turn.Enter(Phase::kBaking, reason::kInconclusive,
             "the bake goes on until its metrics are measured: " + message);
}

// The time in which instances lack the version says nothing about it. Like a step's soak, the bake
// waits for them; they have it from 100 % on, so there is no weight to hold and no phase to leave.
// It is no success for ever: where there is a version to return to, they get as long as a rollout.
bool BakeConverged(Turn& turn, Duration elapsed) {
  Rollout& r = turn.state();
  const Convergence convergence = ConvergenceOf(r);
  const bool waits = r.reason == reason::kNotConverged;
  if (convergence.reached()) {
    r.progress.unconverged = Duration(0);
    if (!waits) return true;
    turn.Say("Normal", "Converged", ConvergenceText(convergence));
    turn.GoOnBaking();
    return true;
  }
  r.progress.unconverged += elapsed;
  const manifests::Strategy& strategy = r.target->strategy;
  const bool may_return = r.stable && r.stable->digest != r.target->version.digest;
  const std::string text = ConvergenceText(convergence);
  if (may_return && r.progress.unconverged >= strategy.progress_deadline) {
    turn.RollBack(reason::kProgressDeadline, "the bake could not go on: " + text);
  } else if (!waits && r.progress.unconverged >= strategy.converge.timeout) {
    turn.Say("Warning", "BakeExtended", text);
    turn.Enter(Phase::kBaking, reason::kNotConverged,
               "the bake goes on when they have the version: " + text);
  }
  return false;
}

// Paused by itself, so that it may go on by itself and the progress deadline counts.
bool PausedByData(const Rollout& r) {
  return r.phase == Phase::kPaused &&
         (r.reason == reason::kNoData || r.reason == reason::kInconclusive ||
          r.reason == reason::kNotConverged);
}

void PassStepTime(Turn& turn, Duration elapsed) {
  Rollout& r = turn.state();
  const manifests::Strategy& strategy = r.target->strategy;
  const StepEvidence& evidence = r.progress.evidence;
  const bool flows =
      Flows(evidence.stable, turn.seen.now.mono) && Flows(evidence.canary, turn.seen.now.mono);
  MindSilence(turn, elapsed, flows);
  MindUnclear(turn, elapsed);
  const bool converged = MindConvergence(turn, elapsed);
  if (r.phase != Phase::kStepping && !PausedByData(r)) return;
  r.progress.spent += elapsed;
  turn.PersistAtLeast(Persist::kTick);
  if (r.progress.spent >= strategy.progress_deadline)
    return turn.RollBack(
        reason::kProgressDeadline,
        "not done after " + FormatDuration(strategy.progress_deadline) + " (progressDeadline)");
  // What clients do with the new version is judged from when they have it.
  if (r.phase != Phase::kStepping || !converged) return;
  const bool counts = flows || strategy.min_lookups == 0 ||
                      strategy.on_no_data == manifests::OnNoData::kAdvanceAfterSoak;
  if (counts) r.progress.soaked += elapsed;
  TryToAdvance(turn, flows);
}

void PassPause(Turn& turn, Duration elapsed) {
  Rollout& r = turn.state();
  if (r.reason != reason::kPauseStep && r.reason != reason::kOperatorPause) return;
  r.progress.paused += elapsed;
  turn.PersistAtLeast(Persist::kTick);
  if (r.reason == reason::kOperatorPause) {
    if (r.progress.paused >= kOperatorPauseDeadline)
      turn.RollBack(reason::kPauseDeadline,
                    "nobody resumed within " + FormatDuration(kOperatorPauseDeadline));
    return;
  }
  const manifests::Pause& pause = *r.target->strategy.steps[r.progress.step].pause;
  if (r.progress.paused < pause.deadline) return;
  if (pause.on_deadline == manifests::OnDeadline::kPromote) {
    if (turn.MayRaise()) turn.Advance();
    return;
  }
  turn.RollBack(reason::kPauseDeadline, "nobody promoted within " + FormatDuration(pause.deadline));
}

bool Quarantined(const Rollout& r, const Digest& digest) {
  return std::any_of(r.quarantine.begin(), r.quarantine.end(),
                     [&](const Quarantine& q) { return q.digest == digest; });
}

bool Belongs(const Rollout& r, const ReportItem& item) {
  if (!ServesCanary(r.phase) || !r.target || item.step != r.progress.step + 1) return false;
  if (item.arm == mapcore::Arm::kCanary) return item.digest == r.target->version.digest;
  return r.stable && item.digest == r.stable->digest;
}

void AddToBlast(Progress& progress, const ReportItem& item) {
  progress.lookups += item.lookups;
  if (item.arm != mapcore::Arm::kCanary) return;
  for (const auto& [kind, events] : item.bad) {
    progress.canary_bad += events.count;
    for (const std::uint64_t hash : events.subject_hashes)
      if (progress.bad_subjects.size() < kBadSubjectsMax) progress.bad_subjects.insert(hash);
  }
}

// Also of what is not followed now.
void NoteDesired(Turn& turn, const Target& desired) {
  Rollout& r = turn.state();
  if (!r.desired || r.desired->digest != desired.version.digest ||
      r.desired->revision != desired.version.revision) {
    KeepMarks(r);
    r.desired = desired.version;
    turn.PersistAtLeast(Persist::kNow);
  }
  if (r.heal != desired.heal) {
    r.heal = desired.heal;
    turn.PersistAtLeast(Persist::kNow);
  }
}

}  // namespace

void TakeReports(Turn& turn) {
  Rollout& r = turn.state();
  bool counted = false;
  for (const Report& report : turn.seen.reports) {
    Report own{report.instance, report.batch, report.map, {}, report.member};
    std::copy_if(report.items.begin(), report.items.end(), std::back_inserter(own.items),
                 [&](const ReportItem& item) { return Belongs(r, item); });
    if (own.items.empty() || !Count(r.progress.evidence, own, turn.seen.now, UnitOf(r))) continue;
    counted = true;
    for (const ReportItem& item : own.items) AddToBlast(r.progress, item);
    if (const auto broken = BrokenHardLimit(r.progress.evidence))
      turn.RollBack(reason::kHardLimit, *broken);
  }
  if (!counted) return;
  turn.PersistAtLeast(Persist::kTick);
  Judge(turn);
}

void MindPolicies(Turn& turn) {
  Rollout& r = turn.state();
  if (!HeldByPolicies(r) || !turn.seen.raise || turn.seen.raise->waits) return;
  if (!turn.seen.raise->findings.empty()) return turn.HoldAtStep(turn.seen.raise->findings);
  r.target->findings.clear();
  turn.Say("Normal", "PoliciesAllow", "the policies allow what they denied");
  turn.GoOn();
}

void PassTime(Turn& turn, Duration elapsed) {
  Rollout& r = turn.state();
  if (r.phase == Phase::kShadow) return PassShadow(turn, elapsed);
  if (r.phase == Phase::kStepping || PausedByData(r)) return PassStepTime(turn, elapsed);
  if (r.phase == Phase::kPaused) return PassPause(turn, elapsed);
  if (r.phase != Phase::kBaking || r.reason == reason::kFirstVersionFailing) return;
  turn.PersistAtLeast(Persist::kTick);
  if (!BakeConverged(turn, elapsed)) return;
  r.progress.baked += elapsed;
  if (r.progress.baked >= r.target->strategy.bake) EndBake(turn);
}

void TakeDesired(Turn& turn) {
  Rollout& r = turn.state();
  if (turn.seen.removed && r.phase != Phase::kRetiring && r.phase != Phase::kPending &&
      r.phase != Phase::kLocked) {
    if (InFlight(r.phase) && r.stable)
      turn.Withdraw("RolloutWithdrawn", "the map was removed from git");
    KeepMarks(r);
    r.desired.reset();
    if (!r.stable && !InFlight(r.phase)) {
      r.target.reset();
      return turn.Enter(Phase::kPending, reason::kRemovedFromGit,
                        "removed from git before it was ever served");
    }
    const std::string message = "removed from git; keeps serving until: portolan prune " + r.map;
    turn.Say("Warning", reason::kRemovedFromGit, message);
    if (!r.stable && r.target) r.stable = r.target->version;
    r.target.reset();
    return turn.Enter(Phase::kRetiring, reason::kRemovedFromGit, message);
  }
  if (!turn.seen.desired) return;
  const Target& desired = *turn.seen.desired;
  const Digest& digest = desired.version.digest;
  NoteDesired(turn, desired);
  const bool same_target = r.target && r.target->version.digest == digest;
  switch (r.phase) {
    case Phase::kLocked:
    case Phase::kRollingBack:
      return;
    case Phase::kRolledBack:
      if (same_target) return;
      return turn.Consider(desired);
    case Phase::kPending:
    case Phase::kHealthy:
    case Phase::kHeld:
    case Phase::kRetiring:
      return turn.Consider(desired);
    case Phase::kShadow:
    case Phase::kStepping:
    case Phase::kPaused:
    case Phase::kBaking:
      break;
  }
  if (same_target) return;
  if (r.stable && r.stable->digest == digest) {
    if (Quarantined(r, digest)) return;
    TakeMarks(r, desired.version);
    turn.Withdraw("GitBackAtStable", "git is back at stable; the rollout is withdrawn");
    return turn.Enter(Phase::kHealthy, "Synced", "git is live");
  }
  if (r.phase == Phase::kBaking && r.stable) return;
  const bool queue =
      r.stable && (r.target->strategy.on_new_revision == manifests::OnNewRevision::kQueue ||
                   r.restarts >= kRestartsMax || r.suspension);
  if (queue) return;
  // Without a stable version a hold would leave nothing served.
  if (!r.stable && turn.HoldOf(desired)) return;
  const int restarts = r.restarts + 1;
  const Digest superseded = r.target->version.digest;
  turn.Say("Normal", "Superseded",
           superseded.Short() + " is replaced by a newer commit; starting again from stable");
  turn.SetOutcome(superseded, "superseded");
  turn.Consider(desired);
  r.restarts = restarts;
}

}  // namespace portolan::reconciler
