#include <gtest/gtest.h>

#include "tests/reconciler/rollout/rollout_fixture.h"

namespace portolan::reconciler {
namespace {

using std::chrono::seconds;

TEST(Verbs, HaveOneNameEach) {
  for (int i = 0; i <= static_cast<int>(Verb::kUnsuspend); ++i) {
    const Verb verb = static_cast<Verb>(i);
    EXPECT_FALSE(VerbName(verb).empty()) << i;
    EXPECT_EQ(ParseVerb(VerbName(verb)), verb);
  }
  EXPECT_EQ(ParseVerb("Abort"), std::nullopt);
}

TEST(Verbs, ActOnceForARequestId) {
  Driver driver;
  driver.Settle("a");
  driver.Want("b");
  const Transition first = driver.Do(Verb::kSkip, "", "request-1");
  EXPECT_EQ(driver.rollout.progress.step, 1u);
  const Transition again = driver.Do(Verb::kSkip, "", "request-1");
  EXPECT_EQ(driver.rollout.progress.step, 1u);
  EXPECT_TRUE(again.events.empty());
  EXPECT_EQ(again.outcome->accepted, first.outcome->accepted);
  EXPECT_EQ(again.outcome->message, first.outcome->message);
}

TEST(Verbs, RememberARefusalToo) {
  Driver driver;
  driver.Settle("a");
  EXPECT_FALSE(driver.Do(Verb::kAbort, "", "request-1").outcome->accepted);
  driver.Want("b");
  EXPECT_FALSE(driver.Do(Verb::kAbort, "", "request-1").outcome->accepted);
  EXPECT_EQ(driver.rollout.phase, Phase::kStepping);
}

TEST(Verbs, ForgetARequestIdAfterADayAlsoWhenNothingHappenedMeanwhile) {
  Driver driver;
  driver.Settle("a");
  driver.Do(Verb::kPause, "", "request-1");
  driver.Do(Verb::kResume);
  driver.now.wall += kRequestMemory;
  driver.Do(Verb::kPause, "", "request-1");
  EXPECT_FALSE(driver.rollout.operator_paused) << "a day is not over";
  driver.now.wall += Duration(1);
  driver.Do(Verb::kPause, "", "request-1");
  EXPECT_TRUE(driver.rollout.operator_paused);
}

TEST(Verbs, RememberAtMostTheNewestRequestIds) {
  Driver driver;
  driver.Settle("a");
  for (std::size_t i = 0; i < kRequestsMax + 5; ++i)
    driver.Do(Verb::kPause, "", "request-" + std::to_string(i));
  ASSERT_EQ(driver.rollout.requests.size(), kRequestsMax);
  EXPECT_EQ(driver.rollout.requests.front().id, "request-5");
}

TEST(Rollback, SkipsAQuarantinedVersion) {
  Driver driver;
  for (const char* content : {"a", "b", "c"}) driver.Settle(content);
  driver.Do(Verb::kRollback);
  driver.Pass(seconds(10));
  EXPECT_EQ(driver.Stable(), Sha256Of("b").Short());
  EXPECT_TRUE(driver.Do(Verb::kRollback).outcome->accepted);
  EXPECT_EQ(driver.Stable(), Sha256Of("a").Short()) << "c is quarantined";
}

TEST(Rollback, ServesAKnownGoodVersionAtOnce) {
  Driver driver;
  driver.Settle("a");
  driver.Settle("b");
  const Transition turned = driver.Do(Verb::kRollback, Sha256Of("a").Short());
  EXPECT_TRUE(turned.safe_direction);
  EXPECT_EQ(ServingOf(driver.rollout).stable, Sha256Of("a"));
  EXPECT_FALSE(driver.Do(Verb::kAbort).outcome->accepted);
}

TEST(Lock, GoesToAKnownGoodVersionOnly) {
  Driver driver;
  driver.Settle("a");
  driver.Settle("b");
  driver.Want("c");
  EXPECT_FALSE(driver.Do(Verb::kLock, "3").outcome->accepted) << "3 is in flight";
  EXPECT_EQ(driver.rollout.phase, Phase::kStepping);
  EXPECT_TRUE(driver.Do(Verb::kLock, "1").outcome->accepted);
  EXPECT_EQ(ServingOf(driver.rollout).stable, Sha256Of("a"));
  EXPECT_FALSE(ServingOf(driver.rollout).canary.has_value());
  EXPECT_FALSE(driver.Do(Verb::kRollback).outcome->accepted) << "locked";
}

TEST(Prune, IsForRemovedMapsOnly) {
  Driver driver;
  driver.Settle("a");
  EXPECT_FALSE(driver.Do(Verb::kPrune).outcome->accepted);
  driver.Remove();
  EXPECT_EQ(driver.Stable(), Sha256Of("a").Short());
  EXPECT_TRUE(driver.Do(Verb::kPrune).outcome->accepted);
  EXPECT_FALSE(ServingOf(driver.rollout).stable.has_value());
}

TEST(Promote, GoesToOneHundredPercentInFullButNotPastTheBake) {
  Driver driver;
  driver.Settle("a");
  driver.Want("b");
  EXPECT_FALSE(driver.Do(Verb::kPromote).outcome->accepted) << "no pause waits";
  Observation seen;
  seen.command = Command{};
  seen.command->verb = Verb::kPromote;
  seen.command->full = true;
  EXPECT_EQ(driver.Apply(seen).persist, Persist::kNow);
  EXPECT_EQ(driver.rollout.phase, Phase::kBaking);
  EXPECT_EQ(driver.Stable(), Sha256Of("a").Short());
  EXPECT_FALSE(driver.Do(Verb::kSkip).outcome->accepted);
}

}  // namespace
}  // namespace portolan::reconciler
