// What a Step takes in besides commands: reports, time and the wishes of git.
#include <algorithm>

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

void TryToAdvance(Turn& turn, bool flows) {
  Rollout& r = turn.state();
  const manifests::Strategy& strategy = r.target->strategy;
  const manifests::Step& step = strategy.steps[r.progress.step];
  if (r.progress.soaked < step.soak) return;
  const bool without_data = strategy.on_no_data == manifests::OnNoData::kAdvanceAfterSoak;
  if (!without_data && strategy.min_lookups > 0 && (!flows || !EnoughLookups(r))) return;
  if (!step.pause) return turn.Advance();
  const std::string message = "waits for a person: portolan promote " + r.map + " (deadline in " +
                              FormatDuration(step.pause->deadline) + ")";
  turn.Say("Normal", "Paused", message);
  turn.Enter(Phase::kPaused, reason::kPauseStep, message);
}

// Silence: nothing is known, so nothing advances.
void MindSilence(Turn& turn, Duration elapsed, bool flows) {
  Rollout& r = turn.state();
  r.progress.silent = flows ? Duration(0) : r.progress.silent + elapsed;
  const bool paused = r.phase == Phase::kPaused && r.reason == reason::kNoData;
  if (paused && flows) {
    turn.Say("Normal", "DataFlows", "both arms report again");
    const std::uint32_t weight = r.target->strategy.steps[r.progress.step].weight;
    turn.Enter(Phase::kStepping, "Progressing",
               "step " + std::to_string(r.progress.step + 1) + " at " +
                   std::to_string(weight / 1000) + " %");
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

void PassStepTime(Turn& turn, Duration elapsed) {
  Rollout& r = turn.state();
  const manifests::Strategy& strategy = r.target->strategy;
  const StepEvidence& evidence = r.progress.evidence;
  const bool flows =
      Flows(evidence.stable, turn.seen.now.mono) && Flows(evidence.canary, turn.seen.now.mono);
  MindSilence(turn, elapsed, flows);
  if (r.phase != Phase::kStepping && !(r.phase == Phase::kPaused && r.reason == reason::kNoData))
    return;
  r.progress.spent += elapsed;
  turn.PersistAtLeast(Persist::kTick);
  if (r.progress.spent >= strategy.progress_deadline)
    return turn.RollBack(
        reason::kProgressDeadline,
        "not done after " + FormatDuration(strategy.progress_deadline) + " (progressDeadline)");
  if (r.phase != Phase::kStepping) return;
  const bool counts = flows || strategy.min_lookups == 0 ||
                      strategy.on_no_data == manifests::OnNoData::kAdvanceAfterSoak;
  if (counts) r.progress.soaked += elapsed;
  TryToAdvance(turn, flows);
}

void PassPause(Turn& turn, Duration elapsed) {
  Rollout& r = turn.state();
  if (r.reason != reason::kPauseStep) return;
  r.progress.paused += elapsed;
  turn.PersistAtLeast(Persist::kTick);
  const manifests::Pause& pause = *r.target->strategy.steps[r.progress.step].pause;
  if (r.progress.paused < pause.deadline) return;
  if (pause.on_deadline == manifests::OnDeadline::kPromote) return turn.Advance();
  turn.RollBack(reason::kPauseDeadline, "nobody promoted within " + FormatDuration(pause.deadline));
}

bool Quarantined(const Rollout& r, const Digest& digest) {
  return std::any_of(r.quarantine.begin(), r.quarantine.end(),
                     [&](const Quarantine& q) { return q.digest == digest; });
}

bool Belongs(const Rollout& r, const ReportItem& item) {
  if (!InFlight(r.phase) || !r.target || item.step != r.progress.step + 1) return false;
  if (item.arm == mapcore::Arm::kCanary) return item.digest == r.target->version.digest;
  return r.stable && item.digest == r.stable->digest;
}

}  // namespace

void TakeReports(Turn& turn) {
  for (const Report& report : turn.seen.reports) {
    Rollout& r = turn.state();
    if (!Belongs(r, report.item) || !Count(r.progress.evidence, report, turn.seen.now)) continue;
    turn.PersistAtLeast(Persist::kTick);
    r.progress.lookups += report.item.lookups;
    if (report.item.arm != mapcore::Arm::kCanary) continue;
    for (const auto& [kind, events] : report.item.bad) {
      r.progress.canary_bad += events.count;
      for (const std::uint64_t hash : events.subject_hashes)
        if (r.progress.bad_subjects.size() < kBadSubjectsMax) r.progress.bad_subjects.insert(hash);
    }
    if (const auto broken = BrokenHardLimit(r.progress.evidence))
      turn.RollBack(reason::kHardLimit, *broken);
  }
}

void PassTime(Turn& turn, Duration elapsed) {
  Rollout& r = turn.state();
  if (r.phase == Phase::kStepping || (r.phase == Phase::kPaused && r.reason == reason::kNoData))
    return PassStepTime(turn, elapsed);
  if (r.phase == Phase::kPaused) return PassPause(turn, elapsed);
  if (r.phase != Phase::kBaking || r.reason == reason::kFirstVersionFailing) return;
  r.progress.baked += elapsed;
  turn.PersistAtLeast(Persist::kTick);
  if (r.progress.baked >= r.target->strategy.bake) turn.Finish();
}

void TakeDesired(Turn& turn) {
  Rollout& r = turn.state();
  if (turn.seen.removed && r.phase != Phase::kRetiring && r.phase != Phase::kPending &&
      r.phase != Phase::kLocked) {
    if (InFlight(r.phase) && r.stable)
      turn.Withdraw("RolloutWithdrawn", "the map was removed from git");
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
  if (!r.desired || r.desired->digest != digest ||
      r.desired->revision != desired.version.revision) {
    r.desired = desired.version;
    turn.PersistAtLeast(Persist::kNow);
  }
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
    case Phase::kStepping:
    case Phase::kPaused:
    case Phase::kBaking:
      break;
  }
  if (same_target) return;
  if (r.stable && r.stable->digest == digest) {
    if (Quarantined(r, digest)) return;
    turn.Withdraw("GitBackAtStable", "git is back at stable; the rollout is withdrawn");
    return turn.Enter(Phase::kHealthy, "Synced", "git is live");
  }
  if (r.phase == Phase::kBaking && r.stable) return;
  const bool queue =
      r.stable && (r.target->strategy.on_new_revision == manifests::OnNewRevision::kQueue ||
                   r.restarts >= kRestartsMax);
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
