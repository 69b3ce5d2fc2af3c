#include "reconciler/floor.h"

#include <gtest/gtest.h>

#include "tests/reconciler/plan_fixture.h"

namespace portolan::reconciler {
namespace {

std::vector<Finding> Judge(int before, int after) {
  const auto base = Numbered(before);
  return FloorFindings(MakeChangeSet(base.get(), *Numbered(after)), before, after);
}

TEST(Floor, LetsTwoPercentOfTheKeysGo) {
  EXPECT_TRUE(Judge(1000, 980).empty());
}

TEST(Floor, HoldsOneKeyMoreThanTwoPercent) {
  const std::vector<Finding> expected = {
      {"mass-delete-guard", "soft",
       "deletes 21 of 1,000 keys (2.1 %); allowed without approval: 2 % or 2 keys"}};
  EXPECT_EQ(Judge(1000, 979), expected);
}

TEST(Floor, LetsTwoKeysOfASmallMapGoAndHoldsThree) {
  EXPECT_TRUE(Judge(4, 2).empty());
  const std::vector<Finding> expected = {
      {"mass-delete-guard", "soft",
       "deletes 3 of 4 keys (75 %); allowed without approval: 2 % or 2 keys"}};
  EXPECT_EQ(Judge(4, 1), expected);
}

TEST(Floor, CatchesKeysThatABadQuoteSwallowed) {
  const std::vector<Finding> expected = {
      {"mass-delete-guard", "soft",
       "deletes 237 of 240 keys (98.8 %); allowed without approval: 2 % or 2 keys"}};
  EXPECT_EQ(Judge(240, 3), expected);
}

TEST(Floor, NeverSaysTwoPercentOfWhatIsMore) {
  ASSERT_EQ(Judge(10'000, 9'799).size(), 1U);
  EXPECT_EQ(Judge(10'000, 9'799)[0].message,
            "deletes 201 of 10,000 keys (over 2 %); allowed without approval: 2 % or 2 keys");
}

TEST(Floor, HoldsAMapThatWouldBecomeEmptyHoweverSmall) {
  const std::vector<Finding> expected = {
      {"empty-map", "soft",
       "removes every entry (1 key); an empty map is never allowed without approval"}};
  EXPECT_EQ(Judge(1, 0), expected);
}

TEST(Floor, NamesBothRulesWhenALargeMapWouldBecomeEmpty) {
  const auto findings = Judge(240, 0);
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].policy, "empty-map");
  EXPECT_EQ(findings[1].policy, "mass-delete-guard");
  EXPECT_EQ(findings[1].message,
            "deletes 240 of 240 keys (100 %); allowed without approval: 2 % or 2 keys");
}

TEST(Floor, HasNothingAgainstAFirstVersionNotEvenAnEmptyOne) {
  EXPECT_TRUE(FloorFindings(MakeChangeSet(nullptr, *Numbered(240)), 0, 240).empty());
  EXPECT_TRUE(FloorFindings(MakeChangeSet(nullptr, *Numbered(0)), 0, 0).empty());
  EXPECT_TRUE(Judge(0, 0).empty());
}

TEST(Floor, DoesNotCountUpdatesAndCreationsAsDeletions) {
  Pairs before;
  Pairs after;
  for (int i = 0; i < 100; ++i) {
    before.emplace_back("k" + std::to_string(i), "1");
    after.emplace_back("k" + std::to_string(i), "2");
    after.emplace_back("new" + std::to_string(i), "2");
  }
  const auto base = Version(before);
  EXPECT_TRUE(FloorFindings(MakeChangeSet(base.get(), *Version(after)), 100, 200).empty());
}

}  // namespace
}  // namespace portolan::reconciler
