#include "reconciler/status.h"

#include <gtest/gtest.h>

#include "tests/reconciler/rollout/rollout_fixture.h"

namespace portolan::reconciler {
namespace {

using std::chrono::seconds;

std::string TrueConditions(const Rollout& rollout) {
  std::string names;
  for (const Condition& condition : ConditionsOf(rollout))
    if (condition.status) names += condition.type;
  return names;
}

TEST(ConditionsOf, HasExactlyOneTrueInEachPhase) {
  const std::pair<Phase, std::string> expected[] = {
      {Phase::kPending, "Reconciling"},  {Phase::kHealthy, "Ready"},
      {Phase::kHeld, "Reconciling"},     {Phase::kStepping, "Reconciling"},
      {Phase::kPaused, "Reconciling"},   {Phase::kBaking, "Reconciling"},
      {Phase::kRollingBack, "Stalled"},  {Phase::kRolledBack, "Stalled"},
      {Phase::kRetiring, "Reconciling"}, {Phase::kLocked, "Reconciling"}};
  for (const auto& [phase, name] : expected) {
    Rollout rollout;
    rollout.phase = phase;
    EXPECT_EQ(TrueConditions(rollout), name) << PhaseName(phase);
  }
  Rollout failing;
  failing.phase = Phase::kBaking;
  failing.reason = reason::kFirstVersionFailing;
  EXPECT_EQ(TrueConditions(failing), "Stalled");
}

TEST(SyncOf, FollowsAChangeFromGitToLive) {
  Driver driver;
  EXPECT_EQ(SyncOf(driver.rollout).state, SyncState::kDiverged);
  driver.Want("a");
  EXPECT_EQ(SyncOf(driver.rollout).state, SyncState::kProgressing);
  driver.Pass(seconds(10));
  EXPECT_EQ(SyncOf(driver.rollout).state, SyncState::kSynced);
  driver.Want("b");
  EXPECT_EQ(SyncOf(driver.rollout).state, SyncState::kProgressing);
  driver.Do(Verb::kAbort);
  EXPECT_EQ(SyncOf(driver.rollout).state, SyncState::kDiverged);
  EXPECT_EQ(SyncOf(driver.rollout).reason, reason::kAborted);
}

TEST(WeightOf, IsWhatClientsSee) {
  Driver driver;
  driver.Settle("a");
  EXPECT_EQ(WeightOf(driver.rollout), 0u);
  driver.Want("b");
  EXPECT_EQ(WeightOf(driver.rollout), 5'000u);
  driver.Pass(seconds(10));
  EXPECT_EQ(WeightOf(driver.rollout), 20'000u);
  driver.Pass(seconds(10));
  EXPECT_EQ(WeightOf(driver.rollout), mapcore::kWeightMax);
}

TEST(MapStatusToValue, ShowsTheStepAndItsSoak) {
  Driver driver;
  driver.Settle("a");
  driver.Want("b");
  driver.Pass(seconds(4));
  const manifests::Value value = MapStatusToValue(driver.rollout, driver.now.wall);
  EXPECT_EQ(value.StringOr("phase", ""), "Stepping");
  EXPECT_EQ(value.IntOr("step", 0), 1);
  EXPECT_EQ(value.IntOr("steps", 0), 3);
  EXPECT_EQ(value.IntOr("weight", 0), 5'000);
  EXPECT_EQ(value.IntOr("soakMs", 0), 4'000);
  EXPECT_EQ(value.IntOr("soakRequiredMs", 0), 10'000);
  EXPECT_EQ(value.Find("stable")->StringOr("digest", ""), Sha256Of("a").ToString());
  EXPECT_EQ(value.Find("target")->StringOr("digest", ""), Sha256Of("b").ToString());
  EXPECT_TRUE(value.Find("lock")->is_null());
  driver.Do(Verb::kLock);
  const manifests::Value locked = MapStatusToValue(driver.rollout, driver.now.wall);
  EXPECT_EQ(locked.Find("lock")->StringOr("actor", ""), "user:ana");
  EXPECT_EQ(locked.IntOr("step", 9), 0);
}

TEST(MapStatusToValue, SaysWhenTimeAloneEndsWhatGoesOn) {
  Driver driver;
  driver.Settle("a");
  const auto next = [&] {
    const manifests::Value status = MapStatusToValue(driver.rollout, driver.now.wall);
    return std::string(status.StringOr("nextAt", "null"));
  };
  EXPECT_EQ(next(), "null") << "nothing is in flight";
  driver.Want("b");
  driver.Pass(seconds(4));
  EXPECT_EQ(next(), FormatTime(driver.now.wall + seconds(6)));
  driver.Do(Verb::kPause);
  EXPECT_EQ(next(), FormatTime(driver.now.wall + kOperatorPauseDeadline)) << "its deadline";
  driver.Do(Verb::kResume);
  for (int i = 0; i < 60 && driver.rollout.phase != Phase::kBaking; ++i) driver.Pass(seconds(1));
  ASSERT_EQ(driver.rollout.phase, Phase::kBaking);
  EXPECT_EQ(next(), FormatTime(driver.now.wall + driver.rollout.target->strategy.bake -
                               driver.rollout.progress.baked));
}

TEST(HistoryToJson, ListsTheNewestVersionFirst) {
  Driver driver;
  driver.Settle("a");
  driver.Want("b");
  const manifests::Value value = HistoryToJson(driver.rollout);
  const auto& versions = value.Find("versions")->as_array();
  ASSERT_EQ(versions.size(), 2u);
  EXPECT_EQ(versions[0].StringOr("outcome", ""), "in-flight");
  EXPECT_FALSE(versions[0].Find("knownGood")->as_bool());
  EXPECT_EQ(versions[1].StringOr("outcome", ""), "live");
  EXPECT_TRUE(versions[1].Find("knownGood")->as_bool());
}

}  // namespace
}  // namespace portolan::reconciler
