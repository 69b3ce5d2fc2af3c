#include <gtest/gtest.h>

#include "reconciler/rollout/turn.h"
#include "tests/reconciler/rollout/rollout_fixture.h"

namespace portolan::reconciler {
namespace {

using mapcore::Arm;
using std::chrono::seconds;

TEST(TakeReports, IgnoresWhatBelongsToAnotherStepDigestOrArm) {
  Driver driver;
  driver.Settle("a");
  driver.Want("b");
  Report step = driver.ReportOf(Arm::kCanary, 30, 0);
  step.items[0].step = 2;
  Report digest = driver.ReportOf(Arm::kCanary, 30, 0);
  digest.items[0].digest = Sha256Of("a");
  Report arm = driver.ReportOf(Arm::kStable, 30, 0);
  arm.items[0].digest = Sha256Of("b");
  driver.Hear({step, digest, arm});
  EXPECT_EQ(driver.rollout.progress.lookups, 0);
  driver.Hear({driver.ReportOf(Arm::kCanary, 30, 0)});
  EXPECT_EQ(driver.rollout.progress.lookups, 30);
}

TEST(TakeReports, RollsBackAtTheHardLimitAndIgnoresTheReportsBehindIt) {
  Driver driver;
  driver.Settle("a");
  driver.Want("b");
  const Transition turned =
      driver.Hear({driver.ReportOf(Arm::kCanary, 30, 25), driver.ReportOf(Arm::kCanary, 500, 0)});
  EXPECT_EQ(driver.rollout.phase, Phase::kRollingBack);
  EXPECT_EQ(driver.rollout.reason, reason::kHardLimit);
  EXPECT_EQ(driver.rollout.progress.lookups, 30);
  EXPECT_TRUE(turned.safe_direction);
  EXPECT_FALSE(ServingOf(driver.rollout).canary.has_value());
}

TEST(PassTime, SoaksOnlyWhileBothArmsReport) {
  Driver driver;
  driver.Settle("a");
  driver.strategy.min_lookups = 10;
  driver.Want("b");
  driver.Pass(seconds(5));
  EXPECT_EQ(driver.rollout.progress.soaked, seconds(0));
  driver.Hear({driver.ReportOf(Arm::kCanary, 30, 0)});
  driver.Pass(seconds(5));
  EXPECT_EQ(driver.rollout.progress.soaked, seconds(0)) << "stable said nothing";
  driver.Hear({driver.ReportOf(Arm::kStable, 30, 0)});
  driver.Pass(seconds(5));
  EXPECT_EQ(driver.rollout.progress.soaked, seconds(5));
}

TEST(PassTime, WaitsAfterTheSoakForEnoughLookups) {
  Driver driver;
  driver.Settle("a");
  driver.strategy.min_lookups = 40;
  driver.Want("b");
  const auto hear = [&] {
    driver.Hear({driver.ReportOf(Arm::kCanary, 30, 0), driver.ReportOf(Arm::kStable, 30, 0)});
  };
  hear();
  driver.Pass(seconds(15));
  EXPECT_EQ(driver.rollout.progress.step, 0u);
  hear();
  EXPECT_EQ(driver.rollout.progress.step, 1u);
}

TEST(TakeDesired, DoesNotServeAFirstVersionThatWasHeldWhenGitRemovesIt) {
  Driver driver;
  driver.Do(Verb::kPause);
  driver.Want("a");
  ASSERT_EQ(driver.rollout.phase, Phase::kHeld);
  driver.Remove();
  EXPECT_FALSE(driver.rollout.stable.has_value());
  EXPECT_FALSE(driver.rollout.target.has_value());
  EXPECT_EQ(driver.rollout.phase, Phase::kPending);
}

TEST(TakeDesired, KeepsAFirstVersionServedWhenTheNextOneIsHeld) {
  Driver driver;
  driver.Want("a");
  ASSERT_EQ(driver.rollout.phase, Phase::kBaking);
  Observation seen;
  seen.desired = driver.TargetOf("b");
  seen.desired->quarantine = QuarantineHold::kAll;
  driver.Apply(seen);
  EXPECT_EQ(ServingOf(driver.rollout).canary, Sha256Of("a"));
  driver.Pass(seconds(10));
  EXPECT_EQ(driver.Stable(), Sha256Of("a").Short());
}

TEST(TakeDesired, LetsARollbackByStepsGoOnWhileGitStillWantsWhatWasLeft) {
  Driver driver;
  driver.strategy.rollback_window_age = Duration(0);
  driver.Settle("a");
  driver.Settle("b");
  driver.Pass(seconds(1));
  driver.Do(Verb::kRollback, "1");
  ASSERT_EQ(driver.rollout.phase, Phase::kStepping);
  driver.Want("b");
  EXPECT_EQ(driver.rollout.phase, Phase::kStepping);
  EXPECT_EQ(driver.rollout.target->version.digest, Sha256Of("a"));
}

TEST(TakeDesired, KeepsALockWhateverGitSays) {
  Driver driver;
  driver.Settle("a");
  driver.Do(Verb::kLock);
  driver.Want("b");
  EXPECT_EQ(driver.rollout.phase, Phase::kLocked);
  EXPECT_EQ(driver.rollout.desired->digest, Sha256Of("b"));
  driver.Remove();
  EXPECT_EQ(driver.rollout.phase, Phase::kLocked);
  EXPECT_TRUE(driver.Do(Verb::kUnlock).replan);
}

TEST(TakeDesired, QueuesAfterThreeRestartsInARow) {
  Driver driver;
  driver.Settle("a");
  driver.Want("b");
  for (const char* content : {"c", "d", "e"}) driver.Want(content);
  EXPECT_EQ(driver.rollout.restarts, kRestartsMax);
  EXPECT_EQ(driver.rollout.target->version.digest, Sha256Of("e"));
  driver.Want("f");
  EXPECT_EQ(driver.rollout.target->version.digest, Sha256Of("e"));
  EXPECT_EQ(driver.rollout.desired->digest, Sha256Of("f"));
}

}  // namespace
}  // namespace portolan::reconciler
