// Readers beside the writer under schedules drawn from seeds: one thread at a time, handed over at
// the words that they share. PORTOLAN_SCHEDULES seeds from PORTOLAN_SCHEDULE_SEED on; a failure
// prints its own, which fails again.
#include "tests/mapcore/steps/schedule.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mapcore/hmap.h"
#include "tests/from_environment.h"
#include "tests/mapcore/hmap/reader_oracle.h"

namespace portolan::mapcore::steps {
namespace {

constexpr int kAlways = 40;
constexpr int kKeys = 160;  // more than a page holds: it splits, and merges again

// Entries of one page collide in their homes, and now and then in all that a probe compares.
std::uint64_t CollidingHash(std::string_view key, std::uint64_t seed) {
  return hmap::HashBytes(key, seed) & 0xf000'3000'0000'0333;
}

class ScheduledRun {
 public:
  explicit ScheduledRun(std::uint64_t seed) : random_(seed), schedule_(seed) {
    const hmap::HashFunction hash = random_.Below(2) == 0 ? nullptr : CollidingHash;
    map_.emplace(
        Hmap::Create(
            {.seed = seed, .memory = {.reserve_bytes = 8 << 20}, .readers = &domain_, .hash = hash})
            .value());
  }

  void Play(int writes) {
    for (int key = 0; key < kAlways; ++key) Put(key);
    schedule_.Run({[&] { Write(writes); }, [&] { Read(1); }, [&] { Read(2); }});
  }
  std::uint64_t bad() const { return bad_; }
  std::uint64_t reads() const { return reads_; }
  const Schedule& schedule() const { return schedule_; }
  Hmap& map() { return *map_; }

 private:
  void Put(int key) {
    ASSERT_TRUE(
        map_->Put(CountedKey(key), CountedValue(key, ++counts_[static_cast<std::size_t>(key)]))
            .ok());
  }
  void Write(int writes) {
    for (int i = 0; i < writes && !testing::Test::HasFatalFailure(); ++i) {
      const int key = static_cast<int>(random_.Below(kKeys));
      const std::uint64_t roll = random_.Below(100);
      if (roll < 45)
        Put(key);
      else if (roll < 85)
        Put(key % kAlways);
      else if (roll < 94 || key < kAlways)
        ASSERT_TRUE(map_->Erase(CountedKey(kAlways + key % (kKeys - kAlways))).ok());
      else if (roll < 96)
        snapshots_[random_.Below(snapshots_.size())] = map_->TakeSnapshot(1, 0).value();
      else if (roll < 97)
        (void)map_->StartReseed();  // kConflict when one is under way
      else if (roll < 98)
        ASSERT_TRUE(map_->AbandonReseed().ok());
      else if (roll < 99)
        (void)map_->StartCompaction();  // likewise
      else
        EraseMost();
    }
    done_ = true;
  }
  void EraseMost() {
    for (int key = kAlways; key < kKeys; ++key) ASSERT_TRUE(map_->Erase(CountedKey(key)).ok());
  }
  void Read(std::uint64_t number) {
    hmap::Reader reader(domain_);
    Random random(number);
    CountedReads reads(kKeys, kAlways);
    while (!done_) {
      const hmap::ReadScope scope(reader);
      for (int i = 0; i < 8; ++i) reads.Find(*map_, scope, static_cast<int>(random.Below(kKeys)));
    }
    reads_ += reads.reads();
    bad_ += reads.bad();
  }

