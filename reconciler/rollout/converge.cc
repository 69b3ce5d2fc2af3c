// What instances do to a rollout: acknowledgements, leases, and waiting for the fleet.
#include "reconciler/rollout/converge.h"

#include <algorithm>
#include <cmath>

#include "reconciler/rollout/turn.h"

namespace portolan::reconciler {
namespace {

constexpr std::int64_t kSmallFleet = 10;   // all of it has to converge
constexpr double kLargeFleetShare = 0.95;  // a large one always has somebody who is starting
constexpr std::size_t kLaggingNamed = 3;

std::int64_t RequiredOf(std::int64_t live, const manifests::Converge& converge) {
  const double share = converge.share.value_or(live <= kSmallFleet ? 1 : kLargeFleetShare);
  return static_cast<std::int64_t>(std::ceil(share * static_cast<double>(live) - 1e-9));
}

bool ByInstance(const Rollout& r) {
  return r.target->split.mode == manifests::SplitMode::kInstance;
}

// Where a fleet is to come to.
struct Destination {
  const Rollout& rollout;
  const mapcore::TrafficSplit& split;
  Wanted wanted;
};

bool HoldsItsPart(const Destination& to, const std::string& name, const Instance& instance) {
  const Rollout& r = to.rollout;
  const mapcore::TrafficSplit& split = to.split;
  const Digest& target = r.target->version.digest;
  if (!ByInstance(r) || !r.stable) {
    const Digest* wanted = to.wanted.Of(name);
    return wanted == nullptr || instance.Holds(*wanted);
  }
  const bool canary =
      Assign(split, {.targeting_key = {}, .attributes = {}, .instance = name}).arm ==
      mapcore::Arm::kCanary;
  return !instance.applied.empty() &&
         instance.applied.front() == (canary ? target : r.stable->digest);
}

// A rejection or a crash, once it concerns the version that is going out.
bool Condemns(const Rollout& r, const Ack& ack) {
  const bool bad = ack.status == AckStatus::kRejected || ack.status == AckStatus::kCrashed;
  if (!bad || !InFlight(r.phase) || !r.target) return false;
  const Wanted wanted = WantedOf(r.target->version, r.stable);
  const Digest* digest = wanted.Of(ack.instance);
  if (digest == nullptr || *digest != ack.digest) return false;
  return !r.stable || r.stable->digest != ack.digest;
}

void Condemn(Turn& turn, const Ack& ack) {
  const bool rejected = ack.status == AckStatus::kRejected;
  turn.RollBack(rejected ? reason::kRejected : reason::kHardLimit,
                "instance " + ack.instance + (rejected ? " rejects " : " reports a crash on ") +
                    ack.digest.Short() + (ack.reason.empty() ? "" : ": " + ack.reason));
}

void MindLosses(Turn& turn) {
  const Rollout& r = turn.state();
  if (!InFlight(r.phase) || !r.target || !r.stable || r.stable->digest == r.target->version.digest)
    return;
  const Losses losses = LossesOf(r.fleet, WantedOf(r.target->version, r.stable), r.number);
  if (!losses.TooMany()) return;
  turn.RollBack(reason::kHardLimit,
                std::to_string(losses.with_lost) + " of " + std::to_string(losses.with) +
                    " instances with the new version stopped renewing their leases (limit: 10 %, "
                    "at least 2), " +
                    std::to_string(losses.without_lost) + " of " + std::to_string(losses.without) +
                    " without it");
}

}  // namespace

Convergence ConvergenceOf(const Rollout& r) {
  Convergence convergence;
  const bool moving = ServesCanary(r.phase) && r.target;
  const mapcore::TrafficSplit split = moving ? ServingOf(r).split : mapcore::TrafficSplit();
  const Destination to{r, split, moving ? WantedOf(r.target->version, r.stable) : Wanted(Digest())};
  for (const auto& [name, instance] : r.fleet) {
    if (instance.lost) continue;
    ++convergence.live;
    if (!moving || HoldsItsPart(to, name, instance))
      ++convergence.converged;
    else if (convergence.lagging.size() < kLaggingNamed)
      convergence.lagging.push_back(name);
  }
  if (moving) convergence.required = RequiredOf(convergence.live, r.target->strategy.converge);
  // Nobody is in the canary then: the step cannot say anything of the new version.
  if (moving && ByInstance(r) && r.phase != Phase::kBaking && convergence.live == 0)
    convergence.required = 1;
  return convergence;
}

std::string ConvergenceText(const Convergence& convergence) {
  if (convergence.live == 0 && convergence.required > 0)
    return "no instance acknowledges the map, and split: instance gives the new version to "
           "instances";
  std::string text = std::to_string(convergence.converged) + " of " +
                     std::to_string(convergence.live) + " instances acknowledged";
  for (std::size_t i = 0; i < convergence.lagging.size(); ++i)
    text += (i == 0 ? "; still missing: " : ", ") + convergence.lagging[i];
  const auto missing = static_cast<std::size_t>(convergence.live - convergence.converged);
  return missing > convergence.lagging.size() ? text + ", …" : text;
}

void TakeAcks(Turn& turn) {
  Rollout& r = turn.state();
  bool changed = false;
  for (const Ack& ack : turn.seen.acks) {
    changed |= TakeAck(r.fleet, ack, turn.seen.now, InFlight(r.phase) ? r.number : 0);
    if (Condemns(r, ack)) Condemn(turn, ack);
  }
  changed |= EndLeases(r.fleet, turn.seen.now.mono, InFlight(r.phase));
  if (changed) turn.PersistAtLeast(Persist::kTick);
  MindLosses(turn);
}

void AssignInstances(Turn& turn) {
  Rollout& r = turn.state();
  if (!ServesCanary(r.phase) || !r.target || !ByInstance(r)) return;
  const std::uint32_t weight = CanaryWeight(r);
  if (weight == mapcore::kWeightMax) return;
  InstanceNames& chosen = r.progress.canary_instances;
  InstanceNames now = ChooseInstances(r.fleet, chosen, {weight, r.target->split.salt});
  if (now == chosen) return;
  chosen = std::move(now);
  turn.Say("Normal", "InstancesChosen", "the new version goes to " + ChosenText(chosen, r.fleet));
}

bool MindConvergence(Turn& turn, Duration elapsed) {
  Rollout& r = turn.state();
  const Convergence convergence = ConvergenceOf(r);
  r.progress.unconverged = convergence.reached() ? Duration(0) : r.progress.unconverged + elapsed;
  if (r.phase == Phase::kPaused && r.reason == reason::kNotConverged && convergence.reached()) {
    turn.Say("Normal", "Converged", ConvergenceText(convergence));
    turn.GoOn();
  }
  if (r.phase == Phase::kStepping && !convergence.reached() &&
      r.progress.unconverged >= r.target->strategy.converge.timeout) {
    const std::string message = ConvergenceText(convergence) + "; goes on by itself when they do";
    turn.Say("Warning", "Paused", message);
    turn.Enter(Phase::kPaused, reason::kNotConverged, message);
  }
  return convergence.reached();
}

}  // namespace portolan::reconciler
