#include "mapcore/hmap/tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "mapcore/hmap.h"
#include "tests/mapcore/hash_keys.h"

namespace portolan::mapcore::hmap {
namespace {

Hmap Make(HashFunction hash = KeyIsHash) {
  HmapOptions options;
  options.seed = 1;
  options.hash = hash;
  return Hmap::Create(options).value();
}

void ExpectSound(const Hmap& map) {
  const Status status = map.lineage().Validate();
  EXPECT_TRUE(status.ok()) << status.error().message;
}

TEST(Tree, APageSplitsAtItsHundredAndFifthEntry) {
  Hmap map = Make();
  for (std::uint64_t i = 0; i < 104; ++i)
    ASSERT_TRUE(map.Put(KeyOf(i << 57 ^ i << 4 ^ (i & 15)), "v").ok());
  EXPECT_EQ(map.debug().buckets, 16u);
  ASSERT_TRUE(map.Put(KeyOf(0x0123456789abcdef), "v").ok());
  EXPECT_EQ(map.debug().buckets, 32u);
  EXPECT_EQ(map.debug().B, 5u);
  ExpectSound(map);
}

// One more leading bit set at a time makes the pages, the chunks and the top grow to every depth.
TEST(Tree, SplitsWhateverBitItNeeds) {
  Hmap map = Make();
  std::vector<std::string> keys;
  for (std::uint64_t i = 0; i < 150'000; ++i)
    keys.push_back(KeyOf(Fold(i + 1, 0x9E3779B97F4A7C15)));
  for (const std::string& key : keys) ASSERT_TRUE(map.Put(key, key).ok());
  const std::uint64_t pages = map.debug().buckets / 16;
  EXPECT_GT(pages, 150'000u / 104);
  EXPECT_LT(pages, 150'000u / 60);
  EXPECT_GE(map.branch().head.top->depth, 5u) << "the chunks split, and the top doubled";
  ExpectSound(map);
  for (const std::string& key : keys) ASSERT_EQ(map.Find(key), key);
  for (const std::string& key : keys) ASSERT_TRUE(*map.Erase(key));
  EXPECT_LT(map.debug().buckets / 16, pages / 20) << "sparse neighbours merge";
  ExpectSound(map);
}

// The bit that a split looks at is the hash's below depth 8, the slot's from there to depth 19, and
// the hash's again from depth 20 on: keys that differ in that bit only.
TEST(Tree, SplitsByTheRightBitWhereTheSourceOfItChanges) {
  for (const std::uint32_t depth : {7u, 8u, 19u, 20u}) {
    SCOPED_TRACE(depth);
    Hmap map = Make();
    if (depth > 8) {
      ASSERT_TRUE(map.Reserve(60 << 14).ok());  // 2^14 pages: deep ones are no flood
    }
    const std::uint64_t shared = 0xa5a5a5a5a5a5a5a5 & ~(~std::uint64_t{0} >> depth);
    const auto key = [&](std::uint64_t i) {
      return KeyOf(shared | (i & 1) << (63 - depth) | i >> 1 << 4 | (i & 15), static_cast<int>(i));
    };
    for (std::uint64_t i = 0; i < 115; ++i) ASSERT_TRUE(*map.Put(key(i), "v"));
    std::uint32_t deepest = 0;
    ForEachPage(*map.branch().head.top,
                [&](Page&, std::uint32_t at, std::uint64_t) { deepest = std::max(deepest, at); });
    EXPECT_EQ(deepest, depth + 1) << "the last split was by this bit";
    EXPECT_EQ(map.debug().noverflow, 0u);
    for (std::uint64_t i = 0; i < 115; ++i) ASSERT_TRUE(map.Contains(key(i)));
    ExpectSound(map);
  }
}

// Entries that a split does not part take the page's last slots, one split each.
TEST(Tree, AnInsertSplitsOnePageAtMost) {
  Hmap map = Make();
  const std::uint64_t shared = 0xa5a5a5a5a5a5a5a5 << 4;
  std::uint64_t splits = 0;
  for (int i = 0; i < 120; ++i) {
    const std::uint64_t before = map.debug().buckets;
    ASSERT_TRUE(*map.Put(KeyOf(shared | (i & 15), i), "v"));
    ASSERT_LE(map.debug().buckets, before + 16) << i;
    splits += map.debug().buckets > before;
    ExpectSound(map);
  }
  EXPECT_GE(splits, 5u);
  EXPECT_EQ(map.debug().noverflow, 0u);
  for (int i = 0; i < 120; ++i) ASSERT_TRUE(map.Contains(KeyOf(shared | (i & 15), i)));
}

TEST(Tree, EqualHashesFillAPageAndContinueInOverflowPages) {
  Hmap map = Make();
  const std::uint64_t hash = 0xdeadbeefcafef00d;
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_TRUE(map.Put(KeyOf(hash, i), std::to_string(i)).ok());
    if (i == 103) {
      EXPECT_EQ(map.debug().noverflow, 0u);
    }
  }
  EXPECT_EQ(map.debug().noverflow, 16u * 7);  // 1000 / 128, rounded down
  EXPECT_LT(map.debug().buckets, 16u * 64) << "a page is not split for ever";
  for (int i = 0; i < 1'000; ++i) ASSERT_EQ(map.Find(KeyOf(hash, i)), std::to_string(i));
  EXPECT_EQ(map.Find(KeyOf(hash, 1'000)), std::nullopt);
  ExpectSound(map);

  const Snapshot snapshot = map.TakeSnapshot(1, 0).value();
  for (int i = 0; i < 1'000; i += 2) ASSERT_TRUE(*map.Erase(KeyOf(hash, i)));
  ASSERT_TRUE(map.Put(KeyOf(hash, 1), "new").ok());
  ExpectSound(map);
  for (int i = 0; i < 1'000; ++i) ASSERT_EQ(snapshot.Find(KeyOf(hash, i)), std::to_string(i));
  EXPECT_EQ(map.Find(KeyOf(hash, 1)), "new");
  EXPECT_EQ(map.size(), 500u);
}

TEST(Tree, EveryWeaknessOfAHashIsSlowAtMost) {
  struct Weakness {
    const char* name;
    std::uint64_t mask;
  };
  for (const Weakness& weak : {Weakness{"constant", 0},
                               {"one bit", std::uint64_t{1} << 63},
                               {"equal top 20 bits", 0x0000'0fff'ffff'ffff},
                               {"equal low 12 bits", ~std::uint64_t{0xfff}},
                               {"equal ext", ~(std::uint64_t{0xfff} << 44)}}) {
    SCOPED_TRACE(weak.name);
    Hmap map = Make();
    for (std::uint64_t i = 0; i < 900; ++i)
      ASSERT_TRUE(
          map.Put(KeyOf(Fold(i + 1, 0x9E3779B97F4A7C15) & weak.mask, static_cast<int>(i)), "v")
              .ok());
    EXPECT_EQ(map.size(), 900u);
    for (std::uint64_t i = 0; i < 900; ++i)
      ASSERT_TRUE(
          map.Contains(KeyOf(Fold(i + 1, 0x9E3779B97F4A7C15) & weak.mask, static_cast<int>(i))));
    ExpectSound(map);
  }
}

TEST(Tree, AWriteAfterASnapshotCopiesItsPathAndNothingElse) {
  Hmap map = Make(nullptr);
  for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(map.Put(std::to_string(i), "v").ok());
  const Snapshot snapshot = map.TakeSnapshot(1, 0).value();
  const ArenaStats before = map.memory();
  ASSERT_TRUE(map.Put("77", "w").ok());
  const ArenaStats once = map.memory();
  EXPECT_EQ(once.page_bytes - before.page_bytes, Arena::kPageBytes);
  EXPECT_LE(once.node_bytes - before.node_bytes, sizeof(Chunk) + 1'024 + 3 * 576);
  ASSERT_TRUE(map.Put("77", "x").ok());
  EXPECT_EQ(map.memory().page_bytes, once.page_bytes);
  EXPECT_EQ(map.memory().record_bytes, once.record_bytes);
}

}  // namespace
}  // namespace portolan::mapcore::hmap
