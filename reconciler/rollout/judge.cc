#include "reconciler/rollout/judge.h"

#include <algorithm>

#include "reconciler/rollout/turn.h"

namespace portolan::reconciler {
namespace {

bool Baking(const Rollout& r) {
  return r.target->strategy.steps[r.progress.step].weight >= mapcore::kWeightMax;
}

Verdict VerdictOfRun(RunPhase phase, bool background) {
  switch (phase) {
    case RunPhase::kSuccessful:
      return Verdict::kSuccessful;
    case RunPhase::kFailed:
      return Verdict::kFailed;
    case RunPhase::kError:
      return Verdict::kError;
    case RunPhase::kInconclusive:
      return Verdict::kInconclusive;
    case RunPhase::kRunning:
      break;
  }
  // One in the background runs to the end of the bake, which asks for its success; it holds no
  // step.
  return background ? Verdict::kSuccessful : Verdict::kPending;
}

MetricVerdict VerdictOf(const MetricStanding& standing) {
  const auto& numbers = standing.verdict.numbers;
  const bool proven = std::any_of(numbers.begin(), numbers.end(), [](const auto& number) {
    return number.first == kSuccessfulCount && number.second > 0;
  });
  return {standing.key.analysis + "/" + standing.key.metric,
          VerdictOfRun(standing.verdict.phase, standing.key.background), standing.verdict.message,
          numbers, standing.verdict.phase == RunPhase::kRunning && !proven};
}

}  // namespace

EvidenceUnit UnitOf(const Rollout& r) {
  return r.target && r.target->split.mode == manifests::SplitMode::kInstance
             ? EvidenceUnit::kInstance
             : EvidenceUnit::kSubject;
}

AnalysisScope ScopeOf(const Rollout& r) {
  AnalysisScope scope;
  scope.map = r.map;
  scope.rollout = r.id();
  scope.step = r.progress.step;
  scope.baking = Baking(r);
  scope.canary = r.target->version.digest;
  if (r.stable && CanaryWeight(r) < mapcore::kWeightMax) scope.stable = r.stable->digest;
  return scope;
}

StepJudgement JudgementOf(const Rollout& r) {
  if (!r.target) return {};
  EvidenceJudgement counts = JudgeEvidence({.strategy = r.target->strategy,
                                            .step = r.progress.step,
                                            .weight = CanaryWeight(r),
                                            .evidence = r.progress.evidence,
                                            .control = r.progress.control,
                                            .unit = UnitOf(r)});
  StepJudgement judgement{std::move(counts.metrics), counts.safe, false};
  for (const MetricStanding& standing :
       Standings(r.target->strategy, ScopeOf(r), r.progress.runs, /*ended=*/false)) {
    if (standing.verdict.phase == RunPhase::kRunning && !standing.key.background)
      judgement.measuring = true;
    judgement.metrics.push_back(VerdictOf(standing));
  }
  return judgement;
}

std::optional<MetricVerdict> BakeObstacle(const Rollout& r) {
  for (const MetricStanding& standing :
       Standings(r.target->strategy, ScopeOf(r), r.progress.runs, /*ended=*/true))
    if (standing.verdict.phase != RunPhase::kSuccessful) return VerdictOf(standing);
  return std::nullopt;
}

void TakeMeasurements(Turn& turn) {
  Rollout& r = turn.state();
  if (!ServesCanary(r.phase) || !r.target || turn.seen.measurements.empty()) return;
  bool taken = false;
  for (const Measurement& measurement : turn.seen.measurements)
    taken |= TakeMeasurement(r.target->strategy, ScopeOf(r), r.progress.runs, measurement,
                             turn.seen.now);
  if (!taken) return;
  turn.PersistAtLeast(Persist::kTick);
  Judge(turn);
}

void AskForMeasurements(Turn& turn) {
  Rollout& r = turn.state();
  if (!ServesCanary(r.phase) || !r.target) return;
  const manifests::Strategy& strategy = r.target->strategy;
  const AnalysisScope scope = ScopeOf(r);
  turn.out.measure = DueMeasurements(strategy, scope, r.progress.runs, turn.seen.now);
  const auto wait = UntilDue(strategy, scope, r.progress.runs, turn.seen.now.mono);
  if (wait) turn.out.look_again = std::min(turn.out.look_again.value_or(*wait), *wait);
}

void Judge(Turn& turn) {
  Rollout& r = turn.state();
  if (!ServesCanary(r.phase)) return;
  const StepJudgement judgement = JudgementOf(r);
  if (const MetricVerdict* failed = FirstOf(judgement.metrics, Verdict::kFailed))
    turn.RollBack(reason::kAnalysisFailed, failed->name + ": " + failed->message);
}

void MindUnclear(Turn& turn, Duration elapsed) {
  Rollout& r = turn.state();
  const StepJudgement judgement = JudgementOf(r);
  const MetricVerdict* unclear = FirstOf(judgement.metrics, Verdict::kInconclusive);
  if (unclear == nullptr) unclear = FirstOf(judgement.metrics, Verdict::kError);
  r.progress.unclear = unclear == nullptr ? Duration(0) : r.progress.unclear + elapsed;
  if (r.phase == Phase::kPaused && r.reason == reason::kInconclusive && unclear == nullptr) {
    turn.Say("Normal", "Conclusive", "the evidence can be judged again");
    return turn.GoOn();
  }
  if (r.phase != Phase::kStepping || unclear == nullptr || r.progress.inconclusive_accepted ||
      r.progress.unclear < kUnclearPatience)
    return;
  const std::string message =
      unclear->name + ": " + unclear->message + "; to go on all the same: portolan resume " + r.map;
  turn.Say("Warning", "Paused", message);
  turn.Enter(Phase::kPaused, reason::kInconclusive, message);
}

}  // namespace portolan::reconciler
