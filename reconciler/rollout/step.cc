#include "reconciler/rollout/step.h"

#include <algorithm>

#include "reconciler/rollout/turn.h"

namespace portolan::reconciler {
namespace {

// The wall clock may be set while a freeze is on.
constexpr Duration kFreezeLook = std::chrono::minutes(1);

// A step may end at a duration that is not a multiple of the tick: look again when the nearest one
// is over.
std::optional<Duration> LookAgain(const Rollout& r, WallTime now) {
  if (r.phase == Phase::kHeld && r.frozen_until)
    return std::clamp(*r.frozen_until - now, Duration(1), kFreezeLook);
  if (r.phase == Phase::kRollingBack) return Duration(0);
  if (!InFlight(r.phase) || !r.target) return std::nullopt;
  if (r.phase == Phase::kShadow) return LookAgainInShadow(r);
  Duration rest = kTick;
  const auto nearer = [&rest](Duration limit, Duration spent) {
    if (limit > spent) rest = std::min(rest, limit - spent);
  };
  const manifests::Strategy& strategy = r.target->strategy;
  if (r.phase == Phase::kBaking) nearer(strategy.bake, r.progress.baked);
  if (r.phase != Phase::kBaking) {
    nearer(strategy.steps[r.progress.step].soak, r.progress.soaked);
    nearer(strategy.progress_deadline, r.progress.spent);
  }
  return std::max(rest, Duration(1));
}

void FinishRollback(Turn& turn) {
  Rollout& r = turn.state();
  const std::string why = r.reason;
  const std::string message = r.message;
  turn.Say("Warning", "RolledBack",
           "all clients are on stable " + r.stable->digest.Short() + " again; " +
               r.target->version.digest.Short() + " is quarantined");
  turn.Enter(Phase::kRolledBack, why, message);
  turn.out.safe_direction = true;
  if (r.desired && r.desired->digest != r.target->version.digest) turn.out.replan = true;
}

void ForgetOldRequests(Rollout& r, WallTime now) {
  std::erase_if(r.requests,
                [&](const HandledRequest& request) { return now - request.at > kRequestMemory; });
}

}  // namespace

Transition Step(const Rollout& rollout, const Observation& seen) {
  Turn turn(rollout, seen);
  Rollout& r = turn.state();
  const Duration elapsed =
      r.last_step && seen.now.mono > *r.last_step ? seen.now.mono - *r.last_step : Duration(0);
  r.last_step = seen.now.mono;
  if (r.phase == Phase::kRollingBack) FinishRollback(turn);
  ForgetOldRequests(r, seen.now.wall);
  EndExpired(turn);
  if (seen.command) TakeCommand(turn);
  TakeAcks(turn);
  TakeReports(turn);
  TakeComparisons(turn);
  TakeMeasurements(turn);
  MindPolicies(turn);
  // The time before a verb started a rollout is no time of it: a map that is held is not looked at
  // for hours.
  PassTime(turn, r.number == rollout.number ? elapsed : Duration(0));
  TakeDesired(turn);
  MindFreeze(turn);
  AssignInstances(turn);
  turn.out.look_again = LookAgain(r, seen.now.wall);
  AskForMeasurements(turn);
  LookAgainAtExpiry(turn);
  return std::move(turn.out);
}

Serving ServingOf(const Rollout& r) {
  Serving serving;
  if (r.stable) serving.stable = r.stable->digest;
  const auto cover = [&serving](const VersionRef& version) {
    serving.sensitive.insert(version.sensitive.begin(), version.sensitive.end());
  };
  if (r.stable) cover(*r.stable);
  if (r.target) cover(r.target->version);
  if (r.desired) cover(*r.desired);
  serving.overlay = OverlayOf(r.overrides);
  if (!InFlight(r.phase) || !r.target || serving.stable == r.target->version.digest) return serving;
  const manifests::Strategy& strategy = r.target->strategy;
  serving.canary = r.target->version.digest;
  if (r.phase == Phase::kShadow) {
    // At weight 0 nobody is in the canary, whatever else matches.
    serving.shadow_share = strategy.shadow->share;
    serving.rollout = r.id();
    return serving;
  }
  serving.split.weight = CanaryWeight(r);
  serving.split.salt = r.target->split.salt;
  serving.split.bucket_by = r.target->split.bucket_by;
  serving.split.match = strategy.match;
  if (r.target->split.mode == manifests::SplitMode::kInstance)
    serving.split.instances.emplace(r.progress.canary_instances.begin(),
                                    r.progress.canary_instances.end());
  serving.rollout = r.id();
  serving.step = r.progress.step + 1;
  return serving;
}

}  // namespace portolan::reconciler
