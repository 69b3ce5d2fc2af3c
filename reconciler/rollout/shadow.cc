// The dual run before the first step: both versions are compared, everybody is served stable, so no
// deadline drives it. It ends by agreement, by disagreement, or by a person.
#include <algorithm>

#include "reconciler/rollout/turn.h"
#include "reconciler/text_format.h"

namespace portolan::reconciler {
namespace {

constexpr std::string_view kRunning = "Progressing";

const manifests::Shadow& ShadowOf(const Rollout& r) {
  return *r.target->strategy.shadow;
}

std::string WaitsForText(const manifests::Shadow& shadow) {
  return shadow.require == manifests::ShadowRequire::kOutputs
             ? "clients send outputs of both versions"
             : "lookups are made, or clients send outputs of both versions";
}

// Nothing compared is no agreement: the soak stands still. A pause of its own needs no deadline,
// for nobody is served the new version meanwhile.
void MindNoComparisons(Turn& turn, Duration elapsed, bool flows) {
  Rollout& r = turn.state();
  r.progress.silent = flows ? Duration(0) : r.progress.silent + elapsed;
  if (r.reason == reason::kNoData && flows) {
    turn.Say("Normal", "DataFlows", "comparisons flow again");
    turn.GoOn();
  }
  if (r.reason != kRunning || r.progress.silent < kNoDataPatience) return;
  // `advanceAfterSoak` is no answer here: who asks for a dual run asks for evidence.
  if (r.target->strategy.on_no_data == manifests::OnNoData::kAbort)
    return turn.RollBack(reason::kNoData, "nothing was compared in the dual run");
  const std::string message = "nothing was compared for " + FormatDuration(r.progress.silent) +
                              "; goes on by itself when " + WaitsForText(ShadowOf(r));
  turn.Say("Warning", "Paused", message);
  turn.Enter(Phase::kShadow, reason::kNoData, message);
}

void TryToEnd(Turn& turn, bool flows) {
  Rollout& r = turn.state();
  const manifests::Shadow& shadow = ShadowOf(r);
  ShadowEvidence& evidence = r.progress.shadow;
  if (r.reason != kRunning || evidence.soaked < shadow.soak || !flows) return;
  const std::int64_t least = std::max<std::int64_t>(r.target->strategy.min_lookups, 1);
  if (ComparisonsOf(evidence, shadow) < least) return;
  if (auto why = DisagreementOf(evidence, shadow, /*ended=*/true))
    return turn.RollBack(reason::kDisagreement, std::move(*why));
  if (turn.seen.freeze) {
    turn.Say("Warning", "Paused", FreezeText(*turn.seen.freeze));
    return turn.Enter(Phase::kShadow, reason::kWindowClosed, FreezeText(*turn.seen.freeze));
  }
  if (!turn.MayRaise()) return;
  turn.Say(
      "Normal", "ShadowAgreed",
      "the versions agree after " + FormatDuration(evidence.soaked) + ": " + ShadowText(evidence));
  // What only further comparisons would need; the record is written each second.
  evidence.window = {};
  evidence.reporters.clear();
  turn.BeginSteps();
}

}  // namespace

void Turn::EnterShadow() {
  const manifests::Shadow& shadow = ShadowOf(state());
  out.safe_direction = false;
  manifests::Value data;
  data.Set("share", shadow.share);
  data.Set("soakMs", shadow.soak.count());
  data.Set("tolerance", shadow.tolerance);
  const std::string message = "both versions are compared for " + FormatDuration(shadow.soak) +
                              ", on " + WeightPercent(shadow.share) +
                              " of lookups; stable is served";
  Say("Normal", "ShadowStarted", message, std::move(data));
  Enter(Phase::kShadow, kRunning, message);
}

void TakeComparisons(Turn& turn) {
  Rollout& r = turn.state();
  if (r.phase != Phase::kShadow) return;
  ShadowEvidence& evidence = r.progress.shadow;
  const auto& compared = turn.seen.compared;
  bool counted = compared && CountLookups(evidence, *compared, turn.seen.now);
  for (const OutputReport& report : turn.seen.outputs)
    if (report.digest == r.target->version.digest)
      counted |= CountOutputs(evidence, report, turn.seen.now);
  if (!counted) return;
  turn.PersistAtLeast(Persist::kTick);
  if (auto why = DisagreementOf(evidence, ShadowOf(r), /*ended=*/false))
    turn.RollBack(reason::kDisagreement, std::move(*why));
}

void PassShadow(Turn& turn, Duration elapsed) {
  Rollout& r = turn.state();
  turn.PersistAtLeast(Persist::kTick);
  if (r.reason == reason::kOperatorPause) {
    r.progress.paused += elapsed;
    if (r.progress.paused >= kOperatorPauseDeadline)
      turn.RollBack(reason::kPauseDeadline,
                    "nobody resumed within " + FormatDuration(kOperatorPauseDeadline));
    return;
  }
  const bool flows =
      ComparisonsFlow(r.progress.shadow, ShadowOf(r), turn.seen.now.mono, kDataFlowWindow);
  MindNoComparisons(turn, elapsed, flows);
  if (r.phase != Phase::kShadow) return;
  if (flows) Soak(r.progress.shadow, elapsed);
  TryToEnd(turn, flows);
}

std::optional<Duration> LookAgainInShadow(const Rollout& r) {
  const Duration rest = ShadowOf(r).soak - r.progress.shadow.soaked;
  return rest > Duration(0) ? std::min(rest, kTick) : kTick;
}

}  // namespace portolan::reconciler
