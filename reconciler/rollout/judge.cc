#include "reconciler/rollout/judge.h"

#include "reconciler/rollout/turn.h"

namespace portolan::reconciler {

EvidenceUnit UnitOf(const Rollout& r) {
  return r.target && r.target->split.mode == manifests::SplitMode::kInstance
             ? EvidenceUnit::kInstance
             : EvidenceUnit::kSubject;
}

EvidenceJudgement JudgementOf(const Rollout& r) {
  if (!r.target) return {};
  const manifests::Strategy& strategy = r.target->strategy;
  const bool baking = strategy.steps[r.progress.step].weight >= mapcore::kWeightMax;
  return JudgeEvidence({.strategy = strategy,
                        .step = r.progress.step,
                        .baking = baking,
                        .evidence = r.progress.evidence,
                        .control = r.progress.control,
                        .unit = UnitOf(r)});
}

void Judge(Turn& turn) {
  Rollout& r = turn.state();
  if (!InFlight(r.phase)) return;
  const EvidenceJudgement judgement = JudgementOf(r);
  if (const MetricVerdict* failed = FirstOf(judgement.metrics, Verdict::kFailed))
    turn.RollBack(reason::kAnalysisFailed, failed->name + ": " + failed->message);
}

void MindUnclear(Turn& turn, Duration elapsed) {
  Rollout& r = turn.state();
  const EvidenceJudgement judgement = JudgementOf(r);
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
