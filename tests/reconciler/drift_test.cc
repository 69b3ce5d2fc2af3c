#include "reconciler/drift.h"

#include <gtest/gtest.h>

namespace portolan::reconciler {
namespace {

mapcore::VersionPtr Of(std::vector<mapcore::Entry> entries) {
  return *mapcore::MapVersion::FromEntries(std::move(entries));
}

const mapcore::VersionPtr kStable = Of({{"a", "1"}, {"b", "2"}, {"c", "3"}});
const mapcore::VersionPtr kCanary = Of({{"a", "10"}, {"b", "2"}, {"c", "3"}, {"d", "4"}});

Holding Held(mapcore::VersionPtr stable, mapcore::VersionPtr canary = nullptr) {
  return {std::move(stable), std::move(canary), nullptr, {}};
}

TEST(Drift, IsNothingWhenEverythingIsHeldAsItShouldBe) {
  const Drift drift =
      CompareHoldings(Held(kStable), Held(Of({{"c", "3"}, {"a", "1"}, {"b", "2"}})));
  EXPECT_FALSE(drift.any());
  EXPECT_EQ(drift.keys, 3);
  EXPECT_EQ(drift.rate(), 0);
}

TEST(Drift, CountsChangedMissingAndExtraKeysOfTheUnion) {
  const Drift drift =
      CompareHoldings(Held(kStable), Held(Of({{"a", "1"}, {"b", "9"}, {"z", "0"}})));
  EXPECT_EQ(drift.keys, 4);
  EXPECT_EQ(drift.drifted, 3);
  EXPECT_DOUBLE_EQ(drift.rate(), 0.75);
  EXPECT_EQ(drift.some,
            (std::vector<DriftedKey>{
                {"b", DriftKind::kChanged}, {"c", DriftKind::kMissing}, {"z", DriftKind::kExtra}}));
}

TEST(Drift, ComparesContentsEntryByEntry) {
  EXPECT_TRUE(CompareContents(*kStable, *kStable).empty());
  const DriftedKeys drifted = CompareContents(*kStable, *Of({{"a", "1"}, {"b", "9"}, {"z", "0"}}));
  EXPECT_EQ(drifted,
            (DriftedKeys{
                {"b", DriftKind::kChanged}, {"c", DriftKind::kMissing}, {"z", DriftKind::kExtra}}));
  Drift drift = CompareHoldings(Held(kStable), Held(kStable));
  AddDrifted(drifted, drift);
  EXPECT_EQ(drift.drifted, 3);
  EXPECT_EQ(drift.some.at(1), (DriftedKey{"c", DriftKind::kMissing}));
}

TEST(Drift, IsNoCanary) {
  EXPECT_FALSE(CompareHoldings(Held(kStable, kCanary), Held(kStable, kCanary)).any());
  EXPECT_EQ(CompareHoldings(Held(kStable, kCanary), Held(kStable, kCanary)).keys, 4);
}

TEST(Drift, IsACanaryThatOutlivedItsRollout) {
  const Drift drift = CompareHoldings(Held(kStable), Held(kStable, kCanary));
  EXPECT_EQ(drift.some,
            (std::vector<DriftedKey>{{"a", DriftKind::kChanged}, {"d", DriftKind::kExtra}}));
}

TEST(Drift, CountsAKeyThatDriftedOnBothArmsOnce) {
  const Drift drift = CompareHoldings(
      Held(kStable, kCanary), Held(Of({{"a", "1"}, {"b", "2"}}), Of({{"a", "10"}, {"b", "2"}})));
  EXPECT_EQ(drift.some,
            (std::vector<DriftedKey>{{"c", DriftKind::kMissing}, {"d", DriftKind::kMissing}}));
}

TEST(Drift, IsNoOverrideThatIsRecordedButOneThatIsLostOrUnknown) {
  Holding should = Held(kStable);
  should.overlay = Of({{"b", "override"}});
  Holding has = should;
  EXPECT_FALSE(CompareHoldings(should, has).any());
  has.overlay = nullptr;
  EXPECT_EQ(CompareHoldings(should, has).some,
            (std::vector<DriftedKey>{{"b", DriftKind::kMissing}}));
  should.overlay = nullptr;
  has.overlay = Of({{"b", "sneaked in"}});
  EXPECT_EQ(CompareHoldings(should, has).some, (std::vector<DriftedKey>{{"b", DriftKind::kExtra}}));
}

TEST(Drift, IsASplitThatDividesOtherwise) {
  Holding has = Held(kStable);
  has.split.weight = 5'000;
  const Drift drift = CompareHoldings(Held(kStable), has);
  EXPECT_TRUE(drift.any());
  EXPECT_EQ(drift.drifted, 0);
}

TEST(Drift, OfAHolderThatLostTheMapIsAllKeys) {
  const Drift drift = CompareHoldings(Held(kStable), Holding{});
  EXPECT_DOUBLE_EQ(drift.rate(), 1);
  EXPECT_EQ(CompareHoldings(Holding{}, Holding{}).rate(), 0);
}

TEST(Drift, ListsOnlyTheFirstKeys) {
  std::vector<mapcore::Entry> entries;
  for (int i = 0; i < 100; ++i) entries.push_back({"key" + std::to_string(i), "1"});
  const Drift drift = CompareHoldings(Held(Of(std::move(entries))), Holding{});
  EXPECT_EQ(drift.drifted, 100);
  EXPECT_EQ(drift.some.size(), kDriftKeysShown);
}

}  // namespace
}  // namespace portolan::reconciler
