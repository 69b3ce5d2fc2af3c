#include "tests/controller/reconcile/world.h"

namespace portolan::controller {
namespace {

using reconciler::AckStatus;
using std::chrono::seconds;

class RolloutServingTest : public testing::Test {
 protected:
  void SetUp() override {
    world.Settle("flags", world.limits_1);
    world.Settle("limits", world.limits_1);
    world.Settle("prices", world.limits_1);
  }
  void Acknowledge(World& at, const std::string& map, AckStatus status) {
    ASSERT_TRUE(
        at.rollouts.Acknowledge({{"a", map, at.limits_1->digest(), status, "", seconds(20)}}));
    at.Process();
  }
  // The maps in which the instance was heard just now.
  static std::vector<std::string> HeardIn(World& at) {
    std::vector<std::string> maps;
    for (const auto& rollout : at.rollouts.All())
      if (const auto instance = rollout->fleet.find("a");
          instance != rollout->fleet.end() && instance->second.heard_mono == at.clock.now().mono)
        maps.push_back(rollout->map);
    return maps;
  }

  MemoryStore disk;
  World world{disk};
};

using Maps = std::vector<std::string>;

TEST_F(RolloutServingTest, AHeartbeatWithoutAMapGoesToTheMapsThatKnowTheInstance) {
  Acknowledge(world, "flags", AckStatus::kApplied);
  Acknowledge(world, "limits", AckStatus::kApplied);
  world.clock.Advance(seconds(15));
  Acknowledge(world, "", AckStatus::kAlive);
  EXPECT_EQ(HeardIn(world), (Maps{"flags", "limits"}));
}

TEST_F(RolloutServingTest, AnInstanceThatLeftAMapIsNotHeardInItAgain) {
  Acknowledge(world, "flags", AckStatus::kApplied);
  Acknowledge(world, "limits", AckStatus::kApplied);
  Acknowledge(world, "limits", AckStatus::kGoodbye);
  world.clock.Advance(seconds(15));
  Acknowledge(world, "", AckStatus::kAlive);
  EXPECT_EQ(HeardIn(world), (Maps{"flags"}));
  Acknowledge(world, "", AckStatus::kGoodbye);
  Acknowledge(world, "", AckStatus::kAlive);
  EXPECT_EQ(HeardIn(world), Maps{});
}

TEST_F(RolloutServingTest, AHeartbeatAfterARestartGoesToTheMapsOfBefore) {
  Acknowledge(world, "limits", AckStatus::kApplied);
  Acknowledge(world, "prices", AckStatus::kApplied);
  world.Pass(seconds(2));
  World after(disk);
  ASSERT_TRUE(after.rollouts.Restore().ok());
  after.Process();
  after.clock.Advance(seconds(1));
  Acknowledge(after, "", AckStatus::kAlive);
  EXPECT_EQ(HeardIn(after), (Maps{"limits", "prices"}));
}

TEST_F(RolloutServingTest, APrunedMapIsServedNoMore) {
  world.rollouts.Wish({"edge", {}, {"limits"}});
  world.Process();
  EXPECT_EQ(world.Served("limits").stable, world.limits_1->digest().ToString());
  ASSERT_TRUE(world.Do("limits", reconciler::Verb::kPrune)->outcome.accepted);
  EXPECT_EQ(world.Served("limits").stable, "none");
}

TEST_F(RolloutServingTest, AVersionThatCannotBeReadLeavesWhatIsServedAndSaysSo) {
  auto target = world.TargetOf("limits", world.limits_1);
  target.version.digest = Sha256Of("no such version");
  world.Want("limits", target);
  EXPECT_EQ(world.Served("limits").stable, world.limits_1->digest().ToString());
  EXPECT_EQ(world.Served("limits").canary, "-");
  EXPECT_FALSE(world.faults.empty());
}

}  // namespace
}  // namespace portolan::controller
