#include "mapcore/hmap/lineage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "mapcore/hmap.h"

namespace portolan::mapcore::hmap {
namespace {

Hmap MapWithLineage(int entries) {
  HmapOptions options;
  options.seed = 1;
  Hmap map = Hmap::Create(options).value();
  for (int i = 0; i < entries; ++i) EXPECT_TRUE(*map.Put("key/" + std::to_string(i), "old"));
  return map;
}

void Overwrite(Hmap& map, int begin, int end, const std::string& value) {
  for (int i = begin; i < end; ++i) EXPECT_TRUE(map.Put("key/" + std::to_string(i), value).ok());
}

void ExpectSound(const Hmap& map) {
  const Status status = map.lineage().Validate();
  EXPECT_TRUE(status.ok()) << status.error().message;
}

std::uint64_t LiveBytes(const Hmap& map) {
  return map.memory().record_bytes + map.memory().page_bytes;
}

TEST(Lineage, FreesEverythingWhateverTheOrderOfRelease) {
  for (const int order : {0, 1, 2}) {
    Hmap map = MapWithLineage(2'000);
    const std::uint64_t before = LiveBytes(map);
    std::vector<Snapshot> snapshots;
    for (int i = 0; i < 9; ++i) {
      snapshots.push_back(map.TakeSnapshot(i, 0).value());
      Overwrite(map, 100 * i, 100 * i + 300, "new");
    }
    EXPECT_GT(LiveBytes(map), before + 9 * 20 * 1024);
    while (!snapshots.empty()) {
      const std::size_t at = order == 0   ? 0
                             : order == 1 ? snapshots.size() - 1
                                          : snapshots.size() / 2;
      snapshots.erase(snapshots.begin() + static_cast<std::ptrdiff_t>(at));
      map.Collect();
      ExpectSound(map);
    }
    EXPECT_EQ(LiveBytes(map), before) << "order " << order;
    EXPECT_EQ(map.lineage().counts().snapshots, 0u);
  }
}

TEST(Lineage, KeepsWhatASnapshotNeedsAndNoMore) {
  Hmap map = MapWithLineage(1'000);
  const Snapshot first = map.TakeSnapshot(1, 0).value();
  Overwrite(map, 0, 1'000, "two");
  Snapshot second = map.TakeSnapshot(2, 0).value();
  Overwrite(map, 0, 1'000, "six");
  const std::uint64_t three = LiveBytes(map);
  second = {};
  map.Collect();
  EXPECT_LT(LiveBytes(map), three);
  EXPECT_EQ(first.Find("key/7"), "old");
  EXPECT_EQ(map.Find("key/7"), "six");
  ExpectSound(map);
}

TEST(Lineage, AForkOutlivesItsOrigin) {
  Hmap map = MapWithLineage(1'000);
  Snapshot snapshot = map.TakeSnapshot(1, 0).value();
  Hmap fork = map.Fork(snapshot).value();
  Overwrite(fork, 0, 10, "fork");
  Overwrite(map, 10, 20, "map");
  { const Hmap gone = std::move(map); }
  snapshot = {};
  fork.Collect();
  ExpectSound(fork);
  EXPECT_EQ(fork.lineage().counts().branches, 1u) << "the fork goes on in its origin's place";
  EXPECT_EQ(fork.Find("key/5"), "fork");
  EXPECT_EQ(fork.Find("key/15"), "old");
}

// Of this process, in pages.
std::uint64_t AddressSpace() {
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages;
}

TEST(Lineage, EndsWithTheLastOfItsMapsAndHandles) {
  constexpr std::uint64_t kArenaPages = (std::uint64_t{1} << 30) / 4096;
  for (const int last : {0, 1, 2, 3}) {
    const std::uint64_t before = AddressSpace();
    std::optional<Hmap> map = MapWithLineage(1'000);
    std::optional<Snapshot> base = map->TakeSnapshot(1, 0).value();
    std::optional<Hmap> fork = map->Fork(*base).value();
    Overwrite(*fork, 0, 100, "fork");
    std::optional<Snapshot> forked = fork->TakeSnapshot(2, 0).value();
    std::optional<Snapshot> copy = forked;
    // The base goes while the fork still stands on it: it must not keep the lineage.
    if (last != 0) map.reset();
    if (last != 1) base.reset();
    if (last != 2) fork.reset();
    if (last != 3) forked.reset();
    copy.reset();
    EXPECT_GE(AddressSpace(), before + kArenaPages) << last;
    map.reset();
    base.reset();
    fork.reset();
    if (last == 3) {
      std::thread([&] { forked.reset(); }).join();
    }
    EXPECT_LT(AddressSpace(), before + kArenaPages) << last;
  }
}

TEST(Lineage, ManyPromotionsLeaveNothingBehind) {
  Hmap map = MapWithLineage(1'000);
  const std::uint64_t before = LiveBytes(map);
  for (int round = 0; round < 50; ++round) {
    const Snapshot base = map.TakeSnapshot(round, 0).value();
    Hmap canary = map.Fork(base).value();
    Overwrite(canary, 0, 100, std::string("v") + std::to_string(10 + round % 80));
    map.Promote(std::move(canary));
  }
  map.Collect();
  ExpectSound(map);
  EXPECT_EQ(map.lineage().counts().branches, 1u);
  EXPECT_EQ(map.lineage().counts().snapshots, 0u);
  EXPECT_EQ(LiveBytes(map), before);
}

TEST(Lineage, ReleaseCostsWhatOnlyThatSnapshotKept) {
  Hmap map = MapWithLineage(5'000);
  std::vector<Snapshot> snapshots;
  for (int i = 0; i < 300; ++i) {
    snapshots.push_back(map.TakeSnapshot(i, 0).value());
    Overwrite(map, i, i + 5, "x");
  }
  EXPECT_EQ(map.lineage().counts().snapshots, 300u);
  for (int i = 0; i < 300; i += 2) snapshots[i] = {};
  map.Collect();
  ExpectSound(map);
  for (int i = 1; i < 300; i += 2) {
    EXPECT_EQ(snapshots[i].Find("key/" + std::to_string(i)), "x");
    EXPECT_EQ(snapshots[i].Find("key/" + std::to_string(i + 20)), "old");
  }
}

TEST(Lineage, SnapshotsReleasedTogetherHandNothingOnWhateverTheirOrder) {
  for (const std::size_t stride : {1u, 299u, 7u}) {  // of 300: the oldest first, the newest, mixed
    Hmap map = MapWithLineage(2'000);
    const std::uint64_t before = LiveBytes(map);
    std::vector<Snapshot> snapshots;
    for (int i = 0; i < 300; ++i) {
      snapshots.push_back(map.TakeSnapshot(1, 0).value());
      Overwrite(map, 5 * i, 5 * i + 5, "new");
    }
    const std::uint64_t handed_on = map.lineage().counts().handed_on;
    for (std::size_t i = 0; i < snapshots.size(); ++i)
      snapshots[i * stride % snapshots.size()] = Snapshot();
    map.Collect();
    EXPECT_EQ(map.lineage().counts().handed_on, handed_on) << stride;
    EXPECT_EQ(map.lineage().counts().snapshots, 0u);
    EXPECT_LE(LiveBytes(map), before);
    ExpectSound(map);
  }
}

// One after the other: what a release looks at is what died under that snapshot, 20 records and
// their path of page, chunk and top, and not what the other 999 keep.
TEST(Lineage, AReleaseAmongAThousandSnapshotsCostsWhatDiedUnderThatOne) {
  constexpr int kSnapshots = 1'000;
  constexpr int kWrites = 20;
  constexpr std::uint64_t kDeathsMax = 3 * kWrites + 1;
  for (const std::size_t stride : {1u, 999u, 7u}) {  // the oldest first, the newest first, mixed
    Hmap map = MapWithLineage(5'000);
    const std::uint64_t before = LiveBytes(map);
    std::vector<Snapshot> snapshots;
    for (int i = 0; i < kSnapshots; ++i) {
      snapshots.push_back(map.TakeSnapshot(i, 0).value());
      for (int w = 0; w < kWrites; ++w)
        Overwrite(map, (i * 37 + w * 211) % 5'000, (i * 37 + w * 211) % 5'000 + 1, "new");
    }
    std::uint64_t handed_on = map.lineage().counts().handed_on;
    std::uint64_t most = 0;
    for (std::size_t i = 0; i < snapshots.size(); ++i) {
      snapshots[i * stride % snapshots.size()] = Snapshot();
      map.Collect();
      const std::uint64_t now = map.lineage().counts().handed_on;
      most = std::max(most, now - handed_on);
      handed_on = now;
    }
    if (stride == 1) {
      EXPECT_EQ(most, 0u) << "the oldest frees all that it kept";
    } else if (stride == 7) {
      EXPECT_LE(most, 7 * kDeathsMax) << "what those between handed on, and its own";
    }
    EXPECT_LE(LiveBytes(map), before);
    ExpectSound(map);
  }
}

// A reader that stays: writes go on, what they replace waits and is counted, and comes back.
TEST(Lineage, AReaderThatStaysHoldsUpMemoryAndNoWrite) {
  ReaderDomain domain;
  Hmap map = Hmap::Create({.seed = 1, .readers = &domain}).value();
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(map.Put("key/" + std::to_string(i), "old").ok());
  Reader reader(domain);
  {
    const ReadScope scope(reader);
    for (int i = 0; i < 20'000; ++i)
      ASSERT_TRUE(map.Put("key/" + std::to_string(i % 500), "new").ok());
    EXPECT_GE(map.lineage().counts().waiting, 20'000u);
  }
  for (int i = 0; i < 50'000; ++i)
    ASSERT_TRUE(map.Put("key/" + std::to_string(i % 500), "newer").ok());
  EXPECT_LT(map.lineage().counts().waiting, 10'000u);
}

// What bounds what waits for a reader is the map's memory. It fails writes, and loses nothing; and
// the first write behind the reader goes on.
TEST(Lineage, AReaderThatStaysUntilMemoryIsOutFailsWritesUntilItIsGone) {
  ReaderDomain domain;
  Hmap map =
      Hmap::Create({.seed = 1, .memory = {.reserve_bytes = 4 << 20}, .readers = &domain}).value();
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(map.Put("key/" + std::to_string(i), "0").ok());
  Reader reader(domain);
  for (int round = 1; round <= 3; ++round) {
    int written = 0;
    {
      const ReadScope scope(reader);
      Result<bool> put = false;
      for (;; ++written) {
        put = map.Put("key/" + std::to_string(written % 500), std::to_string(round));
        if (!put.ok()) break;
        ASSERT_LT(written, 1'000'000) << "memory has no end";
      }
      EXPECT_EQ(put.error().code, ErrorCode::kExhausted);
      EXPECT_GT(written, 20'000);
      EXPECT_NE(put.error().message.find("wait for a reader"), std::string::npos);
      EXPECT_GE(map.waiting().blocks, static_cast<std::uint64_t>(written));
      EXPECT_GE(map.waiting().bytes, map.waiting().blocks * 16);
      EXPECT_LE(map.waiting().bytes, map.memory().live_bytes());
      EXPECT_EQ(map.size(), 500u);
      for (int i = 0; i < 500; ++i)
        ASSERT_EQ(map.Find("key/" + std::to_string(i)), std::to_string(round));
      ExpectSound(map);
    }
    ASSERT_TRUE(map.Put("key/1", std::to_string(round)).ok()) << "nobody looks any more";
    EXPECT_LT(map.lineage().counts().waiting, 100u);
    ExpectSound(map);
  }
}

TEST(Lineage, NoMoreWaitsForAReaderThanMay) {
  ReaderDomain domain;
  Hmap map = Hmap::Create({.seed = 1, .readers = &domain, .waiting_blocks_max = 10'000}).value();
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(map.Put("key/" + std::to_string(i), "0").ok());
  Reader reader(domain);
  {
    const ReadScope scope(reader);
    int written = 0;
    while (map.Put("key/1", std::to_string(written)).ok()) ASSERT_LT(++written, 20'000);
    EXPECT_GT(written, 9'000);
    EXPECT_EQ(map.waiting().blocks, 10'000u);
    const Result<bool> erased = map.Erase("key/1");
    ASSERT_FALSE(erased.ok());
    EXPECT_EQ(erased.error().code, ErrorCode::kExhausted);
    EXPECT_EQ(
        erased.error().message,
        "10000 replaced blocks wait for a reader or an iteration that has not ended, the most "
        "that may; end it");
    EXPECT_EQ(map.Find("key/1"), std::to_string(written - 1));
    ExpectSound(map);
  }
  ASSERT_TRUE(map.Erase("key/1").ok());
  EXPECT_LT(map.waiting().blocks, 100u);
  ExpectSound(map);
}

// What a map was goes without a note of each block: there may be no memory to note them in.
TEST(Lineage, WhatAMapWasIsFreedBehindAReaderAlsoWithoutMemory) {
  for (const bool promote : {false, true})
    for (const std::size_t value : {40u, 53u, 71u}) {
      SCOPED_TRACE(testing::Message() << promote << " " << value);
      ReaderDomain domain;
      Hmap map =
          Hmap::Create({.seed = 1, .memory = {.limit_bytes = 2 << 20}, .readers = &domain}).value();
      std::optional<Hmap> fork = map.Fork(map.TakeSnapshot(1, 0).value()).value();
      int fits = 0;
      while (map.Put("key/" + std::to_string(fits), std::string(value, 'v')).ok()) ++fits;
      for (int i = 0; i < 200; ++i) {
        ASSERT_TRUE(promote || map.Erase("key/" + std::to_string(i)).ok());
      }
      Reader reader(domain);
      {
        const ReadScope scope(reader);
        if (promote) {
          map.Promote(std::move(*fork));
        } else {
          ASSERT_TRUE(map.Clear().ok());
        }
        EXPECT_EQ(map.size(), 0u);
        EXPECT_GT(map.waiting().bytes, 1u << 20);
        ExpectSound(map);
      }
      int again = 0;
      while (map.Put("key/" + std::to_string(again), std::string(value, 'v')).ok()) ++again;
      EXPECT_GE(again, fits / 2) << "less where notes of what waits have cut the nodes' memory up";
      EXPECT_EQ(map.lineage().counts().leaked, 0u);
      ExpectSound(map);
    }
}

TEST(Lineage, RoomThatWasPreparedIsUsedToTheLastBlock) {
  ReaderDomain domain;
  Hmap map = Hmap::Create({.seed = 1, .readers = &domain}).value();
  ASSERT_TRUE(map.Put("a", "b").ok());
  const Snapshot snapshot = map.TakeSnapshot(1, 0).value();
  Lineage& lineage = map.lineage();
  auto& branch = const_cast<Branch&>(map.branch());
  void* old = lineage.arena().AllocateRecord(64);
  Record::Make(old, 1, "x", "y");
  void* young = lineage.arena().AllocateRecord(64);
  Record::Make(young, 2, "x", "y");
  ASSERT_TRUE(lineage.PrepareRoom(8));
  lineage.arena().FailFrom(0);
  lineage.Retire(branch, old, 1);    // to the snapshot's dead list
  lineage.Retire(branch, young, 2);  // to those that wait for readers
  lineage.arena().FailNever();
  EXPECT_EQ(lineage.counts().leaked, 0u);
}

TEST(Lineage, WithoutReadersNothingWaitsHoweverFewMay) {
  Hmap map = Hmap::Create({.seed = 1, .waiting_blocks_max = 0}).value();
  ASSERT_TRUE(map.Put("a", "b").ok());
  const Snapshot snapshot = map.TakeSnapshot(1, 0).value();
  EXPECT_TRUE(map.Put("a", "c").ok());
}

TEST(Lineage, AnEraseGoesOnBehindAReaderThatStayedUntilMemoryWasOut) {
  ReaderDomain domain;
  Hmap map =
      Hmap::Create({.seed = 1, .memory = {.reserve_bytes = 4 << 20}, .readers = &domain}).value();
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(map.Put("key/" + std::to_string(i), "0").ok());
  const Snapshot snapshot = map.TakeSnapshot(1, 0).value();  // so that erasing needs memory
  Reader reader(domain);
  {
    const ReadScope scope(reader);
    for (int i = 0; map.Put("key/" + std::to_string(i % 5), std::string(1 + i % 2, 'x')).ok();
         ++i) {
    }
  }
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(*map.Erase("key/" + std::to_string(i)));
  EXPECT_TRUE(map.empty());
  EXPECT_EQ(snapshot.Find("key/7"), "0");
  ExpectSound(map);
}

TEST(Lineage, SnapshotsMayBeReleasedOnAnyThreadBesideTheWriter) {
  Hmap map = MapWithLineage(500);
  for (int round = 0; round < 20; ++round) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t)
      threads.emplace_back([snapshot = map.TakeSnapshot(t, 0).value()]() mutable {
        EXPECT_EQ(snapshot.size(), 500u);
        Snapshot copy = snapshot;
        snapshot = {};
        EXPECT_TRUE(copy.Find("key/1").has_value());
      });
    Overwrite(map, 0, 200, std::to_string(round));
    for (std::thread& thread : threads) thread.join();
  }
  map.Collect();
  EXPECT_EQ(map.lineage().counts().snapshots, 0u);
  ExpectSound(map);
}

// A head that was left is blocks that wait as well.
TEST(Lineage, NoMoreWaitsBehindClearThanMay) {
  ReaderDomain domain;
  Hmap map = Hmap::Create({.seed = 1, .readers = &domain, .waiting_blocks_max = 1'000}).value();
  for (int i = 0; i < 5'000; ++i) ASSERT_TRUE(map.Put("key/" + std::to_string(i), "0").ok());
  Reader reader(domain);
  {
    const ReadScope scope(reader);
    ASSERT_TRUE(map.Clear().ok());
    EXPECT_GT(map.waiting().blocks, 5'000u);
    EXPECT_EQ(map.Put("a", "1").error().code, ErrorCode::kExhausted);
    EXPECT_EQ(map.Clear().error().code, ErrorCode::kExhausted);
    ExpectSound(map);
  }
  ASSERT_TRUE(map.Put("a", "1").ok());
  ASSERT_TRUE(map.Clear().ok());
  EXPECT_EQ(map.waiting().blocks, 0u);
  ExpectSound(map);
}

TEST(Lineage, ReserveUsesWhatReadersThatAreGoneHeld) {
  ReaderDomain domain;
  Reader reader(domain);
  Hmap map =
      Hmap::Create({.seed = 1, .memory = {.limit_bytes = 512 << 10}, .readers = &domain}).value();
  for (int i = 0; i < 6'000; ++i) ASSERT_TRUE(map.Put("a" + std::to_string(i), "").ok());
  {
    const ReadScope scope(reader);
    ASSERT_TRUE(map.Clear().ok());
    for (int i = 0; i < 6'000 && map.Put("b" + std::to_string(i), "").ok(); ++i) {
    }
    ASSERT_TRUE(map.Clear().ok());
  }
  ASSERT_TRUE(map.Reserve(3'000).ok());
  EXPECT_EQ(map.debug().buckets, 64u * 16);
  EXPECT_EQ(map.waiting().blocks, 0u);
}

}  // namespace
}  // namespace portolan::mapcore::hmap
