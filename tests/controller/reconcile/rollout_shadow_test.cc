// How lookups and outputs reach the dual run.
#include <gtest/gtest.h>

#include "tests/controller/reconcile/world.h"

namespace portolan::controller {
namespace {

class RolloutShadowTest : public testing::Test {
 protected:
  RolloutShadowTest() {
    world.Settle("limits", world.limits_1);
    world.strategy.shadow = manifests::Shadow{.share = 100'000, .soak = std::chrono::seconds(10)};
    world.Want("limits", world.limits_2);
  }
  // A client's lookup of a key that the plan changes.
  void Look(World& where) {
    mapcore::ReadGuard guard;
    where.catalog.Find(guard, "limits")->CompareArms("api/login");
  }
  reconciler::ShadowEvidence Evidence() const {
    return world.rollouts.Find("limits")->progress.shadow;
  }

  MemoryStore disk;
  World world{disk};
};

TEST_F(RolloutShadowTest, CountsLookupsEachSecondAndGoesOnWhenTheSoakIsOver) {
  ASSERT_EQ(world.Phase("limits"), "Shadow");
  EXPECT_EQ(world.Served("limits").weight, 0u);
  for (int second = 0; second < 12 && world.Phase("limits") == "Shadow"; ++second) {
    Look(world);
    Look(world);
    world.Pass(std::chrono::seconds(1));
  }
  EXPECT_EQ(world.Phase("limits"), "Stepping");
  EXPECT_EQ(Evidence().differing, Evidence().lookups);
  EXPECT_GE(Evidence().lookups, 20);
  mapcore::ReadGuard guard;
  EXPECT_EQ(world.catalog.Find(guard, "limits")->dual_run, nullptr);
}

TEST_F(RolloutShadowTest, CountsOnThroughAnOverrideAndAHealedDrift) {
  mapcore::ReadGuard guard;
  const auto run = world.catalog.Find(guard, "limits")->dual_run;
  reconciler::Command command;
  command.verb = reconciler::Verb::kOverride;
  command.key = "other";
  command.value = "1";
  command.reason = "test";
  command.length = std::chrono::hours(1);
  ASSERT_TRUE(world.Do("limits", command)->outcome.accepted);
  mapcore::ReadGuard again;
  EXPECT_EQ(world.catalog.Find(again, "limits")->dual_run, run);
  mapcore::LiveState drifted;
  drifted.stable = world.limits_3;
  world.catalog.Publish("limits", drifted);
  world.Pass(std::chrono::minutes(1));
  mapcore::ReadGuard healed;
  EXPECT_EQ(world.catalog.Find(healed, "limits")->stable, world.limits_1);
  EXPECT_EQ(world.catalog.Find(healed, "limits")->dual_run, run);
}

TEST_F(RolloutShadowTest, ANewerRevisionBeginsWithCountsOfItsOwn) {
  Look(world);
  world.Want("limits", world.limits_3);
  EXPECT_EQ(world.Phase("limits"), "Shadow");
  world.Pass(std::chrono::seconds(1));
  EXPECT_EQ(Evidence().lookups, 0);
  Look(world);
  world.Pass(std::chrono::seconds(1));
  EXPECT_EQ(Evidence().lookups, 1);
}

TEST_F(RolloutShadowTest, GoesOnWhereItWasAfterARestart) {
  for (int second = 0; second < 5; ++second) {
    Look(world);
    world.Pass(std::chrono::seconds(1));
  }
  const reconciler::ShadowEvidence before = Evidence();
  World restarted(disk);
  ASSERT_TRUE(restarted.rollouts.Restore().ok());
  const auto after = restarted.rollouts.Find("limits")->progress.shadow;
  EXPECT_EQ(restarted.Phase("limits"), "Shadow");
  EXPECT_EQ(after.soaked, before.soaked);
  EXPECT_EQ(after.lookups, before.lookups);
  Look(restarted);
  restarted.Pass(std::chrono::seconds(1));
  EXPECT_EQ(restarted.rollouts.Find("limits")->progress.shadow.lookups, before.lookups + 1);
}

TEST_F(RolloutShadowTest, TakesOutputsAndWakesForThem) {
  reconciler::OutputReport report{"scorer", 1, "limits", world.limits_2->digest(), {}};
  report.items.emplace_back().key = "api/login";
  ASSERT_TRUE(world.rollouts.Compared({report, {"scorer", 1, "nosuch", {}, {}}}));
  world.rollouts.Wait(std::chrono::hours(1));
  world.Process();
  world.Process();
  EXPECT_EQ(world.Phase("limits"), "RolledBack");
  EXPECT_EQ(world.rollouts.Find("nosuch"), nullptr);
}

// Nothing raises its weight before the policies in force were asked.
TEST(RolloutShadowPolicies, AreAskedBeforeTheFirstStepAndAgainWhileTheyDeny) {
  std::vector<reconciler::Finding> findings = {{"owners", "hard", "nobody on duty"}};
  int asked = 0;
  MemoryStore disk;
  World world(disk, [&](const reconciler::Rollout&) {
    ++asked;
    return findings;
  });
  world.Settle("limits", world.limits_1);
  asked = 0;
  world.strategy.shadow = manifests::Shadow{.share = 100'000, .soak = std::chrono::seconds(5)};
  world.Want("limits", world.limits_2);
  const auto look_for = [&](int ticks) {
    for (int i = 0; i < ticks; ++i) {
      mapcore::ReadGuard guard;
      world.catalog.Find(guard, "limits")->CompareArms("api/login");
      world.Pass(std::chrono::seconds(1));
    }
  };
  look_for(4);
  EXPECT_EQ(asked, 0);
  look_for(4);
  EXPECT_EQ(world.Phase("limits"), "Shadow");
  EXPECT_EQ(world.rollouts.Find("limits")->reason, "PolicyDenied");
  EXPECT_EQ(world.Served("limits").weight, 0u);
  findings.clear();
  look_for(10);
  EXPECT_EQ(world.Phase("limits"), "Stepping");
  EXPECT_GT(asked, 1);
}

}  // namespace
}  // namespace portolan::controller
