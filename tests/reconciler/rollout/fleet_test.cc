#include "reconciler/rollout/fleet.h"

#include <gtest/gtest.h>

namespace portolan::reconciler {
namespace {

using std::chrono::seconds;

const Digest kOld = Sha256Of("old");
const Digest kNew = Sha256Of("new");

Now At(int second) {
  return {WallTime(seconds(second)), seconds(second)};
}

Ack AckOf(const std::string& instance, AckStatus status, const Digest& digest = kNew) {
  return {instance, "limits", digest, status, "", std::chrono::seconds(30)};
}

TEST(AckStatus, NamesGoBothWays) {
  for (const AckStatus status : {AckStatus::kAlive, AckStatus::kApplied, AckStatus::kRejected,
                                 AckStatus::kCrashed, AckStatus::kGoodbye})
    EXPECT_EQ(ParseAckStatus(AckStatusName(status)), status);
  EXPECT_EQ(ParseAckStatus("pending"), std::nullopt);
}

TEST(TakeAck, KeepsTheTwoNewestDigestsThatWereApplied) {
  Fleet fleet;
  for (const Digest& digest : {Sha256Of("older"), kOld, kNew, kOld})
    EXPECT_TRUE(TakeAck(fleet, AckOf("a", AckStatus::kApplied, digest), At(0), 0));
  EXPECT_EQ(fleet.at("a").applied, (std::vector{kOld, kNew}));
}

TEST(TakeAck, SaysThatARepetitionChangesNothing) {
  Fleet fleet;
  EXPECT_TRUE(TakeAck(fleet, AckOf("a", AckStatus::kApplied), At(0), 0));
  EXPECT_FALSE(TakeAck(fleet, AckOf("a", AckStatus::kApplied), At(5), 0));
  EXPECT_FALSE(TakeAck(fleet, AckOf("a", AckStatus::kAlive), At(6), 0));
  EXPECT_EQ(fleet.at("a").heard_mono, seconds(6));
}

TEST(TakeAck, TakesARefusedDigestFromWhatIsApplied) {
  Fleet fleet;
  TakeAck(fleet, AckOf("a", AckStatus::kApplied, kOld), At(0), 0);
  TakeAck(fleet, AckOf("a", AckStatus::kApplied, kNew), At(0), 0);
  TakeAck(fleet, AckOf("a", AckStatus::kCrashed, kNew), At(1), 0);
  EXPECT_EQ(fleet.at("a").applied, std::vector{kOld});
  EXPECT_EQ(fleet.at("a").refused, kNew);
  TakeAck(fleet, AckOf("a", AckStatus::kApplied, kOld), At(2), 0);
  EXPECT_EQ(fleet.at("a").refused, std::nullopt);
}

TEST(TakeAck, ForgetsWhoSaysGoodbyeAndIgnoresUnknownHeartbeats) {
  Fleet fleet;
  EXPECT_FALSE(TakeAck(fleet, AckOf("a", AckStatus::kAlive), At(0), 0));
  EXPECT_TRUE(fleet.empty());
  TakeAck(fleet, AckOf("a", AckStatus::kApplied), At(0), 0);
  EXPECT_TRUE(TakeAck(fleet, AckOf("a", AckStatus::kGoodbye), At(0), 0));
  EXPECT_TRUE(fleet.empty());
}

TEST(TakeAck, TakesUpAtMostSoManyInstances) {
  Fleet fleet;
  for (std::size_t i = 0; i <= kInstancesMax; ++i)
    TakeAck(fleet, AckOf("i" + std::to_string(i), AckStatus::kApplied), At(0), 0);
  EXPECT_EQ(fleet.size(), kInstancesMax);
}

TEST(EndLeases, MarksInARolloutAndForgetsOutsideOfOne) {
  Fleet fleet;
  TakeAck(fleet, AckOf("a", AckStatus::kApplied), At(0), 1);
  EXPECT_FALSE(EndLeases(fleet, seconds(30), true));
  EXPECT_TRUE(EndLeases(fleet, seconds(31), true));
  EXPECT_TRUE(fleet.at("a").lost);
  EXPECT_FALSE(EndLeases(fleet, seconds(32), true));
  EXPECT_TRUE(EndLeases(fleet, seconds(33), false));
  EXPECT_TRUE(fleet.empty());
}

TEST(EndLeases, BeginsALeaseAnewWhenNobodyKnowsWhenItWasHeard) {
  Fleet fleet;
  TakeAck(fleet, AckOf("a", AckStatus::kApplied), At(0), 0);
  fleet.at("a").heard_mono.reset();
  EXPECT_FALSE(EndLeases(fleet, seconds(1'000), true));
  EXPECT_FALSE(EndLeases(fleet, seconds(1'030), true));
  EXPECT_TRUE(EndLeases(fleet, seconds(1'031), true));
}

TEST(BeginRollout, ForgetsWhatAnEarlierAttemptLeft) {
  Fleet fleet;
  TakeAck(fleet, AckOf("a", AckStatus::kApplied, kOld), At(0), 1);
  TakeAck(fleet, AckOf("a", AckStatus::kApplied, kNew), At(0), 1);
  TakeAck(fleet, AckOf("b", AckStatus::kRejected, kNew), At(0), 1);
  BeginRollout(fleet, kNew, false);
  EXPECT_EQ(fleet.at("a").applied, std::vector{kOld});
  EXPECT_EQ(fleet.at("a").joined, 0u);
  EXPECT_EQ(fleet.at("b").refused, std::nullopt);
}

struct LossCase {
  const char* name;
  Losses losses;
  bool too_many;
};

class TooMany : public testing::TestWithParam<LossCase> {};

TEST_P(TooMany, IsDecidedAsTheTableSays) {
  EXPECT_EQ(GetParam().losses.TooMany(), GetParam().too_many);
}

// with, of them lost; without, of them lost; newcomers
INSTANTIATE_TEST_SUITE_P(
    Losses, TooMany,
    testing::Values(LossCase{"OneIsNoise", {3, 1, 17, 0, 0}, false},
                    LossCase{"TwoOfThree", {3, 2, 17, 0, 0}, true},
                    LossCase{"TwoOfThirtyAreBelowATenth", {30, 2, 70, 0, 0}, false},
                    LossCase{"ThreeOfThirty", {30, 3, 70, 0, 0}, true},
                    LossCase{"TheOthersFallSilentToo", {10, 5, 10, 5, 0}, false},
                    LossCase{"OneOfManyOthersIsNoise", {10, 5, 20, 1, 0}, true},
                    LossCase{"NobodyToCompareWith", {10, 5, 0, 0, 0}, false},
                    LossCase{"NewcomersTookTheirPlaces", {10, 5, 10, 0, 4}, false},
                    LossCase{"NotEnoughNewcomers", {10, 5, 10, 0, 2}, true}),
    [](const auto& parameter) { return parameter.param.name; });

TEST(LossesOf, CountsByTheVersionThatInstancesApplied) {
  Fleet fleet;
  TakeAck(fleet, AckOf("a", AckStatus::kApplied, kNew), At(0), 0);
  TakeAck(fleet, AckOf("b", AckStatus::kApplied, kOld), At(0), 0);
  TakeAck(fleet, AckOf("late", AckStatus::kApplied, kOld), At(40), 7);
  EndLeases(fleet, seconds(41), true);
  const Losses losses = LossesOf(fleet, kNew, 7);
  EXPECT_EQ(losses.with, 1);
  EXPECT_EQ(losses.with_lost, 1);
  EXPECT_EQ(losses.without, 2);
  EXPECT_EQ(losses.without_lost, 1);
  EXPECT_EQ(losses.newcomers, 1);
}

}  // namespace
}  // namespace portolan::reconciler
