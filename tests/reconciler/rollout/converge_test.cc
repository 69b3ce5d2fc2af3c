#include "reconciler/rollout/converge.h"

#include <gtest/gtest.h>

#include "tests/reconciler/rollout/rollout_fixture.h"

namespace portolan::reconciler {
namespace {

constexpr Duration kSecond = std::chrono::seconds(1);

class ConvergeTest : public testing::Test {
 protected:
  ConvergeTest() {
    driver.Settle("one");
    driver.Want("two");
  }
  Transition Send(const std::string& instance, AckStatus status, const std::string& content) {
    Observation seen;
    seen.acks.push_back(
        {instance, "limits", Sha256Of(content), status, "rps is 0", std::chrono::hours(1)});
    return driver.Apply(std::move(seen));
  }
  void SendMany(int from, int to, const std::string& content) {
    for (int i = from; i < to; ++i)
      Send("i" + std::to_string(100 + i), AckStatus::kApplied, content);
  }

  Driver driver;
};

TEST_F(ConvergeTest, AsksAllOfTenAndNinetyFivePercentOfMore) {
  EXPECT_EQ(ConvergenceOf(driver.rollout).required, 0);
  SendMany(0, 10, "one");
  EXPECT_EQ(ConvergenceOf(driver.rollout).required, 10);
  SendMany(10, 40, "one");
  EXPECT_EQ(ConvergenceOf(driver.rollout).required, 38);
  driver.rollout.target->strategy.converge.share = 0.5;
  EXPECT_EQ(ConvergenceOf(driver.rollout).required, 20);
}

TEST_F(ConvergeTest, NamesTheFirstThatLack) {
  SendMany(0, 5, "one");
  SendMany(1, 2, "two");
  EXPECT_EQ(ConvergenceText(ConvergenceOf(driver.rollout)),
            "1 of 5 instances acknowledged; still missing: i100, i102, i103, …");
}

TEST_F(ConvergeTest, CountsNoSoakUntilTheFleetConverged) {
  SendMany(0, 2, "one");
  driver.Pass(20 * kSecond);
  EXPECT_EQ(driver.rollout.progress.soaked, Duration(0));
  SendMany(0, 2, "two");
  driver.Pass(kSecond);
  EXPECT_EQ(driver.rollout.progress.soaked, kSecond);
}

TEST_F(ConvergeTest, ARejectionOfTheNewVersionRollsBackAtOnce) {
  const Transition turned = Send("a", AckStatus::kRejected, "two");
  EXPECT_TRUE(turned.safe_direction);
  EXPECT_EQ(driver.rollout.phase, Phase::kRollingBack);
  EXPECT_EQ(driver.rollout.reason, reason::kRejected);
  EXPECT_TRUE(driver.rollout.message.starts_with("instance a rejects "));
}

TEST_F(ConvergeTest, ARejectionOfAnotherVersionRollsBackNothing) {
  Send("a", AckStatus::kRejected, "one");
  Send("a", AckStatus::kCrashed, "zero");
  EXPECT_EQ(driver.rollout.phase, Phase::kStepping);
}

TEST_F(ConvergeTest, ARejectionOfTheOnlyVersionIsSaidAndServed) {
  Driver fresh;
  fresh.Want("one");
  Observation seen;
  seen.acks.push_back({"a", "limits", Sha256Of("one"), AckStatus::kRejected, "", kSecond});
  fresh.Apply(std::move(seen));
  EXPECT_EQ(fresh.rollout.reason, reason::kFirstVersionFailing);
  EXPECT_EQ(ServingOf(fresh.rollout).canary, Sha256Of("one"));
}

TEST_F(ConvergeTest, AHeartbeatIsNotWorthAWrite) {
  Send("a", AckStatus::kApplied, "one");
  driver.Do(Verb::kAbort);
  driver.Pass(kSecond);
  const Transition turned = Send("a", AckStatus::kAlive, "one");
  EXPECT_EQ(turned.persist, Persist::kNothing);
  EXPECT_EQ(Send("b", AckStatus::kApplied, "one").persist, Persist::kTick);
}

}  // namespace
}  // namespace portolan::reconciler
