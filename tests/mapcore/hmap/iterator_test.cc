#include "mapcore/hmap/iterator.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "mapcore/base/random.h"

namespace portolan::mapcore {
namespace {

std::string WalkedKey(int i) {
  return "key/" + std::to_string(i);
}

Hmap MapToWalk(int entries) {
  Hmap map = Hmap::Create({.seed = 9}).value();
  for (int i = 0; i < entries; ++i) EXPECT_TRUE(map.Put(WalkedKey(i), std::to_string(i)).ok());
  return map;
}

std::map<std::string, int> CountRest(HmapIterator& iterator) {
  std::map<std::string, int> seen;
  while (const auto item = iterator.Next()) ++seen[std::string(item->key)];
  return seen;
}

TEST(HmapIterator, ReturnsEveryEntryOnce) {
  for (const int entries : {0, 1, 104, 105, 5'000}) {
    const Hmap map = MapToWalk(entries);
    HmapIterator iterator(map);
    const auto seen = CountRest(iterator);
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(entries));
    for (const auto& [key, count] : seen) EXPECT_EQ(count, 1) << key;
  }
}

TEST(HmapIterator, BeginsSomewhereElseEveryTime) {
  const Hmap map = MapToWalk(10'000);
  std::set<std::string> first;
  for (int i = 0; i < 100; ++i) first.insert(std::string(HmapIterator(map).Next()->key));
  EXPECT_GE(first.size(), 50u);
}

TEST(HmapIterator, ReturnsOldKeysOnceAndNewOnesAtMostOnceWhileTheMapGrows) {
  Hmap map = MapToWalk(500);
  HmapIterator iterator(map);
  std::map<std::string, int> seen;
  for (int i = 0; i < 20'000; ++i) {
    if (i % 50 == 0) {
      if (const auto item = iterator.Next()) ++seen[std::string(item->key)];
    }
    ASSERT_TRUE(map.Put("new/" + std::to_string(i), "n").ok());
  }
  for (const auto& [key, count] : CountRest(iterator)) seen[key] += count;
  for (int i = 0; i < 500; ++i) EXPECT_EQ(seen[WalkedKey(i)], 1);
  for (const auto& [key, count] : seen) EXPECT_LE(count, 1) << key;
}

TEST(HmapIterator, NeverReturnsWhatWasErasedBeforeItsTurnAlsoWhenPagesMerge) {
  Hmap map = MapToWalk(5'000);
  HmapIterator iterator(map);
  std::set<std::string> seen;
  for (int i = 0; i < 300; ++i) seen.insert(std::string(iterator.Next()->key));
  for (int i = 0; i < 5'000; i += 1)
    if (i % 100 != 0) {
      ASSERT_TRUE(*map.Erase(WalkedKey(i)));
    }
  while (const auto item = iterator.Next()) {
    EXPECT_TRUE(map.Contains(item->key));
    EXPECT_TRUE(seen.insert(std::string(item->key)).second) << item->key;
  }
  for (int i = 0; i < 5'000; i += 100) EXPECT_TRUE(seen.contains(WalkedKey(i)));
}

TEST(HmapIterator, ReturnsTheNewestValue) {
  Hmap map = MapToWalk(2'000);
  HmapIterator iterator(map);
  std::set<std::string> early;
  for (int i = 0; i < 100; ++i) early.insert(std::string(iterator.Next()->key));
  for (int i = 0; i < 2'000; ++i) ASSERT_TRUE(map.Put(WalkedKey(i), "newest").ok());
  while (const auto item = iterator.Next()) EXPECT_EQ(item->value, "newest");
}

TEST(HmapIterator, KeepsItsGuaranteesUnderRandomWrites) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Hmap map = MapToWalk(static_cast<int>(random.Below(3'000)));
    std::set<std::string> untouched;
    for (int i = 0; i < static_cast<int>(map.size()); i += 3) untouched.insert(WalkedKey(i));
    if (random.Below(2) == 0) {
      ASSERT_TRUE(map.StartReseed().ok());
      for (int i = 0; i < 9; ++i) map.ContinueReseed();
    }
    HmapIterator iterator(map);
    std::map<std::string, int> seen;
    for (bool more = true; more;) {
      for (std::uint64_t i = random.Below(20); i > 0; --i) {
        const int key = static_cast<int>(random.Below(4'000));
        if (key % 3 == 0) continue;
        ASSERT_TRUE(
            (random.Below(2) == 0 ? map.Put(WalkedKey(key), "w") : map.Erase(WalkedKey(key))).ok());
      }
      if (random.Below(50) == 0) (void)map.TakeSnapshot(1, 0);
      const auto item = iterator.Next();
      more = item.has_value();
      if (more) ++seen[std::string(item->key)];
    }
    for (const std::string& key : untouched) ASSERT_EQ(seen[key], 1) << key;
  }
}

TEST(HmapIterator, GoesOnFromACursorPageByPage) {
  Hmap map = MapToWalk(5'000);
  HmapCursor cursor{0, map.debug().hash0};
  std::map<std::string, int> seen;
  for (bool more = true; more;) {
    HmapIterator iterator = HmapIterator::From(map, cursor).value();
    more = false;
    for (int i = 0; i < 500 || !iterator.at_page_end(); ++i) {
      const auto item = iterator.Next();
      more = item.has_value();
      if (!more) break;
      ++seen[std::string(item->key)];
    }
    cursor = iterator.cursor();
  }
  EXPECT_EQ(seen.size(), 5'000u);
  for (const auto& [key, count] : seen) ASSERT_EQ(count, 1) << key;
  cursor.seed ^= 1;
  EXPECT_EQ(HmapIterator::From(map, cursor).error().code, ErrorCode::kConflict);
}

TEST(HmapIterator, MemoryComesBackWhenItEnds) {
  Hmap map = MapToWalk(1'000);
  const std::uint64_t before = map.memory().record_bytes;
  {
    HmapIterator iterator(map);
    ASSERT_TRUE(iterator.Next().has_value());
    for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(map.Put(WalkedKey(i), std::to_string(i)).ok());
    EXPECT_GT(map.memory().record_bytes, before);
  }
  EXPECT_EQ(map.memory().record_bytes, before);
  const Status status = map.lineage().Validate();
  EXPECT_TRUE(status.ok()) << status.error().message;
}

TEST(HmapIteratorDeathTest, AnIterationBesideAWriteIsFatal) {
  Hmap map = MapToWalk(10);
  HmapIterator iterator(map);
  EXPECT_DEATH((void)map.Upsert("a",
                                [&](std::optional<std::string_view>) {
                                  (void)iterator.Next();
                                  return std::string("1");
                                }),
               "concurrent map iteration and map write");
}

}  // namespace
}  // namespace portolan::mapcore
