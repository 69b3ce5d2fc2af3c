#include "reconciler/rollout/expiring.h"

#include <gtest/gtest.h>

#include "tests/reconciler/rollout/rollout_fixture.h"

namespace portolan::reconciler {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

Transition Order(Driver& driver, Verb verb, Duration length, const std::string& key = "",
                 const std::string& value = "5") {
  Observation seen;
  seen.command = Command{};
  seen.command->verb = verb;
  seen.command->actor = "user:ana";
  seen.command->reason = "incident";
  seen.command->key = key;
  seen.command->value = value;
  seen.command->length = length;
  return driver.Apply(std::move(seen));
}

std::string Reasons(const Transition& turned) {
  std::string reasons;
  for (const Event& event : turned.events) reasons += event.reason + " ";
  return reasons;
}

TEST(Override, LiesOverBothArmsUntilItsTimeIsOver) {
  Driver driver;
  driver.Settle("a");
  const Transition set = Order(driver, Verb::kOverride, hours(1), "api/login");
  ASSERT_TRUE(set.outcome->accepted) << set.outcome->message;
  EXPECT_EQ(set.persist, Persist::kNow) << "it must survive what comes";
  EXPECT_EQ(set.look_again, Duration(hours(1)));
  const std::map<std::string, std::string> overlay{{"api/login", "5"}};
  EXPECT_EQ(ServingOf(driver.rollout).overlay, overlay);
  driver.Want("b");
  EXPECT_EQ(ServingOf(driver.rollout).overlay, overlay) << "in mid-rollout too";
  driver.Pass(minutes(59));
  EXPECT_EQ(ServingOf(driver.rollout).overlay, overlay);
  const Transition over = driver.Pass(minutes(1));
  EXPECT_TRUE(Reasons(over).starts_with("OverrideExpired")) << Reasons(over);
  EXPECT_TRUE(ServingOf(driver.rollout).overlay.empty());
}

TEST(Override, RecordsWhoWhyAndOverWhat) {
  Driver driver;
  driver.Settle("a");
  const Transition set = Order(driver, Verb::kOverride, hours(1), "api/login", "{\"rps\":5}");
  const Override& item = driver.rollout.overrides.at(0);
  EXPECT_EQ(item.actor, "user:ana");
  EXPECT_EQ(item.reason, "incident");
  EXPECT_EQ(item.base, driver.rollout.stable->digest);
  EXPECT_EQ(item.until - item.at, Duration(hours(1)));
  const Event& event = set.events.at(0);
  EXPECT_EQ(event.reason, "OverrideSet");
  EXPECT_EQ(event.actor, "user:ana");
  EXPECT_EQ(CanonicalJson(*event.data.Find("value")), "{\"rps\":5}");
}

TEST(Override, DoesNotTellTheValueOfASensitiveKey) {
  Driver driver;
  driver.Settle("a");
  driver.rollout.stable->sensitive = {"token/*"};
  const Transition set = Order(driver, Verb::kOverride, hours(1), "token/edge", "\"s3cret\"");
  EXPECT_EQ(CanonicalJson(set.events.at(0).data).find("s3cret"), std::string::npos);
}

TEST(Override, OfAKeyReplacesTheOneBefore) {
  Driver driver;
  driver.Settle("a");
  Order(driver, Verb::kOverride, hours(1), "k", "5");
  Order(driver, Verb::kOverride, hours(2), "k", "6");
  ASSERT_EQ(driver.rollout.overrides.size(), 1u);
  EXPECT_EQ(driver.rollout.overrides[0].value, "6");
}

TEST(Override, EndsWhenItIsCleared) {
  Driver driver;
  driver.Settle("a");
  Order(driver, Verb::kOverride, hours(1), "k");
  EXPECT_TRUE(Order(driver, Verb::kClearOverride, Duration(0), "k").outcome->accepted);
  EXPECT_TRUE(driver.rollout.overrides.empty());
  EXPECT_FALSE(Order(driver, Verb::kClearOverride, Duration(0), "k").outcome->accepted);
}

TEST(Override, NeedsAnEndAReasonAndAServedMap) {
  Driver driver;
  EXPECT_FALSE(Order(driver, Verb::kOverride, hours(1), "k").outcome->accepted) << "not served";
  driver.Settle("a");
  EXPECT_FALSE(Order(driver, Verb::kOverride, Duration(0), "k").outcome->accepted);
  EXPECT_FALSE(Order(driver, Verb::kOverride, kOverrideMax + Duration(1), "k").outcome->accepted);
  Observation silent;
  silent.command = Command{};
  silent.command->verb = Verb::kOverride;
  silent.command->key = "k";
  silent.command->length = hours(1);
  EXPECT_FALSE(driver.Apply(std::move(silent)).outcome->accepted);
  EXPECT_TRUE(driver.rollout.overrides.empty());
}

TEST(Override, AreNotMoreThanACommitWouldBeFor) {
  Driver driver;
  driver.Settle("a");
  for (std::size_t i = 0; i < kOverridesMax; ++i)
    ASSERT_TRUE(
        Order(driver, Verb::kOverride, hours(1), "k" + std::to_string(i)).outcome->accepted);
  EXPECT_FALSE(Order(driver, Verb::kOverride, hours(1), "one more").outcome->accepted);
  EXPECT_TRUE(Order(driver, Verb::kOverride, hours(2), "k0").outcome->accepted) << "replaces";
}

TEST(Suspension, HoldsNewRolloutsUntilItsTimeIsOver) {
  Driver driver;
  driver.Settle("a");
  ASSERT_TRUE(Order(driver, Verb::kSuspend, hours(2)).outcome->accepted);
  driver.Want("b");
  EXPECT_EQ(driver.rollout.phase, Phase::kHeld);
  EXPECT_EQ(driver.rollout.reason, "Suspended");
  driver.Pass(hours(2) - seconds(1));
  EXPECT_EQ(driver.rollout.phase, Phase::kHeld);
  const Transition over = driver.Pass(seconds(1));
  EXPECT_TRUE(Reasons(over).starts_with("SuspensionExpired RolloutStarted")) << Reasons(over);
  EXPECT_EQ(driver.rollout.phase, Phase::kStepping);
}

TEST(Suspension, LetsTheRolloutThatRunsGoOnAndANewerRevisionWait) {
  Driver driver;
  driver.Settle("a");
  driver.Want("b");
  Order(driver, Verb::kSuspend, hours(2));
  driver.Want("c");
  EXPECT_EQ(driver.rollout.phase, Phase::kStepping);
  EXPECT_EQ(driver.rollout.target->version.digest, Sha256Of("b"));
  for (int second = 0; second < 40; ++second) driver.Pass(seconds(1));
  EXPECT_EQ(driver.rollout.phase, Phase::kHealthy);
  EXPECT_EQ(driver.Stable(), Sha256Of("b").Short());
  driver.Want("c");
  EXPECT_EQ(driver.rollout.reason, "Suspended");
}

TEST(Suspension, EndsWhenItIsLifted) {
  Driver driver;
  driver.Settle("a");
  Order(driver, Verb::kSuspend, hours(2));
  driver.Want("b");
  EXPECT_TRUE(driver.Do(Verb::kUnsuspend).outcome->accepted);
  EXPECT_EQ(driver.rollout.phase, Phase::kStepping);
  EXPECT_FALSE(driver.Do(Verb::kUnsuspend).outcome->accepted);
}

TEST(Suspension, DoesNotStopTheWayBack) {
  Driver driver;
  driver.Settle("a");
  driver.Settle("b");
  Order(driver, Verb::kSuspend, hours(2));
  EXPECT_TRUE(driver.Do(Verb::kRollback).outcome->accepted);
  EXPECT_EQ(driver.Stable(), Sha256Of("a").Short());
}

}  // namespace
}  // namespace portolan::reconciler
