#include "reconciler/rollout/turn.h"

#include <gtest/gtest.h>

#include "tests/reconciler/rollout/rollout_fixture.h"

namespace portolan::reconciler {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

TEST(Turn, SendsAVersionThatWasGoodLatelyStraightToTheBake) {
  Driver driver;
  driver.Settle("a");
  driver.Settle("b");
  driver.Want("a");
  EXPECT_EQ(driver.rollout.phase, Phase::kBaking);
}

TEST(Turn, SendsAVersionThatWasGoodLongAgoByItsSteps) {
  Driver driver;
  driver.Settle("a");
  driver.Settle("b");
  driver.now.wall += driver.strategy.rollback_window_age;
  driver.Want("a");
  EXPECT_EQ(driver.rollout.phase, Phase::kStepping);
  EXPECT_EQ(ServingOf(driver.rollout).split.weight, 5'000u);
}

TEST(Turn, SaysThatAChangeIsHeldOnce) {
  Driver driver;
  driver.Settle("a");
  Observation seen;
  seen.desired = driver.TargetOf("b");
  seen.desired->findings = {{"mass-delete-guard", "soft", "deletes 9 of 10 keys"}};
  const Transition held = driver.Apply(seen);
  ASSERT_EQ(held.events.size(), 1u);
  EXPECT_EQ(held.events[0].reason, "Held");
  EXPECT_NE(driver.rollout.message.find(" --despite "), std::string::npos);
  EXPECT_TRUE(driver.Apply(seen).events.empty());
}

TEST(Turn, ForgetsAnApprovalOfAnotherPlan) {
  Driver driver;
  driver.Settle("a");
  Observation seen;
  seen.desired = driver.TargetOf("b");
  seen.desired->findings = {{"mass-delete-guard", "soft", "deletes 9 of 10 keys"}};
  driver.Apply(seen);
  Observation approve;
  approve.command = Command{};
  approve.command->verb = Verb::kApprove;
  approve.command->plan = Sha256Of("another plan");
  EXPECT_FALSE(driver.Apply(approve).outcome->accepted);
  EXPECT_EQ(driver.rollout.phase, Phase::kHeld);
  approve.command->plan = seen.desired->plan;
  approve.command->despite = "mass-delete-guard";
  EXPECT_TRUE(driver.Apply(approve).outcome->accepted);
  EXPECT_EQ(driver.rollout.phase, Phase::kStepping);
}

TEST(Turn, TheTimeBeforeAVerbStartsARolloutIsNoSoakOfIt) {
  Driver driver;
  driver.Settle("a");
  driver.Want("b");
  driver.Do(Verb::kAbort);
  driver.Pass(Duration(0));
  ASSERT_EQ(driver.rollout.phase, Phase::kRolledBack);
  driver.now.wall += std::chrono::hours(1);
  driver.now.mono += std::chrono::hours(1);
  driver.Do(Verb::kRetry);
  EXPECT_EQ(driver.rollout.phase, Phase::kStepping);
  EXPECT_EQ(driver.rollout.progress.step, 0u);
}

TEST(Turn, AnApprovalDespiteAPolicyIsUsedUpByTheRolloutThatItStarts) {
  Driver driver;
  driver.Settle("a");
  Observation seen;
  seen.desired = driver.TargetOf("b");
  seen.desired->findings = {{"few", "soft", "too many"}, {"late", "soft", "too late"}};
  driver.Apply(seen);
  Observation approve;
  approve.command = Command{};
  approve.command->verb = Verb::kApprove;
  approve.command->plan = seen.desired->plan;
  approve.command->despite = "few";
  EXPECT_TRUE(driver.Apply(approve).replan);
  EXPECT_EQ(driver.rollout.phase, Phase::kHeld);
  EXPECT_NE(driver.rollout.message.find("late: too late"), std::string::npos);
  EXPECT_EQ(driver.rollout.approvals[0].rollout, "");
  approve.command->despite = "late";
  driver.Apply(approve);
  ASSERT_EQ(driver.rollout.phase, Phase::kStepping);
  for (const Approval& approval : driver.rollout.approvals)
    EXPECT_EQ(approval.rollout, driver.rollout.id());
}

TEST(Turn, AnApprovalInMidRolloutServesThatRolloutOnly) {
  Driver driver;
  driver.Settle("a");
  driver.Want("b");
  driver.now.wall += std::chrono::seconds(10);
  driver.now.mono += std::chrono::seconds(10);
  Observation asked;
  asked.raise = RaiseAnswer{false, {{"window", "soft", "the window is closed"}}};
  driver.Apply(asked);
  ASSERT_EQ(driver.rollout.reason, reason::kPolicyDenied);
  EXPECT_EQ(ServingOf(driver.rollout).split.weight, 5'000u);
  Observation approve;
  approve.command = Command{};
  approve.command->verb = Verb::kApprove;
  approve.command->plan = driver.rollout.target->plan;
  approve.command->despite = "window";
  approve.raise = RaiseAnswer{true, {}};
  EXPECT_TRUE(driver.Apply(approve).outcome->accepted);
  EXPECT_EQ(driver.rollout.approvals.at(0).rollout, driver.rollout.id());
  EXPECT_EQ(driver.rollout.phase, Phase::kPaused);
}

TEST(Turn, AnApprovalOfThePlanAloneLeavesItToThePolicies) {
  Driver driver;
  driver.Settle("a");
  Observation seen;
  seen.desired = driver.TargetOf("b");
  seen.desired->findings = {{"two", "hard", "needs two approvals"}};
  driver.Apply(seen);
  Observation approve;
  approve.command = Command{};
  approve.command->verb = Verb::kApprove;
  approve.command->plan = seen.desired->plan;
  const Transition approved = driver.Apply(approve);
  EXPECT_TRUE(approved.outcome->accepted);
  EXPECT_TRUE(approved.replan);
  EXPECT_EQ(driver.rollout.phase, Phase::kHeld);
  ASSERT_EQ(driver.rollout.approvals.size(), 1u);
  approve.command->despite = "two";
  const Transition refused = driver.Apply(approve);
  EXPECT_FALSE(refused.outcome->accepted);
  EXPECT_TRUE(refused.outcome->denied);
}

TEST(Turn, KeepsServingAFirstVersionThatFails) {
  Driver driver;
  driver.Want("a");
  driver.Hear({driver.ReportOf(mapcore::Arm::kCanary, 30, 25)});
  EXPECT_EQ(driver.rollout.phase, Phase::kBaking);
  EXPECT_EQ(driver.rollout.reason, reason::kFirstVersionFailing);
  EXPECT_EQ(ServingOf(driver.rollout).canary, Sha256Of("a"));
  driver.Pass(hours(1));
  EXPECT_FALSE(driver.rollout.stable.has_value()) << "never known good";
}

TEST(Turn, QuarantinesARolledBackVersionOnce) {
  Driver driver;
  driver.Settle("a");
  for (int round = 0; round < 2; ++round) {
    driver.Want("b");
    driver.Do(Verb::kAbort);
    driver.Pass(seconds(1));
    ASSERT_EQ(driver.rollout.phase, Phase::kRolledBack);
    ASSERT_EQ(driver.rollout.quarantine.size(), 1u);
    EXPECT_EQ(driver.rollout.quarantine[0].digest, Sha256Of("b"));
    EXPECT_EQ(driver.rollout.quarantine[0].base, Sha256Of("a"));
    driver.Do(Verb::kRetry);
    EXPECT_TRUE(driver.rollout.quarantine.empty());
    driver.Do(Verb::kAbort);
    driver.Pass(seconds(1));
  }
}

TEST(BlastRadius, CountsFailuresSubjectsAndTime) {
  Driver driver;
  driver.Settle("a");
  driver.Want("b");
  driver.rollout.progress.lookups = 4'310;
  driver.rollout.progress.canary_bad = 212;
  driver.rollout.progress.bad_subjects = {1, 2, 3};
  EXPECT_EQ(BlastRadius(driver.rollout, driver.now.wall + Duration(2'300)),
            "212 of 4,310 lookups failed, 3 subjects, 2.3 s");
}

}  // namespace
}  // namespace portolan::reconciler
