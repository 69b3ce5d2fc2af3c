#include "reconciler/blast_radius.h"

#include <gtest/gtest.h>

#include "tests/reconciler/plan_fixture.h"

namespace portolan::reconciler {
namespace {

using Sentences = std::vector<std::string>;

Sentences Say(const mapcore::VersionPtr& stable, const manifests::DesiredMap& desired) {
  return BlastRadiusSentences(BlastRadiusOf(PlanOf(stable, desired)));
}

TEST(BlastRadius, CountsKeysClientsAndTime) {
  const Sentences expected = {
      "1 of 3 keys changes (33.3 %)",
      "first step: 5 % of subjects, about 1 in 20, get the whole new version; lookups without a "
      "subject stay on stable until 100 %",
      "steps: 5 % -> 20 % -> 100 %; 100 % after 2m at the earliest, known good after 7m"};
  EXPECT_EQ(Say(Numbered(3), Desired("m", Numbered(2))), expected);
}

TEST(BlastRadius, CountsOnlySoaksAndPausesBelowOneHundredPercent) {
  auto desired = Desired("m", Numbered(2));
  manifests::Pause person;
  desired.strategy.steps[0].pause = person;
  desired.strategy.steps[1].pause = person;
  desired.strategy.steps[2].pause = person;
  desired.strategy.steps[2].soak = std::chrono::hours(1);
  const BlastRadius radius = BlastRadiusOf(PlanOf(Numbered(3), desired));
  EXPECT_EQ(radius.earliest_full, std::chrono::minutes(2));
  EXPECT_EQ(radius.earliest_known_good, std::chrono::minutes(7));
  EXPECT_EQ(radius.waits_for_promote, 2);
  EXPECT_EQ(
      BlastRadiusSentences(radius)[2],
      "steps: 5 % -> 20 % -> 100 %; 100 % after 2m at the earliest, known good after 7m; waits "
      "2 times for a person (`promote`)");
}

TEST(BlastRadius, CountsTheBakeInWhenSomeAreHeldBack) {
  auto desired = Desired("m", Numbered(2));
  desired.strategy.holdback = 5'000;
  const BlastRadius radius = BlastRadiusOf(PlanOf(Numbered(3), desired));
  EXPECT_EQ(radius.earliest_full, std::chrono::minutes(7));
  EXPECT_EQ(BlastRadiusSentences(radius)[2],
            "steps: 5 % -> 20 % -> 100 %; 100 % after 7m at the earliest, known good after 7m; 5 % "
            "stay on stable until the bake is over");
  desired.strategy.steps = {StepTo(100'000, Duration(0))};
  EXPECT_EQ(Say(Numbered(3), desired)[1].substr(0, 28), "first step: 95 % of subjects");
  EXPECT_EQ(BlastRadiusOf(PlanOf(nullptr, desired)).holdback, 0u);
}

TEST(BlastRadius, SaysThatAFirstVersionReachesEveryone) {
  const Sentences expected = {
      "240 keys, all new: the map's first version",
      "every client gets it at once; no stable version exists to compare with or to return to",
      "known good after 5m at the earliest"};
  EXPECT_EQ(Say(nullptr, Desired("m", Numbered(240))), expected);
}

TEST(BlastRadius, SaysThatASingleStepReachesEveryone) {
  auto desired = Desired("m", Numbered(2));
  desired.strategy.steps = {StepTo(100'000, Duration(0))};
  EXPECT_EQ(Say(Numbered(3), desired)[1],
            "first step: 100 %, every client gets the new version at once");
  EXPECT_EQ(Say(Numbered(3), desired)[2], "known good after 5m at the earliest");
}

TEST(BlastRadius, CountsInstancesWhenTheyAreTheUnit) {
  auto desired = Desired("m", Numbered(2));
  desired.split = manifests::SplitMode::kInstance;
  EXPECT_EQ(
      Say(Numbered(3), desired)[1],
      "first step: 5 % of the instances, rounded up and at least one, serve the whole new version "
      "to all their lookups; a single instance gets it at once");
}

TEST(BlastRadius, NamesWhoIsMatched) {
  auto desired = Desired("m", Numbered(2));
  desired.strategy.match = {{"beta-*", "", {}}, {"", "region", {"eu"}}, {"", "tier", {"a", "b"}}};
  EXPECT_EQ(
      Say(Numbered(3), desired)[3],
      "in the canary from the first step by match rules, however many they are: subjects like "
      "\"beta-*\"; subjects whose region is \"eu\"; subjects whose tier is one of \"a\", \"b\"; "
      "matched subjects are left out of the evidence");
}

TEST(BlastRadius, SaysThatAMatchOfEveryoneHoldsNobodyBack) {
  auto desired = Desired("m", Numbered(2));
  desired.strategy.match = {{"*", "", {}}};
  EXPECT_TRUE(BlastRadiusOf(PlanOf(Numbered(3), desired)).match_everyone);
  EXPECT_NE(
      Say(Numbered(3), desired)[3].find("(that is every subject: the steps hold nobody back)"),
      std::string::npos);
}

TEST(BlastRadius, MeasuresAgainstTheKeysOfBothVersions) {
  EXPECT_EQ(Say(Numbered(2), Desired("m", Numbered(12)))[0], "10 of 12 keys change (83.3 %)");
  EXPECT_EQ(Say(Numbered(0), Desired("m", Numbered(1)))[0], "1 of 1 key changes (100 %)");
}

}  // namespace
}  // namespace portolan::reconciler
