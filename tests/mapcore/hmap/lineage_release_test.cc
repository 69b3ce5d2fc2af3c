// What is freed when snapshots, forks and maps go in the presence of readers, and when memory is
// short.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "mapcore/hmap.h"

namespace portolan::mapcore::hmap {
namespace {

class LineageRelease : public testing::Test {
 protected:
  static std::string Name(int i) { return "key/" + std::to_string(i); }
  void PutAll(Hmap& map, int begin, int end, const std::string& value) {
    for (int i = begin; i < end; ++i) ASSERT_TRUE(map.Put(Name(i), value).ok());
  }
  static void ExpectNothingLost(Hmap& map) {
    for (int i = 0; i < 3; ++i) {
      map.Collect();
      map.lineage().ReclaimForWrite();
    }
    EXPECT_EQ(map.lineage().counts().leaked, 0u);
    const Status status = map.lineage().Validate();
    EXPECT_TRUE(status.ok()) << status.error().message;
  }

  ReaderDomain domain_;
  Reader reader_{domain_};
  Hmap map_ = Hmap::Create({.seed = 1, .readers = &domain_}).value();
};

// In these three a release frees so many blocks that the readers are looked at in its middle, and
// a head that was left within a scope could be dropped there.
TEST_F(LineageRelease, OfTheNewestSnapshotOfALeftHead) {
  PutAll(map_, 0, 20'000, "v");
  {
    const Snapshot snapshot = map_.TakeSnapshot(1, 0).value();
    PutAll(map_, 0, 8'000, "w");
    const ReadScope scope(reader_);
    ASSERT_TRUE(map_.Clear().ok());
  }
  ExpectNothingLost(map_);
  EXPECT_LT(map_.memory().live_bytes(), 10'000u);
}

TEST_F(LineageRelease, OfASnapshotBesideAForkOfAYoungerOneOfALeftHead) {
  PutAll(map_, 0, 20'000, "v");
  Snapshot first = map_.TakeSnapshot(1, 0).value();
  PutAll(map_, 0, 20'000, "w");
  Hmap fork = map_.Fork(map_.TakeSnapshot(2, 0).value()).value();
  {
    const ReadScope scope(reader_);
    ASSERT_TRUE(map_.Clear().ok());
  }
  first = Snapshot();
  ExpectNothingLost(map_);
  EXPECT_EQ(fork.Find(Name(7)), "w");
}

TEST_F(LineageRelease, OfTwoSnapshotsOneOfWhichALeftForkStoodOn) {
  PutAll(map_, 0, 20'000, "v");
  Snapshot first = map_.TakeSnapshot(1, 0).value();
  PutAll(map_, 20'000, 28'000, "w");
  Snapshot second = map_.TakeSnapshot(2, 0).value();
  PutAll(map_, 0, 28'000, "x");
  {
    const ReadScope scope(reader_);
    std::optional<Hmap> fork = map_.Fork(first).value();
    fork.reset();
    first = Snapshot();
  }
  second = Snapshot();
  ExpectNothingLost(map_);
}

TEST_F(LineageRelease, AWriteGoesOnWhereItsLookAtTheReadersDropsAHead) {
  Hmap map =
      Hmap::Create({.seed = 1, .memory = {.limit_bytes = 4 << 20}, .readers = &domain_}).value();
  PutAll(map, 0, 8'000, std::string(40, 'v'));
  std::optional<Hmap> fork = map.Fork(map.TakeSnapshot(1, 0).value()).value();
  PutAll(map, 0, 3'000, std::string(40, 'x'));
  PutAll(*fork, 8'000, 11'000, std::string(40, 'w'));
  {
    const ReadScope scope(reader_);
    fork.reset();
  }
  int more = 0;
  Result<bool> put = true;
  for (; put.ok(); ++more) put = map.Put("more/" + std::to_string(more), std::string(40, 'y'));
  EXPECT_EQ(map.waiting().blocks, 0u) << put.error().message;
  ExpectNothingLost(map);
}

TEST_F(LineageRelease, AClearThatFailsWithinAScopeLeavesNothingBehind) {
  ASSERT_TRUE(map_.Put("a", "b").ok());
  const ReadScope scope(reader_);
  map_.lineage().arena().FailFrom(0);
  EXPECT_FALSE(map_.Clear().ok());
  map_.lineage().arena().FailNever();
  EXPECT_EQ(map_.lineage().counts().branches, 1u);
  EXPECT_EQ(map_.Find("a"), "b");
  ExpectNothingLost(map_);
}

// A release that finds no memory to note what has to wait is put off, not half done.
TEST_F(LineageRelease, OfASnapshotWithoutMemoryLosesNothing) {
  PutAll(map_, 0, 3'000, "v");
  Snapshot first = map_.TakeSnapshot(1, 0).value();
  for (int i = 0; i < 3'000; ++i)
    if (i % 8 != 0) {
      ASSERT_TRUE(map_.Put(Name(i), "w").ok());
    }
  Snapshot second = map_.TakeSnapshot(2, 0).value();
  PutAll(map_, 0, 3'000, "x");
  map_.lineage().ReclaimForWrite();
  const std::uint64_t before = map_.memory().live_bytes();
  map_.lineage().arena().FailFrom(0);
  second = Snapshot();
  map_.Collect();
  map_.lineage().arena().FailNever();
  first = Snapshot();
  ExpectNothingLost(map_);
  EXPECT_LT(map_.memory().live_bytes(), before / 2);
}

// Snapshots that hold all memory: there is none left to note what of theirs would have to wait.
TEST_F(LineageRelease, OfSnapshotsThatHoldAllMemoryWhereNobodyReads) {
  for (const std::uint64_t limit : {192u << 10, 512u << 10, 1024u << 10})
    for (const std::size_t bytes : {8u, 40u, 100u})
      for (const int keys : {50, 300}) {
        SCOPED_TRACE(testing::Message() << limit << " " << bytes << " " << keys);
        Hmap map = Hmap::Create({.seed = 3, .memory = {.limit_bytes = limit}, .readers = &domain_})
                       .value();
        PutAll(map, 0, keys, std::string(bytes, 'v'));
        std::vector<Snapshot> snapshots;
        int writes = 0;
        for (bool full = false; !full;) {
          auto snapshot = map.TakeSnapshot(1, 0);
          if (snapshot.ok()) snapshots.push_back(std::move(snapshot).value());
          for (int i = 0; i < 20 && !full; ++i, ++writes)
            full = !map.Put(Name(writes * 7 % keys),
                            std::string(bytes, static_cast<char>('a' + writes % 26)))
                        .ok();
        }
        snapshots.clear();
        ASSERT_TRUE(map.Put(Name(1), "another").ok());
        map.Collect();
        EXPECT_EQ(map.lineage().counts().snapshots, 0u);
        ExpectNothingLost(map);
      }
}

}  // namespace
}  // namespace portolan::mapcore::hmap
