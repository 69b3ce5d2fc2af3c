// The dual run's edges; what it does over time is in tests/scenarios/cases/shadow_*.txt.
#include <gtest/gtest.h>

#include "reconciler/rollout/record.h"
#include "tests/reconciler/rollout/rollout_fixture.h"

namespace portolan::reconciler {
namespace {

class ShadowTest : public testing::Test {
 protected:
  ShadowTest() {
    driver.Settle("one");
    driver.strategy.shadow = manifests::Shadow{.share = 20'000, .soak = std::chrono::seconds(20)};
    driver.Want("two");
  }
  Transition Lookups(std::int64_t compared) {
    Observation seen;
    seen.compared.emplace().compared = compared;
    return driver.Apply(std::move(seen));
  }
  void SoakFor(int ticks) {
    for (int i = 0; i < ticks; ++i) {
      Lookups(1);
      driver.Pass(std::chrono::seconds(1));
    }
  }
  Phase phase() const { return driver.rollout.phase; }

  Driver driver;
};

TEST_F(ShadowTest, ServesStableToEverybodyAndKeepsTheOtherVersionForComparing) {
  ASSERT_EQ(phase(), Phase::kShadow);
  const Serving serving = ServingOf(driver.rollout);
  EXPECT_EQ(serving.stable, Sha256Of("one"));
  EXPECT_EQ(serving.canary, Sha256Of("two"));
  EXPECT_EQ(serving.split.weight, 0u);
  EXPECT_EQ(serving.shadow_share, 20'000u);
  EXPECT_EQ(serving.rollout, driver.rollout.id());
  EXPECT_EQ(serving.step, 0u);
  SoakFor(21);
  ASSERT_EQ(phase(), Phase::kStepping);
  EXPECT_EQ(ServingOf(driver.rollout).shadow_share, 0u) << "the steps compare nothing";
}

TEST_F(ShadowTest, LooksAgainInASecondOrWhenTheSoakIsOver) {
  EXPECT_EQ(driver.Pass(Duration(100)).look_again, std::chrono::seconds(1));
  Lookups(1);
  driver.Pass(std::chrono::milliseconds(19'600));
  EXPECT_EQ(driver.rollout.progress.shadow.soaked, std::chrono::milliseconds(19'600));
  EXPECT_EQ(driver.Pass(Duration(0)).look_again, Duration(400));
}

// The whole of a lookup that was being counted may come a Take after its part.
TEST_F(ShadowTest, WhatCameOfALookupAfterItselfCounts) {
  Observation seen;
  seen.compared.emplace().lost = 1;
  seen.compared->keys = {{"a", 0, 1}};
  driver.Apply(std::move(seen));
  EXPECT_EQ(driver.rollout.progress.shadow.lost, 1);
  ASSERT_EQ(driver.rollout.progress.shadow.keys.size(), 1u);
}

TEST_F(ShadowTest, OutputsForAnotherVersionCountNothing) {
  Observation seen;
  seen.outputs = {{"client", 1, "limits", Sha256Of("an older one"), {}}};
  seen.outputs.front().items.emplace_back().key = "a";
  driver.Apply(seen);
  EXPECT_EQ(driver.rollout.progress.shadow.outputs.compared, 0);
  seen.outputs.front().digest = Sha256Of("two");
  driver.Apply(seen);
  EXPECT_EQ(phase(), Phase::kRollingBack);
  EXPECT_EQ(driver.rollout.reason, reason::kDisagreement);
  ASSERT_EQ(driver.rollout.quarantine.size(), 1u);
  EXPECT_NE(driver.rollout.quarantine.front().message.find("a (outputs 1"), std::string::npos);
}

TEST_F(ShadowTest, ComparisonsAreWrittenWithTheTickAndTransitionsAtOnce) {
  EXPECT_EQ(Lookups(1).persist, Persist::kTick);
  SoakFor(19);
  Lookups(1);
  EXPECT_EQ(driver.Pass(std::chrono::seconds(1)).persist, Persist::kNow);
}

TEST_F(ShadowTest, PoliciesHoldItBeforeTheFirstStepAndAnApprovalIsTaken) {
  SoakFor(19);
  Observation denied;
  denied.raise = RaiseAnswer{false, {{"owners", "soft", "nobody on duty"}}};
  driver.now.mono += std::chrono::seconds(1);
  driver.Apply(denied);
  EXPECT_EQ(phase(), Phase::kShadow);
  EXPECT_EQ(driver.rollout.reason, reason::kPolicyDenied);
  EXPECT_EQ(ServingOf(driver.rollout).split.weight, 0u);
  EXPECT_TRUE(HeldByPolicies(driver.rollout));

  Observation approve;
  approve.command = Command{};
  approve.command->verb = Verb::kApprove;
  approve.command->actor = "user:ana";
  approve.command->plan = driver.rollout.target->plan;
  approve.command->despite = "owners";
  EXPECT_TRUE(driver.Apply(approve).outcome->accepted);

  Lookups(1);
  Observation allowed;
  allowed.raise = RaiseAnswer{false, {}};
  driver.Apply(allowed);
  EXPECT_EQ(phase(), Phase::kStepping);
}

TEST_F(ShadowTest, WaitsWhileThePoliciesAreAsked) {
  SoakFor(19);
  Lookups(1);
  Observation asked;
  asked.raise = RaiseAnswer{true, {}};
  driver.now.mono += std::chrono::seconds(1);
  const Transition waits = driver.Apply(asked);
  EXPECT_EQ(phase(), Phase::kShadow);
  EXPECT_TRUE(waits.events.empty());
}

TEST_F(ShadowTest, KeepsItsStateInTheRecord) {
  SoakFor(10);
  const auto back = RolloutFromValue(RolloutToValue(driver.rollout));
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(back->phase, Phase::kShadow);
  EXPECT_EQ(back->progress.shadow.soaked, std::chrono::seconds(10));
  EXPECT_EQ(back->progress.shadow.lookups, 10);
  EXPECT_EQ(back->target->strategy.shadow, driver.strategy.shadow);
}

TEST_F(ShadowTest, ARecordWithoutItsDualRunIsCorrupt) {
  driver.rollout.target->strategy.shadow.reset();
  EXPECT_EQ(RolloutFromValue(RolloutToValue(driver.rollout)).error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace portolan::reconciler
