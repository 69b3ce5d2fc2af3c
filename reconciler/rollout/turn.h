#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "reconciler/rollout/step.h"

namespace portolan::reconciler {

// How soon a rollout that moves asks to be looked at again, unless something of it ends before.
constexpr Duration kTick = std::chrono::seconds(1);

// One Step being worked out: the rollout as it becomes, and what to do about it. Internal to
// reconciler/rollout; the moves below are the only ones that change a phase.
struct Turn {
  Turn(const Rollout& rollout, const Observation& seen_now) : seen(seen_now) { out.next = rollout; }

  const Observation& seen;
  Transition out;

  Rollout& state() { return out.next; }
  WallTime wall() const { return seen.now.wall; }

  void Enter(Phase phase, std::string_view why, std::string message);
  void Say(std::string_view type, std::string_view event_reason, std::string message,
           manifests::Value data = {});
  void PersistAtLeast(Persist persist);

  // Takes up what git wants, from a phase in which nothing is in flight: holds it, starts it, or
  // sees that it is already stable.
  void Consider(Target target);
  // Why a target may not start, and the sentence about it; none when it may.
  struct Hold {
    std::string_view why;
    std::string message;
  };
  std::optional<Hold> HoldOf(const Target& target) const;
  // Starts a rollout: by steps, or straight to the bake when there is no stable version or the
  // target is known good.
  void Start(Target target);
  // Both versions are compared before anybody gets the new one.
  void EnterShadow();
  // The first step, or the bake where steps could not tell anything.
  void BeginSteps();
  void EnterStep(std::uint32_t index);
  // Whether the weight may rise now. When policies deny it, the rollout is held where it is: it is
  // still judged and can still roll back.
  bool MayRaise();
  void HoldAtStep(const std::vector<Finding>& findings);
  // Back to the present step, or to the dual run, from a pause, its evidence kept.
  void GoOn();
  // The step is done: the next one, or the bake.
  void Advance();
  // Everybody but `holdback` of 100,000 gets the new version. Towards what is known good, and where
  // there is nothing to compare with, nobody is held back.
  void Bake(std::uint32_t holdback = 0);
  // In the bake, and nothing holds its clock up.
  void GoOnBaking();
  // The bake is over: the target is stable and known good.
  void Finish();
  // All subjects back to stable at once; the target is quarantined. Without a version to return to,
  // keeps serving it and says so.
  void RollBack(std::string_view cause, std::string message);
  // Drops the rollout in flight without blame.
  void Withdraw(std::string_view event_reason, std::string message);
  // Stable becomes `version` at once (rollback, lock); false when it is stable already.
  void MakeStable(const VersionRef& version, bool old_is_bad);
  void AddQuarantine(const VersionRef& bad, const VersionRef& base, std::string_view cause,
                     std::string message);
  void SetOutcome(const Digest& digest, std::string_view outcome);
};

// Pieces of Step.
void TakeAcks(Turn& turn);
// Ends overrides and suspensions whose time is over, and says when the next one is.
void EndExpired(Turn& turn);
void LookAgainAtExpiry(Turn& turn);
void TakeReports(Turn& turn);
// In a dual run: counts what was compared, and rolls back when the versions disagree.
void TakeComparisons(Turn& turn);
void PassShadow(Turn& turn, Duration elapsed);
std::optional<Duration> LookAgainInShadow(const Rollout& rollout);
void TakeDesired(Turn& turn);
void TakeCommand(Turn& turn);
void TakeMeasurements(Turn& turn);
// Says what is to be measured now, and when to look again for that.
void AskForMeasurements(Turn& turn);
// Rolls back when a metric failed.
void Judge(Turn& turn);
// Pauses a step whose metrics cannot be decided for a while, and ends such a pause when they can.
void MindUnclear(Turn& turn, Duration elapsed);
// Pauses a step whose instances do not follow, and ends such a pause when they do. True when the
// fleet holds what the step gives it.
bool MindConvergence(Turn& turn, Duration elapsed);
// Waits for freeze windows, and goes on when they are over.
void MindFreeze(Turn& turn);
// With `split: instance`: chooses the instances of the present step.
void AssignInstances(Turn& turn);
void PassTime(Turn& turn, Duration elapsed);
// Ends a hold by policies when they allow what they denied.
void MindPolicies(Turn& turn);

// The operator's orders that end by themselves.
CommandOutcome SetOverride(Turn& turn, const Command& command);
CommandOutcome ClearOverride(Turn& turn, const Command& command);
CommandOutcome Suspend(Turn& turn, const Command& command);
CommandOutcome Unsuspend(Turn& turn, const Command& command);

// "freeze "nights" until 2026-11-21T06:00:00.000Z; goes on by itself then".
std::string FreezeText(const Freeze& freeze);

// "212 of 4,310 lookups failed, 26 subjects, 2.3 s" for the rollout in flight.
std::string BlastRadius(const Rollout& rollout, WallTime now);

}  // namespace portolan::reconciler
