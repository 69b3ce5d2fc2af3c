#include <gtest/gtest.h>

#include "tests/controller/reconcile/world.h"
#include "tests/damaged_version.h"

namespace portolan::controller {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr int kKeys = 1'000;
constexpr int kTampered = 127;  // 12.7 %

// 1,000 keys, those below `tampered` with another value.
mapcore::VersionPtr Limits(int tampered = 0) {
  std::vector<mapcore::Entry> entries;
  for (int i = 0; i < kKeys; ++i)
    entries.push_back({"key" + std::to_string(i), i < tampered ? "666" : std::to_string(i)});
  return VersionOf(std::move(entries));
}

class RolloutDriftTest : public testing::Test {
 protected:
  // Somebody publishes another state behind the controller's back.
  void Tamper(const std::string& map, const std::function<void(mapcore::LiveState&)>& change) {
    mapcore::LiveState state;
    {
      mapcore::ReadGuard guard;
      state = *world.catalog.Find(guard, map);
    }
    change(state);
    world.catalog.Publish(map, state);
  }
  DriftReport Look(const std::string& map = "") {
    auto report = world.rollouts.Drift(map);
    world.Process();
    return report.get();
  }
  // Overrides limits' api/search for ten minutes.
  Result<VerbAnswer> TryOverride() {
    reconciler::Command command;
    command.verb = reconciler::Verb::kOverride;
    command.key = "api/search";
    command.value = "7";
    command.reason = "incident";
    command.length = minutes(10);
    return world.Do("limits", command);
  }
  // The same; whether it was accepted.
  bool Override() { return TryOverride()->outcome.accepted; }
  bool Told(const std::string& reason) const {
    return std::find(world.told.begin(), world.told.end(), reason) != world.told.end();
  }

  MemoryStore disk;
  World world{disk};
};

TEST_F(RolloutDriftTest, HealsADriftOfOneKeyInEightWithinOneInterval) {
  world.Settle("limits", Limits());
  Tamper("limits", [](mapcore::LiveState& state) { state.stable = Limits(kTampered); });
  const DriftReport before = Look();
  EXPECT_DOUBLE_EQ(before.totals.key_rate(), 0.127);
  EXPECT_DOUBLE_EQ(before.totals.map_rate(), 1);
  EXPECT_FALSE(Told("DriftHealed")) << "a look heals nothing";
  world.Pass(manifests::HealSettings{}.interval);
  EXPECT_LE(Look().totals.key_rate(), 0.004);
  EXPECT_EQ(world.Served("limits").stable, Limits()->digest().ToString());
  EXPECT_TRUE(Told("Drifted"));
  EXPECT_TRUE(Told("DriftHealed"));
  double worst = 0;
  for (const DriftTotals& sample : Look().history) worst = std::max(worst, sample.key_rate());
  EXPECT_DOUBLE_EQ(worst, 0.127) << "the history remembers";
}

TEST_F(RolloutDriftTest, HealsEntriesWhoseMemoryChanged) {
  world.Settle("limits", Limits());
  const mapcore::VersionPtr served = world.versions.Peek(Limits()->digest());
  for (int i = 0; i < kTampered; ++i) DamageValue(*served, "key" + std::to_string(i));
  const DriftReport before = Look();
  EXPECT_DOUBLE_EQ(before.totals.key_rate(), 0.127);
  world.Process();
  EXPECT_EQ(Look().totals.drifted_keys, 0);
  EXPECT_TRUE(Told("DriftHealed"));
  mapcore::ReadGuard guard;
  EXPECT_EQ(world.catalog.Find(guard, "limits")->stable->Find("key1"), "1");
}

TEST_F(RolloutDriftTest, DoesNotWaitForItsIntervalWhenDamageWasFound) {
  world.Settle("limits", Limits());
  DamageValue(*world.versions.Peek(Limits()->digest()), "key1");
  world.rollouts.CheckContent("limits");
  const auto begun = std::chrono::steady_clock::now();
  world.rollouts.Wait(minutes(1));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, minutes(1)) << "it was not woken";
  world.Process();
  EXPECT_TRUE(Told("DriftHealed"));
}

TEST_F(RolloutDriftTest, CountsAKeyThatIsDamagedOnBothArmsOnce) {
  world.Settle("limits", Limits());
  auto target = world.TargetOf("limits", Limits(1));
  target.heal.self_heal = false;
  world.Want("limits", target);
  mapcore::VersionPtr stable, canary;
  {
    mapcore::ReadGuard guard;
    stable = world.catalog.Find(guard, "limits")->stable;
    canary = world.catalog.Find(guard, "limits")->canary;
  }
  ASSERT_NE(canary, nullptr);
  DamageValue(*stable, "key7");
  if (stable->Find("key7")->data() != canary->Find("key7")->data()) DamageValue(*canary, "key7");
  EXPECT_EQ(Look().totals.drifted_keys, 1);
}

