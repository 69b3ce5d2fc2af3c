#include "reconciler/rollout/group.h"

#include <gtest/gtest.h>

#include "tests/reconciler/rollout/rollout_fixture.h"

namespace portolan::reconciler {
namespace {

// A map at this content, known good.
Rollout Healthy(const std::string& map, const std::string& content) {
  Driver driver;
  driver.rollout.map = map;
  driver.Want(content);
  driver.Pass(std::chrono::seconds(11));
  EXPECT_EQ(driver.rollout.phase, Phase::kHealthy);
  return driver.rollout;
}

Target TargetOf(const Rollout& group, const std::string& map, const std::string& content) {
  const Rollout member = MemberOf(group, map);
  Driver driver;
  driver.rollout = member;
  Target target = driver.TargetOf(content);
  target.version.sensitive = {map + "/*"};
  target.heal.interval = std::chrono::seconds(map == "limits" ? 5 : 7);
  return target;
}

class GroupTest : public testing::Test {
 protected:
  Driver driver = [] {
    Driver made;
    made.rollout = FormGroup("edge", {Healthy("limits", "l1"), Healthy("prices", "p1")}, 4);
    return made;
  }();
  Rollout& group = driver.rollout;

  Transition Want(const std::string& limits, const std::string& prices) {
    Observation seen;
    seen.desired = GroupTarget(group, {{"limits", TargetOf(group, "limits", limits)},
                                       {"prices", TargetOf(group, "prices", prices)}});
    return driver.Apply(std::move(seen));
  }
  Digest StableOf(const std::string& map) { return MemberOf(group, map).stable->digest; }
};

TEST_F(GroupTest, StartsAtWhatIsStableOfEachMapAndKeepsItsNumber) {
  EXPECT_EQ(group.map, "group/edge");
  EXPECT_EQ(group.id(), "group/edge#4");
  EXPECT_EQ(group.phase, Phase::kHealthy);
  EXPECT_EQ(StableOf("limits"), Sha256Of("l1"));
  EXPECT_EQ(StableOf("prices"), Sha256Of("p1"));
  EXPECT_TRUE(KnownGood(group, group.stable->digest, group.strategy, driver.now.wall));
}

TEST_F(GroupTest, MovesAllMapsThatChangeAtOneWeightAndLeavesTheOthers) {
  Want("l2", "p1");
  const Serving limits = ServingOf(MemberOf(group, "limits"));
  EXPECT_EQ(limits.canary, Sha256Of("l2"));
  EXPECT_EQ(limits.rollout, "group/edge#5");
  EXPECT_FALSE(ServingOf(MemberOf(group, "prices")).canary.has_value());
  Want("l2", "p2");
  const Serving both = ServingOf(MemberOf(group, "prices"));
  EXPECT_EQ(both.canary, Sha256Of("p2"));
  EXPECT_EQ(both.split.weight, ServingOf(MemberOf(group, "limits")).split.weight);
  EXPECT_EQ(both.split.salt, ServingOf(MemberOf(group, "limits")).split.salt);
}

TEST_F(GroupTest, EqualMembersAreTheSameVersionHoweverTheyCame) {
  const Digest before = group.stable->digest;
  Want("l2", "p2");
  Want("l1", "p1");
  EXPECT_EQ(group.phase, Phase::kHealthy) << "git is back at stable";
  EXPECT_EQ(group.stable->digest, before);
  EXPECT_NE(GroupDigest({{"a", Sha256Of("x"), 0, {}, {}}}),
            GroupDigest({{"b", Sha256Of("x"), 0, {}, {}}}));
}

TEST_F(GroupTest, ShowsEachMapItsOwnPartAndHealing) {
  Want("l2", "p2");
  const Rollout limits = MemberOf(group, "limits");
  EXPECT_EQ(limits.group, "edge");
  EXPECT_TRUE(limits.members.empty());
  EXPECT_EQ(limits.target->plan, group.target->member_plans.at("limits"));
  EXPECT_EQ(limits.target->base, Sha256Of("l1"));
  EXPECT_EQ(limits.heal.interval, std::chrono::seconds(5));
  EXPECT_EQ(limits.target->version.sensitive, std::vector<std::string>{"limits/*"});
  EXPECT_EQ(group.target->version.sensitive, (std::vector<std::string>{"limits/*", "prices/*"}));
}

TEST_F(GroupTest, QuarantinesWhatEachMapChanged) {
  Want("l2", "p1");
  Command abort;
  abort.verb = Verb::kAbort;
  abort.actor = "user:ana";
  Observation seen;
  seen.command = abort;
  driver.Apply(std::move(seen));
  ASSERT_EQ(group.quarantine.size(), 1u);
  const Rollout limits = MemberOf(group, "limits");
  ASSERT_EQ(limits.quarantine.size(), 1u);
  EXPECT_EQ(limits.quarantine[0].digest, Sha256Of("l2"));
  EXPECT_EQ(limits.quarantine[0].base, Sha256Of("l1"));
  EXPECT_TRUE(MemberOf(group, "prices").quarantine.empty());
}

TEST_F(GroupTest, FindsAVersionByTheDigestOfAMember) {
  EXPECT_NE(FindVersion(group, Sha256Of("p1").Hex().substr(0, 8)), nullptr);
  EXPECT_EQ(FindVersion(group, Sha256Of("p9").Hex().substr(0, 8)), nullptr);
}

TEST_F(GroupTest, TranslatesReportsOfTheVersionsThatItServesAndNoOthers) {
  Want("l2", "p2");
  Report report{"client", 1, "limits", {}};
  report.items.resize(3);
  report.items[0].arm = mapcore::Arm::kCanary;
  report.items[0].digest = Sha256Of("l2");
  report.items[1].arm = mapcore::Arm::kStable;
  report.items[1].digest = Sha256Of("l1");
  report.items[2].arm = mapcore::Arm::kCanary;
  report.items[2].digest = Sha256Of("other");
  const Report seen = GroupReport(group, report);
  EXPECT_EQ(seen.map, "group/edge");
  EXPECT_EQ(seen.instance, "limits/client");
  EXPECT_EQ(seen.items[0].digest, group.target->version.digest);
  EXPECT_EQ(seen.items[1].digest, group.stable->digest);
  EXPECT_EQ(seen.items[2].digest, Sha256Of("other"));
}

TEST_F(GroupTest, GivesAMapThatLeavesItsVersionAndItsHistoryBack) {
  const Rollout before = Healthy("limits", "l1");
  Want("l2", "p1");
  for (int i = 0; i < 60 && group.phase != Phase::kHealthy; ++i)
    driver.Pass(std::chrono::seconds(1));
  Rollout resting = before;
  resting.group = "edge";
  const Rollout after = LeaveGroup(group, resting);
  EXPECT_EQ(after.group, "");
  EXPECT_EQ(after.phase, Phase::kHealthy);
  EXPECT_EQ(after.stable->digest, Sha256Of("l2"));
  ASSERT_EQ(after.history.size(), 2u);
  EXPECT_EQ(after.history[1].version.number, 2u);
  EXPECT_EQ(after.stable->number, 2u);
}

TEST_F(GroupTest, BringsAlongWhatItsMapsHad) {
  Rollout limits = Healthy("limits", "l1");
  limits.overrides.push_back({"api", "1", "user:ana", "incident", {}, {}, std::nullopt});
  limits.fleet["pod-1"].applied = {Sha256Of("l1")};
  limits.operator_paused = true;
  const Rollout formed = FormGroup("edge", {limits, Healthy("prices", "p1")}, 0);
  EXPECT_EQ(formed.overrides.at(0).map, "limits");
  EXPECT_TRUE(formed.fleet.contains("limits/pod-1"));
  EXPECT_TRUE(formed.operator_paused);
  EXPECT_EQ(MemberOf(formed, "limits").overrides.size(), 1u);
  EXPECT_TRUE(MemberOf(formed, "limits").fleet.contains("pod-1"));
  EXPECT_TRUE(MemberOf(formed, "prices").overrides.empty());
}

}  // namespace
}  // namespace portolan::reconciler
