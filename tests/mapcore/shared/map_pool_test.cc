#include "mapcore/shared/map_pool.h"

#include <gtest/gtest.h>

#include <optional>

#include "tests/mapcore/heap.h"

namespace portolan::mapcore {
namespace {

TEST(MapPool, HandsOutAnEmptyMapWithTheMemoryOfThePast) {
  MapPool pool({});
  std::uint64_t seed = 0;
  std::uint64_t used = 0;
  {
    PooledMap map = pool.Take().value();
    for (int i = 0; i < 5'000; ++i) ASSERT_TRUE(map->Put(std::to_string(i), "value").ok());
    seed = map->debug().hash0;
    used = map->memory().used_bytes;
  }
  PooledMap again = pool.Take().value();
  EXPECT_TRUE(again->empty());
  EXPECT_EQ(again->Find("17"), std::nullopt);
  EXPECT_EQ(again->memory().used_bytes, used);
  EXPECT_NE(again->debug().hash0, seed);
  const MapPoolStats stats = pool.stats();
  EXPECT_EQ(stats.made, 1u);
  EXPECT_EQ(stats.reused, 1u);
}

TEST(MapPool, DropsAMapThatASnapshotStillNeeds) {
  MapPool pool({});
  Snapshot snapshot;
  {
    PooledMap map = pool.Take().value();
    ASSERT_TRUE(map->Put("a", "1").ok());
    snapshot = map->TakeSnapshot(1, 0).value();
  }
  EXPECT_EQ(pool.stats().dropped, 1u);
  EXPECT_EQ(pool.stats().resting, 0u);
  EXPECT_EQ(snapshot.Find("a"), "1");
}

// Its snapshot is gone, and nothing but the fork stands on what it was.
TEST(MapPool, DropsAMapThatAForkStillShares) {
  MapPool pool({});
  std::optional<Hmap> fork;
  {
    PooledMap map = pool.Take().value();
    ASSERT_TRUE(map->Put("a", "1").ok());
    fork.emplace(map->Fork(map->TakeSnapshot(1, 0).value()).value());
  }
  EXPECT_EQ(pool.stats().dropped, 1u);
  EXPECT_EQ(pool.stats().resting, 0u);
  EXPECT_EQ(fork->Find("a"), "1");
}

TEST(MapPool, KeepsAMapWhoseForkHasEnded) {
  MapPool pool({});
  {
    PooledMap map = pool.Take().value();
    ASSERT_TRUE(map->Put("a", "1").ok());
    Hmap fork = map->Fork(map->TakeSnapshot(1, 0).value()).value();
    ASSERT_TRUE(fork.Put("b", "2").ok());
  }
  EXPECT_EQ(pool.stats().resting, 1u);
}

// What the map was is left to a reader until it has gone, and is no fork.
TEST(MapPool, KeepsAMapThatReadersAreInUnlessItHasAForkToo) {
  hmap::ReaderDomain domain;
  hmap::Reader reader(domain);
  for (const bool reads : {false, true})
    for (const bool forked : {false, true}) {
      SCOPED_TRACE(testing::Message() << "reads " << reads << ", forked " << forked);
      MapPool pool({.map = {.readers = &domain}});
      std::optional<hmap::ReadScope> scope;
      std::optional<Hmap> fork;
      {
        PooledMap map = pool.Take().value();
        for (int i = 0; i < 500; ++i) ASSERT_TRUE(map->Put(std::to_string(i), "value").ok());
        if (reads) scope.emplace(reader);
        if (forked) fork.emplace(map->Fork(map->TakeSnapshot(1, 0).value()).value());
      }
      EXPECT_EQ(pool.stats().resting, forked ? 0u : 1u);
      scope.reset();
      ASSERT_TRUE(pool.Take().value()->Put("a", "1").ok());
    }
}

TEST(MapPool, DropsAMapThatGrewTooLargeAndWhatTheShelfCannotTake) {
  MapPool pool({.maps_max = 1, .map_bytes_max = 1 << 20});
  {
    PooledMap large = pool.Take().value();
    ASSERT_TRUE(large->Put("a", std::string(4 << 20, 'v')).ok());
  }
  EXPECT_EQ(pool.stats().dropped, 1u);
  {
    const PooledMap one = pool.Take().value();
    const PooledMap two = pool.Take().value();
  }
  EXPECT_EQ(pool.stats().dropped, 2u);
  EXPECT_EQ(pool.stats().resting, 1u);
}

TEST(MapPool, HandsOutNoMapWhoseMemoryAsksForMoreThanIsAllowed) {
  MapPool pool({});
  { const PooledMap one = pool.Take().value(); }
  { const PooledMap plain = pool.Take({.huge_pages = false}).value(); }
  EXPECT_EQ(pool.stats().made, 2u);
  EXPECT_EQ(pool.stats().dropped, 1u);
  { const PooledMap less = pool.Take().value(); }  // it asks for less: as good
  EXPECT_EQ(pool.stats().reused, 1u);
}

TEST(MapPool, EndsAMapThatItHasNoMemoryOfTheHeapToKeep) {
  std::uint64_t dropped = 0;
  for (std::uint64_t granted = 0;; ++granted) {
    MapPool pool({});
    std::optional<PooledMap> map(pool.Take().value());
    bool met = false;
    {
      const HeapFault fault(granted);
      map.reset();
      met = fault.met();
    }
    EXPECT_EQ(pool.stats().resting, met ? 0u : 1u);
    EXPECT_EQ(pool.stats().dropped, met ? 1u : 0u);
    EXPECT_TRUE(pool.Take().value()->Put("a", "1").ok());
    if (!met) break;
    ++dropped;
  }
  EXPECT_GT(dropped, 1u);
}

TEST(MapPool, MayEndBeforeItsMaps) {
  auto pool = std::make_unique<MapPool>(MapPool::Options{});
  PooledMap map = pool->Take().value();
  pool.reset();
  EXPECT_TRUE(*map->Put("a", "1"));
}

}  // namespace
}  // namespace portolan::mapcore
