#include "mapcore/hmap/compaction.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <new>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "mapcore/base/random.h"
#include "mapcore/hmap.h"
#include "mapcore/hmap/iterator.h"
#include "tests/mapcore/heap.h"

namespace portolan::mapcore::hmap {
namespace {

constexpr int kEntries = 20'000;

std::string Key(int i) {
  return "key/" + std::to_string(i);
}

Hmap MakeOne(bool compact_on_writes) {
  return Hmap::Create({.seed = 3, .compact_on_writes = compact_on_writes}).value();
}

double UsedPerLive(const Hmap& map) {
  const ArenaStats memory = map.memory();
  return static_cast<double>(memory.record_extent_bytes) / static_cast<double>(memory.record_bytes);
}

void ExpectSound(Hmap& map) {
  const Status status = map.lineage().Validate();
  ASSERT_TRUE(status.ok()) << status.error().message;
}

// Gives every `step`-th key a value of `bytes`, in an order that has nothing to do with memory.
// Returns the largest ratio of memory used for records to what they need on the way.
double Resize(Hmap& map, std::size_t bytes, std::uint64_t seed, int step = 1) {
  Random random(seed);
  std::vector<int> order;
  for (int i = 0; i < kEntries; i += step) order.push_back(i);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.Below(i)]);
  double most = 0;
  for (const int i : order) {
    std::string value = std::to_string(i);
    value.resize(bytes, '.');
    EXPECT_TRUE(map.Put(Key(i), value).ok());
    if (map.size() == kEntries) most = std::max(most, UsedPerLive(map));
  }
  return most;
}

// Every other record is left where it was: half of each old extent is waste.
Hmap HalfWasted() {
  Hmap map = MakeOne(false);
  Resize(map, 40, 1);
  Resize(map, 90, 2, 2);
  return map;
}

// Until writes have nothing more to move; overwrites with equal sizes only.
void Churn(Hmap& map, int writes, std::size_t bytes) {
  for (int i = 0; i < writes; ++i) {
    std::string value = std::to_string(i % kEntries);
    value.resize(bytes, '.');
    ASSERT_TRUE(map.Put(Key(i % kEntries), value).ok());
  }
}