TEST_F(RolloutDriftTest, LeavesItWhereTheManifestSaysSo) {
  auto target = world.TargetOf("limits", Limits());
  target.heal.self_heal = false;
  world.Want("limits", target);
  world.Pass(minutes(2));
  Tamper("limits", [](mapcore::LiveState& state) { state.stable = Limits(kTampered); });
  world.Pass(minutes(2));
  EXPECT_DOUBLE_EQ(Look().totals.key_rate(), 0.127);
  EXPECT_FALSE(Told("DriftHealed"));
  EXPECT_TRUE(Told("Drifted"));
}

TEST_F(RolloutDriftTest, FollowsAChangeOfTheManifestThatChangesNoEntry) {
  auto target = world.TargetOf("limits", Limits());
  target.heal = {false, seconds(30)};
  world.Want("limits", target);
  world.Pass(minutes(2));
  target.base = Limits()->digest();
  target.heal = {true, seconds(5)};
  world.Want("limits", target);
  world.Pass(seconds(30));
  Tamper("limits", [](mapcore::LiveState& state) { state.stable = Limits(kTampered); });
  world.Pass(seconds(5));
  EXPECT_EQ(Look().totals.drifted_keys, 0);
}

TEST_F(RolloutDriftTest, SeesNoDriftInACanaryNorInAnOverride) {
  world.Settle("limits", world.limits_1);
  world.Want("limits", world.limits_2);
  ASSERT_TRUE(Override());
  const DriftReport report = Look("limits");
  EXPECT_EQ(report.totals.drifted_keys, 0);
  EXPECT_EQ(report.maps.at(0).overrides.size(), 1u);
}

TEST_F(RolloutDriftTest, PutsALostOverrideBack) {
  world.Settle("limits", world.limits_1);
  ASSERT_TRUE(Override());
  Tamper("limits", [](mapcore::LiveState& state) { state.overlay = nullptr; });
  world.Pass(seconds(30));
  mapcore::ReadGuard guard;
  EXPECT_TRUE(world.catalog.Find(guard, "limits")->Overrides("api/search"));
}

// A version that could not be read when it was to be served is served by the next look at it.
TEST_F(RolloutDriftTest, ServesLaterWhatCouldNotBeServedAtOnce) {
  world.Settle("limits", world.limits_1);
  world.catalog.Remove("limits");
  world.Pass(seconds(30));
  EXPECT_EQ(world.Served("limits").stable, world.limits_1->digest().ToString());
}

TEST_F(RolloutDriftTest, HealsAWeightThatNobodyAskedFor) {
  world.Settle("limits", world.limits_1);
  Tamper("limits", [&](mapcore::LiveState& state) {
    state.canary = world.limits_2;
    state.split.weight = mapcore::kWeightMax;
  });
  EXPECT_EQ(Look().maps.at(0).holders.at(0).drift.drifted, 1);
  world.Pass(seconds(30));
  EXPECT_EQ(world.Served("limits").canary, "-");
}

TEST_F(RolloutDriftTest, TellsThatItHealedEvenWhenTheStoreFails) {
  world.Settle("limits", world.limits_1);
  world.catalog.Remove("limits");
  world.store.FailWrites(DiskFull());
  world.Pass(seconds(30));
  EXPECT_EQ(world.Served("limits").stable, world.limits_1->digest().ToString());
  EXPECT_TRUE(Told("DriftHealed"));
}

TEST_F(RolloutDriftTest, KeepsOverridesThroughARestartAndEndsThemByItself) {
  world.Settle("limits", world.limits_1);
  ASSERT_TRUE(Override());
  World again(disk);
  ASSERT_TRUE(again.rollouts.Restore().ok());
  {
    mapcore::ReadGuard guard;
    const mapcore::LiveState* state = again.catalog.Find(guard, "limits");
    EXPECT_EQ(state->Find(*state->stable, "api/search"), "7");
  }
  again.Pass(world.clock.now().wall - again.clock.now().wall + minutes(10));
  mapcore::ReadGuard guard;
  const mapcore::LiveState* state = again.catalog.Find(guard, "limits");
  EXPECT_EQ(state->Find(*state->stable, "api/search"), "20");
}

TEST_F(RolloutDriftTest, ServesNoOverrideThatCouldNotBeStored) {
  world.Settle("limits", world.limits_1);
  world.store.FailWrites(DiskFull());
  const auto answer = TryOverride();
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::kExhausted);
  mapcore::ReadGuard guard;
  EXPECT_FALSE(world.catalog.Find(guard, "limits")->Overrides("api/search"));
}

}  // namespace
}  // namespace portolan::controller
