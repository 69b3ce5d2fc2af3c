// Maps that move together, as the control loop drives them.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "reconciler/rollout/group.h"
#include "tests/controller/reconcile/world.h"

namespace portolan::controller {
namespace {

using reconciler::Verb;
using std::chrono::seconds;

class RolloutGroupsTest : public testing::Test {
 protected:
  RolloutGroupsTest() {
    world.Settle("limits", limits(1));
    world.Settle("prices", prices(1));
    world.replans.clear();
  }

  mapcore::VersionPtr limits(int n) { return VersionOf({{"a", std::to_string(n)}}); }
  mapcore::VersionPtr prices(int n) { return VersionOf({{"p", std::to_string(n)}}); }

  using Contents = std::map<std::string, mapcore::VersionPtr>;

  // What a source asks for: these contents, and these groups.
  void Want(const Contents& contents, std::map<std::string, std::set<std::string>> groups,
            std::set<std::string> held = {}) {
    SourceWish wish{"edge", {}, {}};
    for (const auto& [map, version] : contents) {
      wish.targets[map] = world.TargetOf(map, version);
      wish.targets[map].split.salt = "shared";
    }
    wish.groups = std::move(groups);
    wish.held_groups = std::move(held);
    auto taken = world.rollouts.Wish(std::move(wish));
    world.Process();
    EXPECT_EQ(taken.wait_for(Duration(0)), std::future_status::ready);
  }
  void WantTogether(int n) {
    Want({{"limits", limits(n)}, {"prices", prices(n)}}, {{"g", {"limits", "prices"}}});
  }
  void Settle() {
    for (int i = 0; i < 120 && world.Phase("group/g") != "Healthy"; ++i) world.Pass(seconds(1));
    ASSERT_EQ(world.Phase("group/g"), "Healthy");
  }
  std::uint32_t Weight(const std::string& map) { return world.Served(map).weight; }
  std::set<std::string> Replanned() {
    std::set<std::string> maps;
    for (const auto& [source, map] : std::exchange(world.replans, {})) maps.insert(map);
    return maps;
  }