TEST(Compaction, MemoryFollowsTheSizesThereAndBack) {
  Hmap without = MakeOne(false);
  Hmap map = MakeOne(true);
  for (const std::size_t bytes : {40, 90, 200, 350, 200, 90, 40}) {
    Resize(without, bytes, bytes);
    const double most = Resize(map, bytes, bytes);
    EXPECT_LE(most, 2.0) << "while sizes go to " << bytes;
  }
  Churn(map, 20'000, 40);
  EXPECT_GT(UsedPerLive(without), 2.5) << "sizes that drift leave no waste any more";
  EXPECT_LE(UsedPerLive(map), 1.5);
  EXPECT_GT(map.compaction().moved_records, 0u);
  ExpectSound(map);
  for (int i = 0; i < kEntries; ++i) ASSERT_EQ(map.Find(Key(i))->substr(0, 1), Key(i).substr(4, 1));
}

TEST(Compaction, MemoryComesBackAfterAMassErase) {
  Hmap map = MakeOne(true);
  Resize(map, 200, 1);
  const std::uint64_t before = map.memory().used_bytes;
  for (int i = 0; i < kEntries; ++i) {
    if (i % 8 == 0) continue;
    ASSERT_TRUE(*map.Erase(Key(i)));
  }
  for (int round = 0; round < 20; ++round)
    for (int i = 0; i < kEntries; i += 8) ASSERT_TRUE(map.Put(Key(i), std::string(200, 'x')).ok());
  EXPECT_LT(map.memory().record_extent_bytes, before / 4);
  ExpectSound(map);
}

// What an erase would move may be erased next: it is worth that only where most is waste.
TEST(Compaction, ErasingAllMovesFewRecords) {
  Hmap map = MakeOne(true);
  Resize(map, 200, 1);
  for (int i = 0; i < kEntries; ++i) ASSERT_TRUE(*map.Erase(Key(i)));
  EXPECT_LT(map.compaction().moved_records, static_cast<std::uint64_t>(kEntries) / 4);
  ExpectSound(map);
}

// Versions come and go, as in the daemon: what a snapshot keeps is kept, and goes with it.
TEST(Compaction, SnapshotsKeepTheirRecordsAndTheMemoryComesWhenTheyGo) {
  Hmap map = MakeOne(true);
  Resize(map, 40, 1);
  Snapshot first = map.TakeSnapshot(0, 0).value();
  std::vector<Snapshot> history;
  for (int round = 0; round < 60; ++round) {
    for (int i = round; i < kEntries; i += 30) {
      ASSERT_TRUE(map.Put(Key(i), std::string(round < 30 ? 300 : 40, 'x')).ok());
    }
    history.push_back(map.TakeSnapshot(round, 0).value());
    if (history.size() > 5) history.erase(history.begin());
  }
  EXPECT_GT(map.compaction().moved_records, 0u);
  ExpectSound(map);
  for (int i = 0; i < kEntries; ++i)
    ASSERT_EQ(first.Find(Key(i))->substr(0, 1), Key(i).substr(4, 1));
  history.clear();
  first = {};
  map.Collect();
  Churn(map, 2 * kEntries, 40);
  EXPECT_LE(UsedPerLive(map), 1.5);
  ExpectSound(map);
}

TEST(Compaction, IsSeenAndAbandoned) {
  Hmap map = HalfWasted();
  EXPECT_FALSE(map.compaction().active);
  ASSERT_TRUE(map.StartCompaction().ok());
  EXPECT_EQ(map.StartCompaction().error().code, ErrorCode::kConflict);
  while (map.compaction().moved_records < 100) ASSERT_TRUE(map.ContinueCompaction());
  EXPECT_NE(map.debug().flags & HmapDebug::kCompacting, 0u);
  EXPECT_GT(map.compaction().marked_bytes, 0u);
  map.AbandonCompaction();
  EXPECT_EQ(map.debug().flags & HmapDebug::kCompacting, 0u);
  EXPECT_EQ(map.compaction().marked_bytes, 0u);
  ExpectSound(map);
  EXPECT_EQ(map.size(), static_cast<std::uint64_t>(kEntries));
}

TEST(Compaction, AStepMovesAtMostFourBuckets) {
  Hmap map = HalfWasted();
  std::vector<const Record*> moved;
  std::size_t before = 0;
  std::size_t most = 0;
  while (map.ContinueCompaction(&moved)) {
    most = std::max(most, moved.size() - before);
    before = moved.size();
  }
  EXPECT_GT(moved.size(), 1'000u);
  EXPECT_LE(most, 8u * Compaction::kBucketsPerStep);
  for (const Record* record : moved) ASSERT_EQ(map.FindRecord(record->key()), record);
}

TEST(Compaction, StandsStillDuringAnIterationAndARelocation) {
  Hmap map = HalfWasted();
  ASSERT_TRUE(map.StartCompaction().ok());
  {
    HmapIterator iterator(map);
    for (int i = 0; i < 1'000; ++i) map.ContinueCompaction();
    EXPECT_EQ(map.compaction().moved_records, 0u);
  }
  ASSERT_TRUE(map.StartReseed().ok());
  for (int i = 0; i < 1'000; ++i) map.ContinueCompaction();
  EXPECT_EQ(map.compaction().moved_records, 0u);
  while (map.ContinueReseed()) {
  }
  while (map.ContinueCompaction()) {
  }
  EXPECT_GT(map.compaction().moved_records, 0u);
  ExpectSound(map);
}

TEST(Compaction, AFailedAllocationAnywhereLosesNothing) {
  Hmap map = MakeOne(false);
  Resize(map, 40, 1);
  const Snapshot snapshot = map.TakeSnapshot(1, 0).value();
  Resize(map, 90, 2, 2);
  ASSERT_TRUE(map.StartCompaction().ok());
  for (std::uint64_t n = 0; map.compaction().active; ++n) {
    map.lineage().arena().FailFrom(n % 41);
    map.ContinueCompaction();
    map.lineage().arena().FailNever();
    if (n % 1'000 == 0) ExpectSound(map);
  }
  ExpectSound(map);
  for (int i = 0; i < kEntries; ++i) ASSERT_EQ(map.Find(Key(i))->size(), i % 2 == 0 ? 90u : 40u);
  for (int i = 0; i < kEntries; ++i) ASSERT_EQ(snapshot.Find(Key(i))->size(), 40u);
}

TEST(Compaction, EqualsAPlainMapUnderRandomWritesSnapshotsAndForks) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Hmap map = MakeOne(true);
    std::unordered_map<std::string, std::string> model;
    std::vector<Snapshot> snapshots;
    for (int step = 0; step < 30'000; ++step) {
      const std::string key = Key(static_cast<int>(random.Below(3'000)));
      if (random.Below(4) == 0) {
        ASSERT_EQ(*map.Erase(key), model.erase(key) == 1);
      } else {
        const std::string value(random.Below(step / 20 + 30), static_cast<char>('a' + step % 26));
        ASSERT_TRUE(map.Put(key, value).ok());
        model[key] = value;
      }
      if (random.Below(500) == 0) snapshots.push_back(map.TakeSnapshot(1, 0).value());
      if (random.Below(500) == 0 && !snapshots.empty()) snapshots.erase(snapshots.begin());
      if (random.Below(2'000) == 0) (void)map.StartCompaction();
      if (random.Below(5'000) == 0) map.AbandonCompaction();
      if (random.Below(5'000) == 0) map.Promote(map.Fork(map.TakeSnapshot(1, 0).value()).value());
      if (step % 3'000 == 0) ExpectSound(map);
    }
    EXPECT_GT(map.compaction().cycles, 0u);
    ASSERT_EQ(map.size(), model.size());
    for (const auto& [key, value] : model) ASSERT_EQ(map.Find(key), value);
    ExpectSound(map);
  }
}

TEST(Compaction, NamesEveryRecordThatItMovedThoughMemoryOfTheHeapWasOut) {
  Hmap map = MakeOne(/*compact_on_writes=*/false);
  for (int i = 0; i < kEntries; ++i) ASSERT_TRUE(map.Put(Key(i), std::string(100, 'v')).ok());
  for (int i = 0; i < kEntries; ++i) ASSERT_TRUE(i % 3 == 0 || map.Erase(Key(i)).ok());
  std::unordered_map<std::string, const Record*> held;
  for (int i = 0; i < kEntries; i += 3) held[Key(i)] = map.FindRecord(Key(i));
  ASSERT_TRUE(map.StartCompaction().ok());
  int steps = 0, thrown = 0;
  std::vector<const Record*> moved;
  for (bool more = true; more;) {
    moved = {};
    try {
      std::optional<HeapFault> fault;
      if (++steps % 2 == 0) fault.emplace(0);
      more = map.ContinueCompaction(&moved);
    } catch (const std::bad_alloc&) {
      ++thrown;
    }
    for (const Record* record : moved) held[std::string(record->key())] = record;
  }
  EXPECT_GT(thrown, 0);
  for (const auto& [key, record] : held) ASSERT_EQ(map.FindRecord(key), record) << key;
}

}  // namespace
}  // namespace portolan::mapcore::hmap
