#include "mapcore/map_clone.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace portolan::mapcore {
namespace {

std::string ClonedKey(int i) {
  return "key/" + std::to_string(i);
}

TEST(CloneMap, OutlivesItsOriginalAndSharesNothingWithIt) {
  constexpr int kEntries = 20'000;
  auto original = std::make_optional(Hmap::Create({.seed = 1}).value());
  for (int i = 0; i < kEntries; ++i)
    ASSERT_TRUE(
        original->Put(ClonedKey(i), std::string(static_cast<std::size_t>(i % 300), 'v')).ok());
  std::optional<Hmap> clone = CloneMap(original->TakeSnapshot(1, 0).value(), {.seed = 1}).value();
  EXPECT_EQ(clone->size(), original->size());
  EXPECT_EQ(clone->digest(), original->digest());
  EXPECT_EQ(clone->lineage().Validate().ok(), true);

  ASSERT_TRUE(original->Put(ClonedKey(7), "changed").ok());
  ASSERT_TRUE(clone->Erase(ClonedKey(8)).ok());
  EXPECT_EQ(clone->Find(ClonedKey(7)), std::string(7, 'v'));
  EXPECT_EQ(original->Find(ClonedKey(8)), std::string(8, 'v'));
  original.reset();
  for (int i = 9; i < kEntries; ++i)
    ASSERT_EQ(clone->Find(ClonedKey(i)), std::string(static_cast<std::size_t>(i % 300), 'v'));
}

TEST(CloneMap, KeepsTheSeedAndTheShapeOfTheTableUnlessAnotherSeedIsAskedFor) {
  Hmap original = Hmap::Create().value();
  for (int i = 0; i < 30'000; ++i) ASSERT_TRUE(original.Put(ClonedKey(i), "v").ok());
  const Snapshot snapshot = original.TakeSnapshot(1, 0).value();
  const Hmap alike = CloneMap(snapshot).value();
  EXPECT_EQ(alike.debug().hash0, original.debug().hash0);
  EXPECT_EQ(alike.debug().buckets, original.debug().buckets);
  EXPECT_EQ(alike.digest(), original.digest());
  const Hmap other = CloneMap(snapshot, {.seed = 99}).value();
  EXPECT_NE(other.debug().hash0, original.debug().hash0);
  EXPECT_EQ(other.size(), original.size());
}

TEST(CloneMap, OfAnOldSnapshotHasItsEntriesAndNoneOfLater) {
  Hmap original = Hmap::Create({.seed = 1}).value();
  for (int i = 0; i < 5'000; ++i) ASSERT_TRUE(original.Put(ClonedKey(i), "old").ok());
  const Snapshot old = original.TakeSnapshot(1, 0).value();
  for (int i = 0; i < 9'000; ++i) ASSERT_TRUE(original.Put(ClonedKey(i), "new").ok());
  for (int i = 0; i < 2'000; ++i) ASSERT_TRUE(original.Erase(ClonedKey(i)).ok());
  Hmap clone = CloneMap(old, {.seed = 1}).value();
  EXPECT_EQ(clone.size(), 5'000u);
  for (int i = 0; i < 5'000; ++i) ASSERT_EQ(clone.Find(ClonedKey(i)), "old");
  // It is a map like any other: it grows, is snapshotted and frees what it drops.
  const Snapshot taken = clone.TakeSnapshot(2, 0).value();
  for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(clone.Put(ClonedKey(i), "more").ok());
  EXPECT_EQ(taken.size(), 5'000u);
  const Status status = clone.lineage().Validate();
  EXPECT_TRUE(status.ok()) << status.error().message;
}

TEST(CloneMap, CopiesOverflowPages) {
  const auto one_hash = [](std::string_view, std::uint64_t) { return std::uint64_t{42}; };
  HmapOptions options{.seed = 1, .hash = one_hash};
  Hmap original = Hmap::Create(options).value();
  for (int i = 0; i < 400; ++i) ASSERT_TRUE(original.Put(ClonedKey(i), "v").ok());
  Snapshot snapshot = original.TakeSnapshot(1, 0).value();
  for (int i = 0; original.debug().oldbuckets != 0 && i < 1'000; ++i) {
    original.ContinueReseed();
    snapshot = original.TakeSnapshot(1, 0).value();
  }
  ASSERT_GT(original.debug().noverflow, 0u);
  const Hmap clone = CloneMap(snapshot).value();
  for (int i = 0; i < 400; ++i) ASSERT_EQ(clone.Find(ClonedKey(i)), "v");
  const Status status = clone.lineage().Validate();
  EXPECT_TRUE(status.ok()) << status.error().message;
}

TEST(CloneMap, DuringARelocationHasTheEntriesOfBothTables) {
  Hmap original = Hmap::Create({.seed = 1}).value();
  for (int i = 0; i < 5'000; ++i) ASSERT_TRUE(original.Put(ClonedKey(i), std::to_string(i)).ok());
  ASSERT_TRUE(original.StartReseed().ok());
  for (int i = 0; i < 100; ++i) original.ContinueReseed();
  ASSERT_NE(original.debug().oldbuckets, 0u);
  const Hmap clone = CloneMap(original.TakeSnapshot(1, 0).value()).value();
  EXPECT_EQ(clone.debug().oldbuckets, 0u);
  for (int i = 0; i < 5'000; ++i) ASSERT_EQ(clone.Find(ClonedKey(i)), std::to_string(i));
}

TEST(CloneMap, SplitsNoPageUnderAnotherSeed) {
  Hmap original = Hmap::Create({.seed = 1}).value();
  for (int i = 0; i < 50'000; ++i) ASSERT_TRUE(original.Put(ClonedKey(i), "v").ok());
  const Hmap clone = CloneMap(original.TakeSnapshot(1, 0).value(), {.seed = 2}).value();
  Hmap reserved = Hmap::Create({.seed = 2}).value();
  ASSERT_TRUE(reserved.Reserve(50'000).ok());
  EXPECT_EQ(clone.debug().buckets, reserved.debug().buckets);
}

// Bytes of records, which lie elsewhere unless the memory was copied as one piece.
std::uint64_t PlaceOf(const Hmap& map, const std::string& key) {
  return map.lineage().arena().RefOf(map.FindRecord(key));
}

TEST(CloneMap, OfAMapAloneCopiesItsMemoryAsOnePiece) {
  constexpr int kEntries = 30'000;
  auto original = std::make_optional(Hmap::Create({.seed = 1}).value());
  for (int i = 0; i < kEntries; ++i) ASSERT_TRUE(original->Put(ClonedKey(i), "old").ok());
  for (int i = 0; i < kEntries; i += 3) ASSERT_TRUE(original->Erase(ClonedKey(i)).ok());
  for (int i = 0; i < kEntries; i += 6)
    ASSERT_TRUE(
        original->Put(ClonedKey(i), std::string(static_cast<std::size_t>(i % 300), 'v')).ok());
  Hmap clone = CloneMap(*original).value();
  EXPECT_EQ(PlaceOf(clone, ClonedKey(1)), PlaceOf(*original, ClonedKey(1)));
  EXPECT_EQ(clone.size(), original->size());
  EXPECT_EQ(clone.digest(), original->digest());
  Status status = clone.lineage().Validate();
  EXPECT_TRUE(status.ok()) << status.error().message;

  // A map like any other, which sees nothing of what becomes of the original.
  for (int i = 0; i < kEntries; ++i) ASSERT_TRUE(original->Put(ClonedKey(i), "changed").ok());
  original.reset();
  EXPECT_EQ(clone.Find(ClonedKey(1)), "old");
  EXPECT_EQ(clone.Find(ClonedKey(3)), std::nullopt);
  const Snapshot taken = clone.TakeSnapshot(2, 0).value();
  for (int i = 0; i < 2 * kEntries; ++i) ASSERT_TRUE(clone.Put(ClonedKey(i), "more").ok());
  EXPECT_EQ(taken.FindRecord(ClonedKey(1))->value(), "old");
  EXPECT_EQ(clone.size(), 2u * kEntries);
  status = clone.lineage().Validate();
  EXPECT_TRUE(status.ok()) << status.error().message;
}

TEST(CloneMap, OfAMapThatGivesNoMoreSnapshotsGivesThem) {
  for (const int entries : {100, 50'000}) {
    Hmap original = Hmap::Create({.seed = 1, .first_version = UINT32_MAX - 1}).value();
    for (int i = 0; i < entries; ++i) ASSERT_TRUE(original.Put(ClonedKey(i), "old").ok());
    ASSERT_TRUE(original.TakeSnapshot(1, 0).ok());
    const auto refused = original.TakeSnapshot(2, 0);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().message,
              "a map gives 2^32 snapshots, and this one has; make it anew with CloneMap()");
    Hmap clone = CloneMap(original).value();
    const Snapshot taken = clone.TakeSnapshot(1, 0).value();
    EXPECT_EQ(taken.digest(), original.digest());
    for (int i = 0; i < entries; ++i) ASSERT_TRUE(clone.Put(ClonedKey(i), "new").ok());
    for (int i = 0; i < entries; ++i) ASSERT_EQ(taken.Find(ClonedKey(i)), "old");
    const Status status = clone.lineage().Validate();
    EXPECT_TRUE(status.ok()) << status.error().message;
  }
}

TEST(CloneMap, OfAMapCopiesBlockByBlockWhereMoreThanItsHeadLives) {
  Hmap original = Hmap::Create({.seed = 1}).value();
  for (int i = 0; i < 5'000; ++i) ASSERT_TRUE(original.Put(ClonedKey(i), "old").ok());
  const Snapshot held = original.TakeSnapshot(1, 0).value();
  for (int i = 0; i < 5'000; i += 2) ASSERT_TRUE(original.Put(ClonedKey(i), "new").ok());
  const std::uint64_t both = original.memory().live_bytes();
  const Hmap clone = CloneMap(original).value();
  EXPECT_LT(clone.memory().live_bytes(), both);
  EXPECT_EQ(clone.Find(ClonedKey(0)), "new");
  EXPECT_EQ(clone.Find(ClonedKey(1)), "old");
  const Status status = clone.lineage().Validate();
  EXPECT_TRUE(status.ok()) << status.error().message;
}

TEST(CloneMap, OfAMapThatLostMostEntriesLeavesItsFreeMemoryBehind) {
  Hmap original = Hmap::Create({.seed = 1}).value();
  for (int i = 0; i < 50'000; ++i)
    ASSERT_TRUE(original.Put(ClonedKey(i), std::string(100, 'v')).ok());
  for (int i = 500; i < 50'000; ++i) ASSERT_TRUE(original.Erase(ClonedKey(i)).ok());
  const Hmap clone = CloneMap(original).value();
  EXPECT_EQ(clone.size(), 500u);
  EXPECT_LT(clone.memory().used_bytes, original.memory().used_bytes / 2);
}

TEST(CloneMap, OfAMapInRelocationHasTheEntriesOfBothTables) {
  Hmap original = Hmap::Create({.seed = 1}).value();
  for (int i = 0; i < 5'000; ++i) ASSERT_TRUE(original.Put(ClonedKey(i), std::to_string(i)).ok());
  ASSERT_TRUE(original.StartReseed().ok());
  for (int i = 0; i < 100; ++i) original.ContinueReseed();
  ASSERT_NE(original.debug().oldbuckets, 0u);
  const Hmap clone = CloneMap(original).value();
  for (int i = 0; i < 5'000; ++i) ASSERT_EQ(clone.Find(ClonedKey(i)), std::to_string(i));
}

TEST(CloneMap, OfAMapSaysWhenMemoryIsOut) {
  Hmap original = Hmap::Create({.seed = 1}).value();
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(original.Put(ClonedKey(i), "v").ok());
  const auto clone = CloneMap(original, {.memory = {.limit_bytes = 1 << 18}});
  ASSERT_FALSE(clone.ok());
  EXPECT_EQ(clone.error().code, ErrorCode::kExhausted);
  EXPECT_EQ(original.Find(ClonedKey(9'999)), "v");
}

TEST(CloneMap, OfAnEmptyMapIsEmpty) {
  Hmap original = Hmap::Create().value();
  EXPECT_TRUE(CloneMap(original).value().empty());
  EXPECT_TRUE(CloneMap(original.TakeSnapshot(1, 0).value()).value().empty());
}

TEST(CloneMap, SaysWhenMemoryIsOut) {
  Hmap original = Hmap::Create({.seed = 1}).value();
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(original.Put(ClonedKey(i), "v").ok());
  const auto clone =
      CloneMap(original.TakeSnapshot(1, 0).value(), {.memory = {.limit_bytes = 1 << 18}});
  ASSERT_FALSE(clone.ok());
  EXPECT_EQ(clone.error().code, ErrorCode::kExhausted);
}

}  // namespace
}  // namespace portolan::mapcore
