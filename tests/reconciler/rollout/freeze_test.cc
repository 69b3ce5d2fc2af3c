#include <gtest/gtest.h>

#include "tests/reconciler/rollout/rollout_fixture.h"

namespace portolan::reconciler {
namespace {

class FreezeTest : public testing::Test {
 protected:
  FreezeTest() { driver.Settle("one"); }

  Transition See(bool frozen, std::optional<Target> wanted = std::nullopt) {
    Observation seen;
    if (frozen) seen.freeze = Freeze{"nights", until};
    seen.desired = std::move(wanted);
    return driver.Apply(std::move(seen));
  }

  Driver driver;
  WallTime until = driver.now.wall + std::chrono::hours(8);
};

TEST_F(FreezeTest, HoldsAStartAndGoesOnByItself) {
  const Transition held = See(true, driver.TargetOf("two"));
  EXPECT_EQ(driver.rollout.phase, Phase::kHeld);
  EXPECT_EQ(driver.rollout.reason, reason::kWindowClosed);
  EXPECT_EQ(driver.rollout.frozen_until, until);
  EXPECT_NE(driver.rollout.message.find("until " + FormatTime(until)), std::string::npos);
  ASSERT_TRUE(held.look_again.has_value());
  EXPECT_LE(*held.look_again, std::chrono::minutes(1));
  See(false);
  EXPECT_EQ(driver.rollout.phase, Phase::kStepping);
  EXPECT_EQ(driver.rollout.frozen_until, std::nullopt);
}

TEST_F(FreezeTest, PausesBetweenStepsAndStillRollsBack) {
  driver.Want("two");
  See(true);
  EXPECT_EQ(driver.rollout.phase, Phase::kPaused);
  EXPECT_EQ(driver.rollout.reason, reason::kWindowClosed);
  EXPECT_FALSE(driver.Do(Verb::kResume).outcome->accepted);
  Observation bad;
  bad.freeze = Freeze{"nights", until};
  bad.reports = {driver.ReportOf(mapcore::Arm::kCanary, 30, 30)};
  driver.Apply(std::move(bad));
  EXPECT_EQ(driver.rollout.phase, Phase::kRollingBack);
}

TEST_F(FreezeTest, LetsAFirstVersionAndAKnownGoodOneThrough) {
  driver.Settle("two");
  See(true, driver.TargetOf("one"));
  EXPECT_EQ(driver.rollout.phase, Phase::kBaking);
  Driver fresh;
  Observation seen;
  seen.freeze = Freeze{"nights", until};
  seen.desired = fresh.TargetOf("one");
  fresh.Apply(std::move(seen));
  EXPECT_EQ(fresh.rollout.phase, Phase::kBaking);
}

TEST_F(FreezeTest, CountsNoSoakAndNoDeadline) {
  driver.Want("two");
  See(true);
  driver.now.wall += std::chrono::seconds(5);
  driver.now.mono += std::chrono::seconds(5);
  See(true);
  EXPECT_EQ(driver.rollout.progress.soaked, Duration(0));
  EXPECT_EQ(driver.rollout.progress.spent, Duration(0));
}

}  // namespace
}  // namespace portolan::reconciler