  Random random_;
  Schedule schedule_;
  hmap::ReaderDomain domain_{hmap::ReaderDomain::Fences::kPortable};
  std::optional<Hmap> map_;
  std::array<Snapshot, 4> snapshots_;
  std::array<std::uint64_t, kKeys> counts_ = {};
  // Of whose turn it is.
  bool done_ = false;
  std::uint64_t reads_ = 0;
  std::uint64_t bad_ = 0;
};

TEST(Schedule, ASeedRunTwiceGivesTheSameRun) {
  std::array<std::uint64_t, 2> traces;
  for (std::uint64_t& trace : traces) {
    ScheduledRun run(5);
    run.Play(300);
    EXPECT_GT(run.schedule().turns(), 100u);
    trace = run.schedule().trace();
  }
  EXPECT_EQ(traces[0], traces[1]);
  ScheduledRun other(6);
  other.Play(300);
  EXPECT_NE(other.schedule().trace(), traces[0]);
}

// More than what is unlinked before memory is used again: 4,096 blocks.
TEST(Schedule, ReadersAreNeverAnsweredWrongly) {
  const std::uint64_t first = FromEnvironment("PORTOLAN_SCHEDULE_SEED", 1);
  const std::uint64_t schedules = FromEnvironment("PORTOLAN_SCHEDULES", 4);
  std::uint64_t reads = 0;
  for (std::uint64_t seed = first; seed < first + schedules; ++seed) {
    SCOPED_TRACE("PORTOLAN_SCHEDULE_SEED=" + std::to_string(seed));
    ScheduledRun run(seed);
    run.Play(6'000);
    ASSERT_FALSE(HasFatalFailure());
    ASSERT_EQ(run.bad(), 0u);
    const Status status = run.map().lineage().Validate();
    ASSERT_TRUE(status.ok()) << status.error().message;
    reads += run.reads();
  }
  EXPECT_GT(reads, 1'000 * schedules);
}

TEST(Schedule, ComesBetweenTwoStoresAndBetweenTwoLoads) {
  std::uint64_t bad = 0;
  for (std::uint64_t seed = 1; seed <= 20 && bad == 0; ++seed) {
    Schedule schedule(seed);
    std::array<int, 2> word = {0, 0};
    const auto write = [&] {
      for (int i = 1; i <= 50; ++i) {
        hmap::Store(word[0], i);
        hmap::Store(word[1], i);
      }
    };
    const auto read = [&] {
      for (int i = 0; i < 50; ++i) {
        const int second = hmap::Load(word[0]);
        bad += hmap::Load(word[1]) != second;
      }
    };
    schedule.Run({write, read});
  }
  EXPECT_GT(bad, 0u);
}

// Cells that a writer links one after the other, and frees as a map does its blocks: when every
// reader of the time has passed. Returns how often a reader found its cell freed.
std::uint64_t FreedUnderReaders(std::uint64_t seed, bool announce) {
  hmap::ReaderDomain domain(hmap::ReaderDomain::Fences::kPortable);
  std::array<int, 8> cells = {1};  // 1: linked, or still seen
  int current = 0;
  std::vector<int> free{1, 2, 3, 4, 5, 6, 7};
  std::vector<std::pair<int, std::uint32_t>> waiting;
  const auto reclaim = [&] {
    const std::uint32_t passed = domain.Advance();
    std::erase_if(waiting, [&](const auto& cell) {
      if (cell.second > passed) return false;
      hmap::Store(cells[static_cast<std::size_t>(cell.first)], 0);
      free.push_back(cell.first);
      return true;
    });
  };
  const auto write = [&] {
    for (int i = 0; i < 100; ++i) {
      while (free.empty()) reclaim();
      const int next = free.back();
      free.pop_back();
      hmap::Store(cells[static_cast<std::size_t>(next)], 1);
      const int past = current;
      hmap::Store(current, next);
      waiting.emplace_back(past, domain.epoch());
      reclaim();
    }
  };
  std::uint64_t freed = 0;
  const auto read = [&] {
    hmap::Reader reader(domain);
    for (int i = 0; i < 100; ++i) {
      std::optional<hmap::ReadScope> scope;
      if (announce) scope.emplace(reader);
      const int cell = hmap::Load(current);
      freed += hmap::Load(cells[static_cast<std::size_t>(cell)]) == 0;
    }
  };
  Schedule schedule(seed);
  schedule.Run({write, read, read});
  return freed;
}

TEST(Schedule, NothingIsFreedUnderAReaderThatAnnouncesItselfAndSomethingUnderOneThatDoesNot) {
  const std::uint64_t first = FromEnvironment("PORTOLAN_SCHEDULE_SEED", 1);
  std::uint64_t unannounced = 0;
  for (std::uint64_t seed = first; seed < first + 50; ++seed) {
    ASSERT_EQ(FreedUnderReaders(seed, true), 0u) << "PORTOLAN_SCHEDULE_SEED=" << seed;
    unannounced += FreedUnderReaders(seed, false);
  }
  EXPECT_GT(unannounced, 0u);
}

}  // namespace
}  // namespace portolan::mapcore::steps
