// Readers beside the writer, for ThreadSanitizer too: ./scripts/stress mapcore.
// PORTOLAN_STRESS_MS sets how long each workload runs.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "mapcore/base/random.h"
#include "mapcore/hmap.h"
#include "mapcore/hmap/diff.h"
#include "mapcore/map_clone.h"
#include "tests/mapcore/hmap/reader_oracle.h"

namespace portolan::mapcore {
namespace {

constexpr int kReaders = 7;
constexpr int kKeys = 2'000;   // these are always there
constexpr int kExtra = 6'000;  // these come and go

std::chrono::milliseconds StressTime() {
  const char* text = std::getenv("PORTOLAN_STRESS_MS");
  return std::chrono::milliseconds(text == nullptr ? 300 : std::atoi(text));
}

class HmapReaders : public testing::TestWithParam<hmap::ReaderDomain::Fences> {
 protected:
  // Writes with `write` until time is up, while readers check that keys which are always there are
  // found with their own value, and that no key's count goes back.
  void Run(const std::function<void(Random&)>& write) {
    for (int i = 0; i < kKeys; ++i) ASSERT_TRUE(Put(i).ok());
    std::vector<std::thread> readers;
    for (int r = 0; r < kReaders; ++r) readers.emplace_back([this, r] { Read(r + 1); });
    const auto end = std::chrono::steady_clock::now() + StressTime();
    Random random(1);
    while (std::chrono::steady_clock::now() < end)
      for (int i = 0; i < 100; ++i) write(random);
    stop_ = true;
    for (std::thread& reader : readers) reader.join();
    EXPECT_EQ(bad_, 0u);
    EXPECT_GT(reads_, 1'000u);
    const Status status = map_.lineage().Validate();
    EXPECT_TRUE(status.ok()) << status.error().message;
  }

  Result<bool> Put(int key) { return map_.Put(CountedKey(key), CountedValue(key, ++counts_[key])); }

  hmap::ReaderDomain domain_{GetParam()};
  Hmap map_ = Hmap::Create({.seed = 1, .readers = &domain_}).value();
  std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>(kKeys + kExtra);

 private:
  void Read(int seed) {
    hmap::Reader reader(domain_);
    Random random(static_cast<std::uint64_t>(seed));
    CountedReads reads(kKeys + kExtra, kKeys);
    while (!stop_) {
      const hmap::ReadScope scope(reader);
      for (int i = 0; i < 32; ++i)
        reads.Find(map_, scope, static_cast<int>(random.Below(kKeys + kExtra)));
    }
    reads_ += reads.reads();
    bad_ += reads.bad();
  }

  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> reads_{0};
  std::atomic<std::uint64_t> bad_{0};
};

TEST_P(HmapReaders, SeeOverwritesInOrder) {
  Run([&](Random& random) { ASSERT_TRUE(Put(static_cast<int>(random.Below(kKeys))).ok()); });
}

TEST_P(HmapReaders, NeverMissAKeyWhilePagesSplitAndMerge) {
  Run([&](Random& random) {
    const int key = kKeys + static_cast<int>(random.Below(kExtra));
    ASSERT_TRUE((random.Below(2) == 0 ? Put(key) : map_.Erase(CountedKey(key))).ok());
  });
}

TEST_P(HmapReaders, NeverMissAKeyInAStormOfSnapshots) {
  std::vector<Snapshot> snapshots(8);
  Run([&](Random& random) {
    snapshots[random.Below(8)] = map_.TakeSnapshot(1, 0).value();
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(Put(static_cast<int>(random.Below(kKeys))).ok());
  });
}

TEST_P(HmapReaders, SnapshotsAreClonedComparedAndDigestedBesideTheWriter) {
  std::atomic<bool> stop{false};
  for (int i = 0; i < kKeys; ++i) ASSERT_TRUE(Put(i).ok());
  const Snapshot first = map_.TakeSnapshot(1, 0).value();
  std::thread cloner([&] {
    while (!stop) {
      Hmap clone = CloneMap(first).value();
      ASSERT_TRUE(clone.Put(CountedKey(1), "changed").ok());
      ASSERT_TRUE(clone.Put(CountedKey(1), *first.Find(CountedKey(1))).ok());
      ASSERT_EQ(clone.digest(), first.digest());
      EXPECT_TRUE(hmap::Diff(first, first).changes.empty());
    }
  });
  Run([&](Random& random) {
    ASSERT_TRUE(Put(static_cast<int>(random.Below(kKeys))).ok());
    if (random.Below(100) == 0) (void)map_.digest();
  });
  stop = true;
  cloner.join();
}

TEST_P(HmapReaders, NeverMissAKeyWhileTheMapIsRelocated) {
  Run([&](Random& random) {
    if (random.Below(200) == 0) (void)map_.StartReseed();  // kConflict when one is under way
    if (random.Below(400) == 0) {
      ASSERT_TRUE(map_.AbandonReseed().ok());
    }
    ASSERT_TRUE(Put(static_cast<int>(random.Below(kKeys + kExtra / 10))).ok());
  });
}

TEST_P(HmapReaders, NeverMissAKeyWhileRecordsAreMoved) {
  // Twice as much as what waits for readers until it is freed.
  for (int i = 0; i < 2 * kExtra; ++i) ASSERT_TRUE(Put(kKeys + i % kExtra).ok());
  for (int i = kKeys; i < kKeys + kExtra; ++i)
    if (i % 3 != 0) {
      ASSERT_TRUE(*map_.Erase(CountedKey(i)));
    }
  Run([&](Random& random) {
    if (random.Below(4) == 0) (void)map_.StartCompaction();  // kConflict when one is under way
    for (int i = 0; i < 20; ++i) map_.ContinueCompaction();
    const int key = static_cast<int>(random.Below(kKeys + kExtra));
    ASSERT_TRUE(
        (key >= kKeys && random.Below(2) == 0 ? map_.Erase(CountedKey(key)) : Put(key)).ok());
  });
  EXPECT_GT(map_.compaction().moved_records, 0u);
}

TEST_P(HmapReaders, NeverMissAKeyWhileTheMapGrowsToAMillion) {
  constexpr int kGrown = 1'000'000;
  int next = 0;
  Run([&](Random& random) {
    if (next < kGrown)
      ASSERT_TRUE(map_.Put("grown/" + std::to_string(next++), "value").ok());
    else
      ASSERT_TRUE(Put(static_cast<int>(random.Below(kKeys))).ok());
  });
}

INSTANTIATE_TEST_SUITE_P(Fences, HmapReaders,
                         testing::Values(hmap::ReaderDomain::Fences::kProbe,
                                         hmap::ReaderDomain::Fences::kPortable));

}  // namespace
}  // namespace portolan::mapcore
