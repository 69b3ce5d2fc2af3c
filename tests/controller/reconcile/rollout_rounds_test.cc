// What a round of the control loop costs: what is due in it, however many maps there are.
#include "tests/controller/reconcile/world.h"

namespace portolan::controller {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr int kMaps = 150;

std::string NameOf(int map) {
  return "map-" + std::to_string(map);
}

class RolloutRoundsTest : public testing::Test {
 protected:
  // All at rest, and nobody looks for drift for an hour.
  void SetUp() override {
    world.strategy.steps[0].soak = hours(1);
    world.strategy.bake = seconds(2);
    Want(world.limits_1, kMaps);
    for (int i = 0; i < 5; ++i) {
      world.clock.Advance(seconds(1));
      Rest();
    }
    for (int i = 0; i < kMaps; ++i) ASSERT_EQ(world.Phase(NameOf(i)), "Healthy");
  }

  void Want(const mapcore::VersionPtr& version, int maps) {
    SourceWish wish{"edge", {}, {}};
    for (int i = 0; i < maps; ++i) {
      auto target = world.TargetOf(NameOf(i), version);
      target.heal.interval = hours(1);
      wish.targets.emplace(NameOf(i), std::move(target));
    }
    world.rollouts.Wish(std::move(wish));
    Rest();
  }

  // Rounds until nothing is due. Returns how many there were.
  int Rest() {
    int rounds = 1;
    while (world.Process() == Duration(0)) ++rounds;
    return rounds;
  }

  std::uint64_t Visits() {
    const std::uint64_t visits = world.rollouts.visits();
    return visits - std::exchange(before_, visits);
  }

  MemoryStore disk;
  World world{disk};

 private:
  std::uint64_t before_ = 0;
};

TEST_F(RolloutRoundsTest, MapsAtRestAreNotLookedAt) {
  Visits();
  for (int i = 0; i < 60; ++i) {
    world.clock.Advance(seconds(10));
    EXPECT_EQ(world.Process(), seconds(10));
  }
  EXPECT_EQ(Visits(), 0u);
}

TEST_F(RolloutRoundsTest, ASecondOfOneRolloutIsALookAndARecordHoweverManyMapsRest) {
  Want(world.limits_2, 1);
  world.clock.Advance(seconds(1));
  Rest();
  Visits();
  for (int i = 0; i < 10; ++i) {
    world.clock.Advance(seconds(1));
    Rest();
  }
  EXPECT_EQ(Visits(), 20u);
}

TEST_F(RolloutRoundsTest, AReportAndAVerbCostTheirMap) {
  Want(world.limits_2, 3);
  Visits();
  ASSERT_TRUE(world.rollouts.Report({world.ReportOf(NameOf(1), world.limits_2, 1, 10)}));
  world.Process();
  EXPECT_EQ(Visits(), 1u);
  EXPECT_TRUE(world.Do(NameOf(2), reconciler::Verb::kPause).ok());
  EXPECT_EQ(Visits(), 1u);
}

TEST_F(RolloutRoundsTest, AHeartbeatCostsTheMapsOfItsInstance) {
  using reconciler::AckStatus;
  for (const int map : {7, 140})
    ASSERT_TRUE(world.rollouts.Acknowledge(
        {{"a", NameOf(map), world.limits_1->digest(), AckStatus::kApplied, "", seconds(20)}}));
  world.Process();
  Visits();
  ASSERT_TRUE(world.rollouts.Acknowledge({{"a", "", {}, AckStatus::kAlive, "", seconds(20)}}));
  world.Process();
  EXPECT_EQ(Visits(), 2u);
}

TEST_F(RolloutRoundsTest, WhenMoreMapsAreDueThanARoundTakesEachHasItsTurn) {
  Want(world.limits_2, kMaps);
  world.clock.Advance(seconds(1));
  Visits();
  EXPECT_EQ(world.Process(), Duration(0));
  EXPECT_LE(Visits(), 2 * kLanesPerRound);  // looked at, and recorded
  EXPECT_GE(Rest(), 2);
  for (int i = 0; i < kMaps; ++i)
    EXPECT_EQ(world.rollouts.Find(NameOf(i))->last_step, world.clock.now().mono) << NameOf(i);
}

TEST_F(RolloutRoundsTest, AVerbWaitsForNoMoreThanOneRoundOfReports) {
  Want(world.limits_2, kMaps);
  for (int i = 0; i < kMaps; ++i)
    ASSERT_TRUE(world.rollouts.Report({world.ReportOf(NameOf(i), world.limits_2, 1, 10)}));
  world.Process();
  reconciler::Command command;
  command.verb = reconciler::Verb::kAbort;
  command.actor = "user:ana";
  auto abort = world.rollouts.Submit(NameOf(kMaps - 1), command);
  Visits();
  world.Process();
  EXPECT_EQ(abort.wait_for(Duration(0)), std::future_status::ready);
  EXPECT_EQ(world.Served(NameOf(kMaps - 1)).weight, 0u);
  EXPECT_LE(Visits(), 2 * kLanesPerRound);
}

TEST_F(RolloutRoundsTest, ReportsBeyondARoundAreCountedInTheNextOnesInTheirOrder) {
  Want(world.limits_2, 1);
  for (std::uint64_t batch = 1; batch <= 200; ++batch)
    ASSERT_TRUE(world.rollouts.Report({world.ReportOf(NameOf(0), world.limits_2, batch, 1)}));
  for (int round = 0; round < 4; ++round) world.Process();
  // A batch that came after a later one would not have counted.
  EXPECT_EQ(world.rollouts.Find(NameOf(0))->progress.evidence.canary.lookups, 200);
}

TEST_F(RolloutRoundsTest, AWallClockThatIsSetEndsWhatItsTimeIsOver) {
  reconciler::Command override_key;
  override_key.verb = reconciler::Verb::kOverride;
  override_key.key = "api/login";
  override_key.value = "99";
  override_key.reason = "measured";
  override_key.length = hours(1);
  ASSERT_TRUE(world.Do(NameOf(5), override_key)->outcome.accepted);
  world.clock.Advance(seconds(1));
  Rest();
  ASSERT_EQ(world.rollouts.Find(NameOf(5))->overrides.size(), 1u);
  // As after an hour in which the machine slept: the monotonic clock stood still.
  world.clock.SetWall(hours(2));
  world.Process();
  EXPECT_EQ(world.rollouts.Find(NameOf(5))->overrides.size(), 0u);
}

TEST_F(RolloutRoundsTest, AfterARestartEveryMapIsLookedAtOnceAndThenOnlyWhatIsDue) {
  Want(world.limits_2, 2);
  World after(disk);
  ASSERT_TRUE(after.rollouts.Restore().ok());
  int rounds = 1;
  while (after.Process() == Duration(0)) ++rounds;
  EXPECT_GE(after.rollouts.visits(), static_cast<std::uint64_t>(kMaps));
  const std::uint64_t visits = after.rollouts.visits();
  after.clock.Advance(seconds(1));
  while (after.Process() == Duration(0)) continue;
  EXPECT_LE(after.rollouts.visits() - visits, 4u) << "two rollouts, and their records";
}

}  // namespace
}  // namespace portolan::controller
