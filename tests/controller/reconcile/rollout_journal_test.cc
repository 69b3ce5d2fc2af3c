#include "tests/controller/reconcile/world.h"

namespace portolan::controller {
namespace {

using std::chrono::seconds;

class RolloutJournalTest : public testing::Test {
 protected:
  void StartRollout(const std::string& map = "limits") {
    world.Settle(map, world.limits_1);
    world.Want(map, world.limits_2);
    ASSERT_EQ(world.Phase(map), "Stepping");
  }
  reconciler::Report ReportOf(std::uint64_t batch, std::int64_t lookups) {
    return world.ReportOf("limits", world.limits_2, batch, lookups);
  }

  MemoryStore disk;
  World world{disk};
};

TEST_F(RolloutJournalTest, JournalsReportsAtTheTickOnly) {
  StartRollout();
  world.Pass(seconds(1));
  const std::uint64_t version = world.Stored("limits").version;
  for (std::uint64_t batch = 1; batch <= 5; ++batch) {
    ASSERT_TRUE(world.rollouts.Report({ReportOf(batch, 10)}));
    world.Process();
  }
  EXPECT_EQ(world.rollouts.Find("limits")->progress.evidence.canary.lookups, 50);
  EXPECT_EQ(world.Stored("limits").version, version);
  world.Pass(seconds(1));
  EXPECT_EQ(world.Stored("limits").version, version + 1);
  World after(disk);
  ASSERT_TRUE(after.rollouts.Restore().ok());
  EXPECT_EQ(after.rollouts.Find("limits")->progress.evidence.canary.lookups, 50);
}

TEST_F(RolloutJournalTest, KeepsCountingReportsWhileTheStoreFails) {
  StartRollout();
  world.store.FailWrites(DiskFull());
  ASSERT_TRUE(world.rollouts.Report({ReportOf(1, 10)}));
  world.Pass(seconds(2));
  EXPECT_EQ(world.rollouts.Find("limits")->progress.evidence.canary.lookups, 10);
  world.store.Heal();
  world.Pass(seconds(1));
  World after(disk);
  ASSERT_TRUE(after.rollouts.Restore().ok());
  EXPECT_EQ(after.rollouts.Find("limits")->progress.evidence.canary.lookups, 10);
}

TEST_F(RolloutJournalTest, ATickOfManyMapsTakesSeveralRoundsAndWritesThemAll) {
  world.strategy.steps[0].soak = std::chrono::hours(1);
  world.strategy.bake = seconds(2);
  constexpr int kMaps = 100;
  world.Settle("map-0", world.limits_1);
  for (int i = 0; i < kMaps; ++i) world.Want("map-" + std::to_string(i), world.limits_1);
  world.Pass(seconds(4));
  for (int i = 0; i < kMaps; ++i) world.Want("map-" + std::to_string(i), world.limits_2);
  while (world.Process() == Duration(0)) continue;
  std::map<std::string, std::uint64_t> before;
  for (int i = 0; i < kMaps; ++i) {
    const std::string map = "map-" + std::to_string(i);
    before[map] = world.Stored(map).version;
  }
  world.clock.Advance(seconds(1));
  int rounds = 1;
  while (world.Process() == Duration(0)) ++rounds;
  EXPECT_GE(rounds, 2) << "no round takes up all of them";
  // What became dirty just after the tick is written with the next one.
  world.clock.Advance(seconds(1));
  while (world.Process() == Duration(0)) continue;
  for (const auto& [map, version] : before) EXPECT_GT(world.Stored(map).version, version) << map;
}

}  // namespace
}  // namespace portolan::controller
