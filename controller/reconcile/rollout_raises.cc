// The weight of a rollout rises only when the policies in force were asked just before.
#include "controller/reconcile/rollout_reconciler.h"

namespace portolan::controller {
namespace {

using reconciler::Observation;
using reconciler::Rollout;

constexpr Duration kAskAgain = std::chrono::seconds(5);        // of what a denial holds
constexpr Duration kAnswerPatience = std::chrono::minutes(1);  // then the question is repeated

// Whether more subjects get the target than before, by something else than a wish, which comes
// judged, and a rollback, which nobody is asked about: its target has no plan.
bool Raises(const Rollout& before, const Rollout& after, const Observation& seen) {
  if (!InFlight(after.phase) || !after.target || after.target->plan.empty()) return false;
  const bool went_on =
      InFlight(before.phase) && before.target && before.target->plan == after.target->plan;
  if (!went_on && seen.desired && seen.desired->plan == after.target->plan) return false;
  return ServingOf(after).split.weight > ServingOf(before).split.weight;
}

}  // namespace

void RolloutReconciler::Judged(std::string map, Digest plan,
                               std::vector<reconciler::Finding> findings) {
  {
    const std::scoped_lock lock(inbox_mutex_);
    inbox_.answers.push_back({std::move(map), plan, std::move(findings)});
  }
  inbox_changed_.notify_one();
}

// An answer is of this round: the maps that have one are stepped in it, and what is not used then
// is asked anew.
void RolloutReconciler::TakeAnswers(Inbox& inbox) {
  for (PolicyAnswer& answer : inbox.answers) {
    const auto found = lanes_.find(answer.map);
    if (found == lanes_.end()) continue;
    Gate& gate = found->second.gate;
    gate.asked.reset();
    for (PendingCommand& command : gate.deferred) inbox.commands.push_back(std::move(command));
    gate.deferred.clear();
    answered_.insert(answer.map);
    gate.answer = std::move(answer);
  }
}

void RolloutReconciler::ForgetAnswers(const Now& now) {
  for (const std::string& map : std::exchange(answered_, {})) {
    Lane& lane = lanes_.at(map);
    lane.gate.ask_again = now.mono + kAskAgain;
    lane.gate.answer.reset();
    AskLater(map, lane);
  }
  for (const std::string& map : asks_due_.Take(now.mono, kLanesPerRound)) {
    CountVisits(1);
    Lane& lane = lanes_.at(map);
    Ask(lane, now);
    asks_due_.Set(map, std::max(lane.gate.ask_again, now.mono + kAskAgain));
  }
}

// Without a pause of its own nothing raises the weight of what the policies hold, so nothing would
// ask them.
void RolloutReconciler::AskLater(const std::string& name, const Lane& lane) {
  if (hooks_.ask_policies && HeldByPolicies(lane.rollout))
    asks_due_.Set(name, lane.gate.ask_again);
  else
    asks_due_.Remove(name);
}

void RolloutReconciler::Ask(Lane& lane, const Now& now) {
  if (!hooks_.ask_policies || !lane.rollout.target) return;
  if (lane.gate.asked && now.mono - *lane.gate.asked < kAnswerPatience) return;
  lane.gate.asked = now.mono;
  lane.gate.ask_again = now.mono + kAnswerPatience;
  hooks_.ask_policies(std::make_shared<const Rollout>(lane.rollout));
}

reconciler::Transition RolloutReconciler::StepJudged(Lane& lane, Observation& seen) {
  if (!hooks_.ask_policies) return reconciler::Step(lane.rollout, seen);
  const auto& answer = lane.gate.answer;
  if (answer && lane.rollout.target && answer->plan == lane.rollout.target->plan)
    seen.raise = reconciler::RaiseAnswer{false, answer->findings};
  // What an approval lifts is for the source to judge, which then wishes for it again.
  if (seen.command && seen.command->verb == reconciler::Verb::kApprove) {
    seen.raise = reconciler::RaiseAnswer{true, {}};
    lane.gate.ask_again = seen.now.mono;
  }
  reconciler::Transition turned = reconciler::Step(lane.rollout, seen);
  if (seen.raise || !Raises(lane.rollout, turned.next, seen)) return turned;
  Ask(lane, seen.now);
  seen.raise = reconciler::RaiseAnswer{true, {}};
  return reconciler::Step(lane.rollout, seen);
}

bool RolloutReconciler::Defer(Lane& lane, const Observation& seen, PendingCommand& command) {
  const bool waits = seen.raise && seen.raise->waits;
  if (!waits || command.command.verb == reconciler::Verb::kApprove) return false;
  lane.gate.deferred.push_back(std::move(command));
  return true;
}

}  // namespace portolan::controller
