#include "mapcore/hmap/iterator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <new>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mapcore/base/random.h"
#include "tests/mapcore/heap.h"

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

std::vector<std::string> OrderOf(const Hmap& map) {
  std::vector<std::string> order;
  HmapIterator iterator(map);
  while (const auto item = iterator.Next()) order.emplace_back(item->key);
  return order;
}

TEST(HmapIterator, HardlyEverRepeatsTheOrderBefore) {
  Hmap sparse = MapToWalk(5'000);
  for (int i = 0; i < 5'000; ++i)
    if (i % 500 != 0) {
      ASSERT_TRUE(*sparse.Erase(WalkedKey(i)));
    }
  const Hmap full = MapToWalk(3'000);
  for (const Hmap* map : {&full, static_cast<const Hmap*>(&sparse)}) {
    int different = 0;
    std::vector<std::string> before = OrderOf(*map);
    for (int i = 0; i < 100; ++i) {
      std::vector<std::string> order = OrderOf(*map);
      different += order != before;
      before = std::move(order);
    }
    EXPECT_GE(different, map == &full ? 95 : 60) << "of " << map->size() << " entries";
  }
}

TEST(HmapIterator, FindsMoreThanOneOrderInTheSmallestMaps) {
  for (const int entries : {3, 7, 9, 15}) {
    const Hmap map = MapToWalk(entries);
    std::set<std::vector<std::string>> orders;
    for (int i = 0; i < 100; ++i) orders.insert(OrderOf(map));
    EXPECT_GE(orders.size(), 2u) << entries << " entries";
  }
}

TEST(HmapIterator, ErasesWhatItStandsOnAllNoneOrPart) {
  for (const int keep_each : {0, 1, 3}) {  // none, all, a third
    Hmap map = MapToWalk(3'000);
    int met = 0;
    HmapIterator iterator(map);
    while (const auto item = iterator.Next()) {
      const int kept = keep_each == 0 ? 1 : met % keep_each;
      ++met;
      if (kept != 0) {
        ASSERT_TRUE(*map.Erase(item->key)) << item->key;
        ASSERT_FALSE(*map.Erase(item->key));
      }
    }
    EXPECT_EQ(met, 3'000);
    EXPECT_EQ(map.size(), keep_each == 0 ? 0u : 3'000u / static_cast<unsigned>(keep_each));
    EXPECT_EQ(iterator.Next(), std::nullopt);
  }
}

TEST(HmapIterator, ErasesTheFirstAndTheLast) {
  Hmap map = MapToWalk(200);
  const std::string first(HmapIterator(map).Next()->key);
  ASSERT_TRUE(*map.Erase(first));
  std::string last;
  {
    HmapIterator iterator(map);
    while (const auto item = iterator.Next()) last = item->key;
    ASSERT_TRUE(*map.Erase(last));
    EXPECT_FALSE(iterator.Next().has_value());
  }
  const std::vector<std::string> rest = OrderOf(map);
  EXPECT_EQ(rest.size(), 198u);
  EXPECT_EQ(
      std::count(rest.begin(), rest.end(), first) + std::count(rest.begin(), rest.end(), last), 0);
}

TEST(HmapIterator, AtItsEndItStaysThereWhateverComes) {
  Hmap map = MapToWalk(300);
  HmapIterator iterator(map);
  EXPECT_EQ(CountRest(iterator).size(), 300u);
  for (int i = 0; i < 5'000; ++i) ASSERT_TRUE(map.Put("new/" + std::to_string(i), "n").ok());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(iterator.Next(), std::nullopt);
  ASSERT_TRUE(map.Clear().ok());
  EXPECT_EQ(iterator.Next(), std::nullopt);
}

TEST(HmapIterator, GoesOnInAMapThatWasClearedPromotedOrReservedMeanwhile) {
  for (const int change : {0, 1, 2}) {
    Hmap map = MapToWalk(2'000);
    Hmap fork = map.Fork(map.TakeSnapshot(1, 0).value()).value();
    for (int i = 0; i < 2'000; i += 2) ASSERT_TRUE(*fork.Erase(WalkedKey(i)));
    ASSERT_TRUE(*fork.Put("fork", "f"));
    HmapIterator iterator(map);
    std::set<std::string> before;
    for (int i = 0; i < 100; ++i) before.insert(std::string(iterator.Next()->key));
    if (change == 1)
      map.Promote(std::move(fork));
    else
      ASSERT_TRUE(map.Clear().ok());
    if (change == 2) {
      ASSERT_TRUE(map.Reserve(5'000).ok());
      ASSERT_TRUE(*map.Put("after", "a"));
    }
    std::map<std::string, int> rest = CountRest(iterator);
    for (const auto& [key, count] : rest) {
      EXPECT_EQ(count, 1) << key;
      EXPECT_FALSE(before.contains(key)) << key;
      EXPECT_TRUE(map.Contains(key)) << key;
    }
    if (change == 0) {
      EXPECT_TRUE(rest.empty());
    } else if (change == 1) {
      for (int i = 1; i < 2'000; i += 2)
        EXPECT_TRUE(before.contains(WalkedKey(i)) || rest.contains(WalkedKey(i)));
    }
    const Status status = map.lineage().Validate();
    EXPECT_TRUE(status.ok()) << status.error().message;
  }
}

TEST(HmapIterator, ErasesAllButWhatItReturnedLastAndGrows) {
  Hmap map = MapToWalk(1'000);
  HmapIterator iterator(map);
  const std::string last(iterator.Next()->key);
  for (int i = 0; i < 1'000; ++i)
    if (WalkedKey(i) != last) {
      ASSERT_TRUE(*map.Erase(WalkedKey(i)));
    }
  for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(*map.Put("new/" + std::to_string(i), "n"));
  const std::map<std::string, int> rest = CountRest(iterator);
  EXPECT_FALSE(rest.contains(last));
  for (const auto& [key, count] : rest) {
    EXPECT_EQ(count, 1);
    EXPECT_EQ(key.substr(0, 4), "new/");
  }
}

// Everything that was returned keeps its bytes, however often its memory could have been used
// again.
TEST(HmapIterator, WhatItReturnedStaysValidWhilePagesAndRecordsComeAndGo) {
  Hmap map = MapToWalk(1'000);
  std::optional<HmapIterator> iterator(map);
  std::map<std::string_view, std::string_view> views;
  std::map<std::string, std::string> copies;
  Snapshot snapshot;
  for (int turn = 0; turn < 200; ++turn) {
    const auto item = iterator->Next();
    ASSERT_TRUE(item.has_value());
    views[item->key] = item->value;
    copies[std::string(item->key)] = item->value;
    snapshot = map.TakeSnapshot(1, 0).value();
    for (int i = 0; i < 1'000; i += 7)
      ASSERT_TRUE(map.Put(WalkedKey(i), std::to_string(turn) + "/" + std::to_string(i)).ok());
    ASSERT_TRUE(map.Erase(item->key).ok());
    snapshot = {};
    map.Collect();
  }
  ASSERT_EQ(views.size(), copies.size());
  auto copy = copies.begin();
  for (const auto& [key, value] : views) {
    ASSERT_EQ(key, copy->first);
    ASSERT_EQ(value, copy->second);
    ++copy;
  }
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
  HmapCursor cursor{.seed = map.debug().hash0};
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

// Of iterations that begin anywhere, left at any entry: within a page its entries come once more.
TEST(HmapIterator, ACursorOfAnyIterationLosesNothing) {
  const Hmap map = MapToWalk(3'000);
  for (const int leave_after : {0, 1, 10, 700, 2'999, 3'000}) {
    for (int start = 0; start < 20; ++start) {
      SCOPED_TRACE(testing::Message() << leave_after << " " << start);
      std::map<std::string, int> seen;
      HmapCursor cursor;
      int repeated = 0;
      {
        HmapIterator iterator(map);
        for (int i = 0; i < leave_after; ++i) ++seen[std::string(iterator.Next()->key)];
        cursor = iterator.cursor();
      }
      HmapIterator rest = HmapIterator::From(map, cursor).value();
      while (const auto item = rest.Next()) repeated += ++seen[std::string(item->key)] > 1;
      EXPECT_EQ(seen.size(), 3'000u);
      EXPECT_LE(repeated, 104);
      EXPECT_TRUE(rest.cursor().ended);
    }
  }
}

TEST(HmapIterator, BegunInARelocationReturnsNothingTwiceWhateverIsPutAnew) {
  for (const bool clear : {false, true}) {
    SCOPED_TRACE(clear);
    Hmap map = MapToWalk(3'000);
    ASSERT_TRUE(map.StartReseed().ok());
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(map.ContinueReseed());
    HmapIterator iterator(map);
    const std::string first(iterator.Next()->key);
    if (clear) {
      ASSERT_TRUE(map.Clear().ok());
    }
    for (int i = 0; i < 3'000; ++i) {
      if (WalkedKey(i) == first) continue;
      if (!clear) {
        ASSERT_TRUE(*map.Erase(WalkedKey(i)));
      }
      ASSERT_TRUE(map.Put(WalkedKey(i), "again").ok());
    }
    for (const auto& [key, count] : CountRest(iterator)) ASSERT_EQ(count, 1) << key;
  }
}

TEST(HmapIteratorDeathTest, APromotionUnderAnotherSeedIsFatal) {
  Hmap map = MapToWalk(100);
  Hmap fork = map.Fork(map.TakeSnapshot(1, 0).value()).value();
  ASSERT_TRUE(fork.StartReseed().ok());
  while (fork.ContinueReseed()) {
  }
  const HmapIterator iterator(map);
  EXPECT_DEATH(map.Promote(std::move(fork)), "promotion of a map under another seed");
}

TEST(HmapIterator, ACursorOfAnIterationDuringARelocationIsRefused) {
  Hmap map = MapToWalk(3'000);
  ASSERT_TRUE(map.StartReseed().ok());
  ASSERT_TRUE(map.ContinueReseed());
  HmapCursor cursor;
  {
    HmapIterator iterator(map);
    (void)iterator.Next();
    cursor = iterator.cursor();
  }
  EXPECT_EQ(HmapIterator::From(map, cursor).error().code, ErrorCode::kConflict);
  while (map.ContinueReseed()) {
  }
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

TEST(HmapIteratorDeathTest, AMapThatEndsOrMovesBeforeItsIteratorIsFatal) {
  std::optional<Hmap> map = MapToWalk(10);
  HmapIterator iterator(*map);
  EXPECT_DEATH(map.reset(), "concurrent map iteration and end of the map");
  EXPECT_DEATH(const Hmap moved = std::move(*map), "concurrent map iteration and move of the map");
  Hmap other = MapToWalk(10);
  EXPECT_DEATH(*map = std::move(other), "concurrent map iteration and end of the map");
}

TEST(HmapIterator, AnotherMapOfTheSameMemoryMayEndMeanwhile) {
  Hmap map = MapToWalk(10);
  std::optional<Hmap> fork = map.Fork(map.TakeSnapshot(1, 0).value()).value();
  HmapIterator iterator(map);
  fork.reset();
  int seen = 0;
  while (iterator.Next()) ++seen;
  EXPECT_EQ(seen, 10);
}

// Of a page with overflow pages, all of which are loaded or none.
TEST(HmapIterator, ReturnsNothingTwiceWhereMemoryOfTheHeapWasOut) {
  Hmap map = Hmap::Create({.seed = 1,
                           .hash = [](std::string_view,
                                      std::uint64_t) { return std::uint64_t{0x123456789abcdef0}; }})
                 .value();
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(map.Put(WalkedKey(i), "v").ok());
  while (map.ContinueReseed()) {
  }
  for (std::uint64_t granted = 0; granted < 4; ++granted) {
    std::map<std::string, int> seen;
    HmapIterator iterator(map);
    try {
      const HeapFault fault(granted);
      while (const auto item = iterator.Next()) ADD_FAILURE() << "there is no memory for a page";
    } catch (const std::bad_alloc&) {
    }
    for (const auto& [key, count] : CountRest(iterator)) EXPECT_EQ(count, 1) << key;
  }
}

}  // namespace
}  // namespace portolan::mapcore