  MemoryStore disk;
  World world{disk};
};

TEST_F(RolloutGroupsTest, FormsAGroupWithoutMovingAnythingAndThenMovesItsMapsTogether) {
  WantTogether(1);
  EXPECT_EQ(world.Phase("limits"), "Healthy");
  EXPECT_EQ(world.rollouts.Find("limits")->group, "g");
  EXPECT_EQ(world.rollouts.Groups().size(), 1u);
  EXPECT_EQ(world.rollouts.All().size(), 2u) << "a group is no map";
  WantTogether(2);
  EXPECT_EQ(Weight("limits"), 5'000u);
  EXPECT_EQ(Weight("prices"), 5'000u);
  EXPECT_EQ(world.Served("limits").rollout, "group/g#1");
  world.Pass(seconds(11));
  EXPECT_EQ(Weight("limits"), 50'000u);
  EXPECT_EQ(Weight("prices"), 50'000u);
  Settle();
  EXPECT_EQ(world.Served("limits").stable, limits(2)->digest().ToString());
  EXPECT_EQ(world.Served("prices").stable, prices(2)->digest().ToString());
}

TEST_F(RolloutGroupsTest, TakesEveryMapBackWhenOneFails) {
  WantTogether(1);
  WantTogether(2);
  reconciler::Report report{"client", 1, "prices", {}};
  reconciler::ReportItem& item = report.items.emplace_back();
  item.digest = prices(2)->digest();
  item.arm = mapcore::Arm::kCanary;
  item.step = 1;
  item.lookups = item.subjects = 40;
  item.bad["errors"].count = 39;
  for (std::uint64_t i = 0; i < 39; ++i) item.bad["errors"].subject_hashes.push_back(i);
  ASSERT_TRUE(world.rollouts.Report({report}));
  world.Process();
  EXPECT_EQ(Weight("limits"), 0u);
  EXPECT_EQ(Weight("prices"), 0u);
  EXPECT_EQ(world.rollouts.Find("limits")->reason, "HardLimit");
}

TEST_F(RolloutGroupsTest, TakesAVerbOnAMapOrOnTheGroupForAllOfThem) {
  WantTogether(1);
  WantTogether(2);
  ASSERT_TRUE(world.Do("prices", Verb::kPause)->outcome.accepted);
  EXPECT_EQ(world.Phase("limits"), "Paused");
  ASSERT_TRUE(world.Do("group/g", Verb::kAbort)->outcome.accepted);
  EXPECT_EQ(Weight("limits"), 0u);
  EXPECT_EQ(Weight("prices"), 0u);
  EXPECT_EQ(world.Do("group/other", Verb::kAbort).error().code, ErrorCode::kNotFound);
}

TEST_F(RolloutGroupsTest, OverridesTheEntryOfTheMapThatIsNamed) {
  WantTogether(1);
  reconciler::Command command;
  command.verb = Verb::kOverride;
  command.key = "a";
  command.value = "9";
  command.reason = "incident";
  command.length = seconds(60);
  ASSERT_TRUE(world.Do("limits", command)->outcome.accepted);
  mapcore::ReadGuard guard;
  EXPECT_TRUE(world.catalog.Find(guard, "limits")->Overrides("a"));
  EXPECT_FALSE(world.catalog.Find(guard, "prices")->Overrides("a"));
  EXPECT_FALSE(world.Do("group/g", command)->outcome.accepted);
}

TEST_F(RolloutGroupsTest, WaitsWithAChangeOfItsMapsUntilTheRolloutIsOver) {
  WantTogether(1);
  WantTogether(2);
  const Contents routes{{"routes", VersionOf({{"r", "1"}})}};
  Contents all{{"limits", limits(3)}, {"prices", prices(3)}};
  all.insert(routes.begin(), routes.end());
  const std::map<std::string, std::set<std::string>> grown{{"g", {"limits", "prices", "routes"}}};
  Want(all, grown);
  EXPECT_EQ(world.Served("limits").canary, limits(2)->digest().ToString());
  EXPECT_EQ(world.Phase("routes"), "none") << "it waits for its group";
  EXPECT_TRUE(Replanned().empty());
  Settle();
  EXPECT_EQ(Replanned(), (std::set<std::string>{"limits", "prices", "routes"}));
  Want(all, grown);
  EXPECT_EQ(world.rollouts.Find("routes")->group, "g");
  EXPECT_EQ(world.Served("limits").canary, limits(3)->digest().ToString());
  EXPECT_EQ(Weight("routes"), Weight("limits"));
}

TEST_F(RolloutGroupsTest, FormsOnlyWhenAMapThatJoinsIsAtRest) {
  world.Want("limits", limits(2));
  ASSERT_EQ(Weight("limits"), 5'000u);
  WantTogether(2);
  EXPECT_TRUE(world.rollouts.Groups().empty());
  EXPECT_EQ(Weight("prices"), 0u);
  for (int i = 0; i < 120 && world.Phase("limits") != "Healthy"; ++i) world.Pass(seconds(1));
  EXPECT_EQ(Replanned(), (std::set<std::string>{"limits", "prices"}));
  WantTogether(2);
  EXPECT_EQ(world.rollouts.Groups().size(), 1u);
  EXPECT_EQ(Weight("prices"), 5'000u);
}

TEST_F(RolloutGroupsTest, PartsWhenGitNoLongerDeclaresItAndEachMapGoesOnAlone) {
  WantTogether(1);
  WantTogether(2);
  Settle();
  Want({{"limits", limits(3)}, {"prices", prices(2)}}, {});
  EXPECT_TRUE(world.rollouts.Groups().empty());
  EXPECT_EQ(world.Served("limits").rollout, "limits#2");
  EXPECT_EQ(world.Phase("prices"), "Healthy");
  EXPECT_EQ(world.Served("prices").stable, prices(2)->digest().ToString());
  EXPECT_EQ(world.rollouts.Find("prices")->history.size(), 2u);
}

TEST_F(RolloutGroupsTest, StaysTogetherWhileItsDeclarationIsBroken) {
  WantTogether(1);
  Want({{"limits", limits(3)}}, {}, {"g"});
  EXPECT_EQ(world.rollouts.Groups().size(), 1u);
  EXPECT_EQ(Weight("limits"), 0u);
}

TEST_F(RolloutGroupsTest, ComesBackAfterARestartInMidRolloutAsItWas) {
  WantTogether(1);
  WantTogether(2);
  world.Pass(seconds(11));
  ASSERT_EQ(Weight("limits"), 50'000u);
  World after(disk);
  ASSERT_TRUE(after.rollouts.Restore().ok());
  EXPECT_EQ(after.Served("limits"), world.Served("limits"));
  EXPECT_EQ(after.Served("prices"), world.Served("prices"));
  EXPECT_EQ(after.Phase("group/g"), "Stepping");
  ASSERT_TRUE(after.Do("limits", Verb::kAbort)->outcome.accepted);
  EXPECT_EQ(after.Served("prices").weight, 0u);
}

TEST_F(RolloutGroupsTest, FormsNothingThatCouldNotBeStoredAndTriesAgain) {
  SourceWish wish{"edge", {}, {}};
  wish.targets = {{"limits", world.TargetOf("limits", limits(2))},
                  {"prices", world.TargetOf("prices", prices(2))}};
  wish.groups = {{"g", {"limits", "prices"}}};
  world.store.FailWrites(DiskFull());
  auto taken = world.rollouts.Wish(std::move(wish));
  world.Process();
  EXPECT_TRUE(world.rollouts.Groups().empty());
  EXPECT_EQ(world.Served("limits").weight, 0u);
  world.store.Heal();
  world.Pass(seconds(2));
  EXPECT_EQ(Replanned(), (std::set<std::string>{"limits", "prices"}));
}

TEST_F(RolloutGroupsTest, IsAskedForMapByMapWhatItsPlansWere) {
  WantTogether(1);
  auto stale = world.TargetOf("limits", limits(2));
  stale.base = limits(7)->digest();
  SourceWish wish{"edge", {}, {}};
  wish.targets = {{"limits", stale}, {"prices", world.TargetOf("prices", prices(2))}};
  wish.groups = {{"g", {"limits", "prices"}}};
  auto taken = world.rollouts.Wish(std::move(wish));
  world.Process();
  EXPECT_EQ(Replanned(), (std::set<std::string>{"limits", "prices"}));
  EXPECT_EQ(Weight("prices"), 0u);
}

TEST_F(RolloutGroupsTest, AsksForNothingWhileOneOfItsTargetsIsMissing) {
  WantTogether(1);
  Want({{"limits", limits(2)}}, {{"g", {"limits", "prices"}}});
  EXPECT_TRUE(Replanned().empty()) << "or source and loop would ask each other for ever";
  EXPECT_EQ(Weight("limits"), 0u);
  WantTogether(2);
  EXPECT_EQ(Weight("limits"), 5'000u);
}

TEST_F(RolloutGroupsTest, IsAskedForAgainOnceASecondWhileItsMapIsOfAnotherGroup) {
  WantTogether(1);
  const Contents all{{"limits", limits(2)}, {"routes", VersionOf({{"r", "1"}})}};
  Want(all, {{"h", {"limits", "routes"}}}, {"g"});
  EXPECT_EQ(world.rollouts.Groups().size(), 1u);
  EXPECT_TRUE(Replanned().empty());
  world.Pass(seconds(1));
  EXPECT_EQ(Replanned(), (std::set<std::string>{"limits", "routes"}));
  EXPECT_EQ(Weight("limits"), 0u);
}

TEST_F(RolloutGroupsTest, HealsEachOfItsMaps) {
  WantTogether(1);
  WantTogether(2);
  const auto right = world.Served("prices");
  world.catalog.Publish("prices", {});
  world.Pass(seconds(31));
  EXPECT_EQ(world.Served("prices").stable, right.stable);
}

TEST_F(RolloutGroupsTest, HealsNoneOfItsMapsAloneIntoWhatAnotherCannotBeRead) {
  WantTogether(1);
  ASSERT_TRUE(world.Do("group/g", Verb::kPause)->outcome.accepted);
  SourceWish wish{"edge", {}, {}};
  wish.targets["limits"] = world.TargetOf("limits", limits(2));
  wish.targets["prices"] = world.TargetOf("prices", prices(1));
  wish.targets["prices"].version.digest = prices(2)->digest();
  wish.groups["g"] = {"limits", "prices"};
  world.rollouts.Wish(std::move(wish));
  world.Process();
  ASSERT_EQ(world.Phase("group/g"), "Held");
  ASSERT_TRUE(world.Do("group/g", Verb::kResume)->outcome.accepted);
  ASSERT_TRUE(world.Do("group/g", Verb::kPause)->outcome.accepted);
  world.Pass(seconds(31));
  EXPECT_EQ(Weight("limits"), 0u) << "prices could not follow";
  EXPECT_EQ(Weight("prices"), 0u);
  EXPECT_EQ(std::count(world.told.begin(), world.told.end(), "DriftUnknown"), 2);
  ASSERT_TRUE(world.versions.Put(prices(2)).ok());
  for (int second = 0; second < 31 && Weight("limits") == 0; ++second) world.Pass(seconds(1));
  EXPECT_EQ(Weight("limits"), 5'000u);
  EXPECT_EQ(Weight("prices"), 5'000u) << "both at once";
}

}  // namespace
}  // namespace portolan::controller
