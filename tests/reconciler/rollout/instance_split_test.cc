#include "reconciler/rollout/instance_split.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace portolan::reconciler {
namespace {

Fleet FleetOf(int instances) {
  Fleet fleet;
  for (int i = 0; i < instances; ++i) fleet["i" + std::to_string(i)];
  return fleet;
}

std::size_t Chosen(int instances, std::uint32_t weight) {
  return ChooseInstances(FleetOf(instances), {}, {weight, "limits"}).size();
}

TEST(ChooseInstances, TakesTheExactShareRoundedUpAndLeavesOne) {
  EXPECT_EQ(Chosen(10, 10'000), 1u);
  EXPECT_EQ(Chosen(100, 10'000), 10u);
  EXPECT_EQ(Chosen(12, 5'000), 1u);
  EXPECT_EQ(Chosen(12, 20'000), 3u);
  EXPECT_EQ(Chosen(3, 99'000), 2u);
  EXPECT_EQ(Chosen(2, 1), 1u);
  EXPECT_EQ(Chosen(1, 50'000), 0u);
  EXPECT_EQ(Chosen(0, 50'000), 0u);
}

TEST(ChooseInstances, OnlyAddsWhileTheWeightRises) {
  const Fleet fleet = FleetOf(50);
  InstanceNames before;
  for (std::uint32_t weight = 2'000; weight < 100'000; weight += 2'000) {
    const InstanceNames now = ChooseInstances(fleet, before, {weight, "limits"});
    EXPECT_TRUE(std::includes(now.begin(), now.end(), before.begin(), before.end()));
    EXPECT_EQ(now, ChooseInstances(fleet, {}, {weight, "limits"}));
    before = now;
  }
}

TEST(ChooseInstances, KeepsThoseChosenWhenOthersComeAndGo) {
  Fleet fleet = FleetOf(20);
  const InstanceNames before = ChooseInstances(fleet, {}, {20'000, "limits"});
  for (int i = 100; i < 105; ++i) fleet["i" + std::to_string(i)];
  const InstanceNames more = ChooseInstances(fleet, before, {20'000, "limits"});
  EXPECT_EQ(more.size(), 5u);
  EXPECT_TRUE(std::includes(more.begin(), more.end(), before.begin(), before.end()));
  for (int i = 0; i < 20; ++i)
    if (!more.contains("i" + std::to_string(i))) fleet.erase("i" + std::to_string(i));
  EXPECT_EQ(ChooseInstances(fleet, more, {20'000, "limits"}), more);
}

TEST(ChooseInstances, ReplacesOneThatIsLost) {
  Fleet fleet = FleetOf(10);
  const InstanceNames before = ChooseInstances(fleet, {}, {10'000, "limits"});
  fleet.at(*before.begin()).lost = true;
  const InstanceNames now = ChooseInstances(fleet, before, {10'000, "limits"});
  EXPECT_EQ(now.size(), 1u);
  EXPECT_NE(now, before);
}

TEST(ChooseInstances, DependsOnTheSalt) {
  const Fleet fleet = FleetOf(100);
  EXPECT_NE(ChooseInstances(fleet, {}, {10'000, "limits"}),
            ChooseInstances(fleet, {}, {10'000, "prices"}));
}

TEST(ChosenText, NamesTheFirstFew) {
  const Fleet fleet = FleetOf(9);
  EXPECT_EQ(ChosenText({"i1", "i2"}, fleet), "2 of 9 instances: i1, i2");
  EXPECT_EQ(ChosenText({"i0", "i1", "i2", "i3", "i4", "i5"}, fleet),
            "6 of 9 instances: i0, i1, i2, i3, i4, …");
}

}  // namespace
}  // namespace portolan::reconciler
