#include "mapcore/hmap/relocation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "mapcore/hmap.h"

namespace portolan::mapcore::hmap {
namespace {

Hmap Filled(int entries, HmapOptions options = {.seed = 1}) {
  Hmap map = Hmap::Create(options).value();
  for (int i = 0; i < entries; ++i)
    EXPECT_TRUE(map.Put("key/" + std::to_string(i), std::to_string(i)).ok());
  return map;
}

void ExpectHolds(const Hmap& map, int entries) {
  for (int i = 0; i < entries; ++i)
    ASSERT_EQ(map.Find("key/" + std::to_string(i)), std::to_string(i));
  const Status status = map.lineage().Validate();
  ASSERT_TRUE(status.ok()) << status.error().message;
}

TEST(Relocation, MovesSixteenEntriesAWriteAndLosesNothing) {
  Hmap map = Filled(5'000);
  const HmapDebug before = map.debug();
  ASSERT_TRUE(map.StartReseed().ok());
  EXPECT_EQ(map.debug().oldbuckets, before.buckets);
  EXPECT_NE(map.debug().flags & HmapDebug::kSameSizeGrow, 0u);
  EXPECT_EQ(map.StartReseed().error().code, ErrorCode::kConflict);
  std::uint64_t writes = 0;
  for (std::uint64_t last = 0; map.debug().oldbuckets != 0; ++writes) {
    ASSERT_TRUE(map.Put("key/7", "7").ok());
    const std::uint64_t now = map.debug().nevacuate;
    ASSERT_TRUE(now == last || now == last + 16 || map.debug().oldbuckets == 0);
    last = now;
    if (writes % 20 == 0) ExpectHolds(map, 5'000);
  }
  EXPECT_GE(writes, 5'000u / 16);
  EXPECT_LE(writes, 5'000u / 16 + before.buckets / 16 + 2);
  EXPECT_NE(map.debug().hash0, before.hash0);
  EXPECT_EQ(map.debug().flags, 0u);
  ExpectHolds(map, 5'000);
}

TEST(Relocation, WritesInTheMiddleGoWhereTheKeyIs) {
  Hmap map = Filled(2'000);
  ASSERT_TRUE(map.StartReseed().ok());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(map.ContinueReseed());
  for (int i = 0; i < 2'000; i += 100) {
    const std::string key = "key/" + std::to_string(i);
    ASSERT_FALSE(*map.Put(key, "x"));
    ASSERT_TRUE(*map.Erase(key));
    ASSERT_TRUE(*map.Put(key, std::to_string(i)));
  }
  EXPECT_EQ(map.size(), 2'000u);
  while (map.ContinueReseed()) {
  }
  ExpectHolds(map, 2'000);
}

TEST(Relocation, ASnapshotInTheMiddleKeepsBothTables) {
  Hmap map = Filled(2'000);
  const Snapshot before = map.TakeSnapshot(1, 0).value();
  ASSERT_TRUE(map.StartReseed().ok());
  for (int i = 0; i < 12; ++i) map.ContinueReseed();
  const Snapshot middle = map.TakeSnapshot(2, 0).value();
  Hmap fork = map.Fork(middle).value();
  while (map.ContinueReseed()) {
  }
  ASSERT_TRUE(map.Put("key/1", "after").ok());
  for (int i = 0; i < 2'000; ++i) {
    ASSERT_EQ(before.Find("key/" + std::to_string(i)), std::to_string(i));
    ASSERT_EQ(middle.Find("key/" + std::to_string(i)), std::to_string(i));
  }
  while (fork.ContinueReseed()) {
  }
  ExpectHolds(fork, 2'000);
}

TEST(Relocation, AbandonedMovesEverythingBack) {
  Hmap map = Filled(3'000);
  const std::uint64_t seed = map.debug().hash0;
  const std::uint64_t digest = map.digest();
  ASSERT_TRUE(map.StartReseed().ok());
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(map.ContinueReseed());
  ASSERT_TRUE(map.AbandonReseed().ok());
  ExpectHolds(map, 3'000);
  while (map.ContinueReseed()) {
  }
  EXPECT_EQ(map.debug().hash0, seed);
  EXPECT_EQ(map.digest(), digest);
  ExpectHolds(map, 3'000);
}

TEST(Relocation, WaitsForReadersThatKnowOneTableOnly) {
  ReaderDomain domain;
  Hmap map = Filled(500, {.seed = 1, .readers = &domain});
  Reader reader(domain);
  {
    const ReadScope scope(reader);
    ASSERT_TRUE(map.StartReseed().ok());
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(map.Put("new/" + std::to_string(i), "v").ok());
    EXPECT_EQ(map.debug().nevacuate, 0u);
  }
  // A page of at most 104 entries, sixteen a write.
  for (int i = 0; i < 7 && map.debug().nevacuate == 0; ++i) ASSERT_TRUE(map.Put("new/0", "v").ok());
  EXPECT_EQ(map.debug().nevacuate, 16u);
  while (map.ContinueReseed()) {
  }
  ExpectHolds(map, 500);
}

// Who loaded a map's top before it was promoted to a fork in the middle of a relocation knows one
// table, and may look into that for as long as it is in its scope.
TEST(Relocation, OfAPromotedForkWaitsForReadersOfWhatTheMapWas) {
  ReaderDomain domain;
  Hmap map = Filled(3'000, {.seed = 1, .readers = &domain});
  Hmap fork = map.Fork(map.TakeSnapshot(1, 0).value()).value();
  ASSERT_TRUE(fork.StartReseed().ok());
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(fork.ContinueReseed());
  Reader reader(domain);
  {
    const ReadScope scope(reader);
    const Top* top = map.branch().head.top;
    map.Promote(std::move(fork));
    map.Collect();
    for (int i = 0; i < 1'000; ++i) map.ContinueReseed();
    for (int i = 0; i < 3'000; ++i)
      ASSERT_NE(FindRecord(top, "key/" + std::to_string(i), map.lineage().base()), nullptr) << i;
  }
  while (map.ContinueReseed()) {
  }
  ExpectHolds(map, 3'000);
}

TEST(Relocation, GoesOnWhereFewBlocksMayWaitForReaders) {
  ReaderDomain domain;
  Hmap map = Filled(20'000, {.seed = 1, .readers = &domain, .waiting_blocks_max = 100});
  ASSERT_TRUE(map.StartReseed().ok());
  int steps = 0;
  while (map.ContinueReseed()) ASSERT_LT(++steps, 10'000);
  ASSERT_TRUE(map.StartReseed().ok());
  for (int i = 0; i < 600; ++i) ASSERT_TRUE(map.ContinueReseed());
  ASSERT_TRUE(map.AbandonReseed().ok());
  for (steps = 0; map.ContinueReseed();) ASSERT_LT(++steps, 10'000);
  ASSERT_TRUE(map.StartCompaction().ok());
  for (steps = 0; map.ContinueCompaction();) ASSERT_LT(++steps, 10'000);
  ExpectHolds(map, 20'000);
}

TEST(Relocation, ThatHadNoMemoryToBeginIsTriedWithTheNextWrite) {
  const auto same = [](std::string_view, std::uint64_t seed) { return seed; };
  int failed = 0;
  for (std::uint64_t n = 1; n < 8; ++n) {
    Hmap map = Filled(128, {.seed = 1, .hash = same});
    map.lineage().arena().FailFrom(n);
    const Result<bool> put = map.Put("one more", "v");
    map.lineage().arena().FailNever();
    if (!put.ok() || map.branch().head.top->old != nullptr) continue;
    ++failed;
    ASSERT_TRUE(map.Put("another", "v").ok());
    EXPECT_NE(map.branch().head.top->old, nullptr) << n;
  }
  EXPECT_GT(failed, 0) << "the case did not come up";
}

TEST(Relocation, ItsPhasesAreSeenInOrder) {
  ReaderDomain domain;
  Hmap map = Filled(20'000, {.seed = 1, .readers = &domain});
  Reader reader(domain);
  std::vector<std::string_view> seen = {RelocationPhaseName(map.debug().phase)};
  const auto look = [&] {
    const std::string_view now = RelocationPhaseName(map.debug().phase);
    if (now != seen.back()) seen.push_back(now);
  };
  {
    const ReadScope scope(reader);
    ASSERT_TRUE(map.StartReseed().ok());
    look();
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(map.ContinueReseed());
    look();
  }
  while (map.ContinueReseed()) look();
  look();
  EXPECT_EQ(seen,
            (std::vector<std::string_view>{"INIT", "PREPARE", "RELOCATING", "COMMIT", "INIT"}));
}

// A chunk of each thousand entries or so is left of the old table when it is empty.
TEST(Relocation, NoStepGivesBackMoreThanAFewPages) {
  Hmap map = Filled(100'000);
  ASSERT_TRUE(map.StartReseed().ok());
  std::uint64_t most = 0;
  std::uint64_t in_commit = 0;
  for (bool more = true; more;) {
    in_commit += map.debug().phase == RelocationPhase::kCommit;
    const ArenaStats before = map.memory();
    more = map.ContinueReseed();
    const ArenaStats after = map.memory();
    if (after.live_bytes() < before.live_bytes())
      most = std::max(most, before.live_bytes() - after.live_bytes());
  }
  EXPECT_GT(in_commit, 4u);
  EXPECT_LE(most, 16u << 10) << "four chunks and their pages, and at the end the top";
  ExpectHolds(map, 100'000);
}

TEST(Relocation, CommitIsSharedWithSnapshotsAndCanBeAbandonedAnywhere) {
  for (const std::uint64_t steps : {0u, 1u, 1'000u}) {
    SCOPED_TRACE(steps);
    Hmap map = Filled(60'000);
    const std::uint64_t seed = map.debug().hash0;
    const std::uint64_t digest = map.digest();
    ASSERT_TRUE(map.StartReseed().ok());
    while (map.debug().phase != RelocationPhase::kCommit) ASSERT_TRUE(map.ContinueReseed());
    std::vector<Snapshot> snapshots;
    for (std::uint64_t i = 0; i < steps && map.ContinueReseed(); ++i) {
      if (i % 3 == 0) snapshots.push_back(map.TakeSnapshot(i, 0).value());
      map.lineage().arena().FailFrom(i % 5);
      map.ContinueReseed();
      map.lineage().arena().FailNever();
    }
    ExpectHolds(map, 60'000);
    const bool ended = map.debug().phase == RelocationPhase::kInit;
    EXPECT_EQ(ended, steps == 1'000u);
    ASSERT_TRUE(map.AbandonReseed().ok());
    while (map.ContinueReseed()) {
    }
    if (!ended) {
      EXPECT_EQ(map.debug().hash0, seed);
      EXPECT_EQ(map.digest(), digest);
    }
    for (const Snapshot& snapshot : snapshots) ASSERT_EQ(snapshot.Find("key/59999"), "59999");
    snapshots.clear();
    map.Collect();
    ExpectHolds(map, 60'000);
  }
}

TEST(Relocation, WithoutMemoryItStopsAndGoesOnLater) {
  Hmap map = Filled(2'000);
  const Snapshot snapshot = map.TakeSnapshot(1, 0).value();
  ASSERT_TRUE(map.StartReseed().ok());
  for (std::uint64_t n = 0; n < 400; ++n) {
    map.lineage().arena().FailFrom(n % 37);
    map.ContinueReseed();
    map.lineage().arena().FailNever();
  }
  ExpectHolds(map, 2'000);
  while (map.ContinueReseed()) {
  }
  ExpectHolds(map, 2'000);
}

// The attacker knows the first seed, and no later one.
TEST(Relocation, KeysCraftedForASeedAreSpreadAgain) {
  Hmap map = Filled(2'000, {.seed = 42});
  const std::uint64_t known = PrepareSeed(42);
  std::vector<std::string> crafted;
  for (int i = 0; crafted.size() < 1'500; ++i) {
    std::string key = "attack/" + std::to_string(i);
    if (HashBytes(key, known) >> 52 == 0) crafted.push_back(std::move(key));
  }
  std::uint64_t most_overflow = 0;
  for (const std::string& key : crafted) {
    ASSERT_TRUE(map.Put(key, "v").ok());
    most_overflow = std::max(most_overflow, map.debug().noverflow);
  }
  EXPECT_LE(most_overflow, 16u * 2);
  while (map.ContinueReseed()) {
  }
  EXPECT_EQ(map.debug().noverflow, 0u);
  EXPECT_LT(map.debug().buckets / 16, 3'500u / 40);
  ExpectHolds(map, 2'000);
}

TEST(Relocation, GoesOnWithoutWritesWhenTheReadersThatHeldMemoryAreGone) {
  ReaderDomain domain;
  Reader reader(domain);
  Hmap map = Filled(
      1'500, {.seed = 1, .memory = {.limit_bytes = std::uint64_t{512} << 10}, .readers = &domain});
  ASSERT_TRUE(map.StartReseed().ok());
  {
    const ReadScope scope(reader);
    int writes = 0;
    while (map.Put("key/" + std::to_string(writes % 1'500), "another").ok())
      ASSERT_LT(++writes, 1'000'000);
  }
  int steps = 0;
  while (map.ContinueReseed()) ASSERT_LT(++steps, 2'000);
  EXPECT_EQ(map.debug().phase, RelocationPhase::kInit);
  EXPECT_EQ(map.size(), 1'500u);
}

}  // namespace
}  // namespace portolan::mapcore::hmap
