// What a map takes: of the heap, and of its own memory.
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "mapcore/hmap.h"
#include "mapcore/hmap/validate.h"
#include "tests/mapcore/heap.h"

namespace portolan::mapcore {
namespace {

TEST(HmapAllocations, LookupsAndWritesMakeNone) {
  Hmap map = Hmap::Create({.seed = 1}).value();
  std::vector<std::string> keys;
  for (int i = 0; i < 10'000; ++i) keys.push_back("key/" + std::to_string(i));
  const std::uint64_t before = HeapCalls();
  std::uint64_t found = 0;
  for (const std::string& key : keys) (void)map.Put(key, "value");
  for (const std::string& key : keys) (void)map.Put(key, "another value");
  for (const std::string& key : keys) found += map.Find(key).has_value() + map.Contains("absent");
  for (const std::string& key : keys) (void)map.Erase(key);
  EXPECT_EQ(HeapCalls(), before);
  EXPECT_EQ(found, 10'000u);
}

TEST(HmapAllocations, SnapshotsMakeOneInSixteen) {
  Hmap map = Hmap::Create({.seed = 1}).value();
  std::vector<Snapshot> snapshots;
  snapshots.reserve(1'600);
  const std::uint64_t before = HeapCalls();
  for (int i = 0; i < 1'600; ++i) snapshots.push_back(map.TakeSnapshot(1, 0).value());
  EXPECT_LE(HeapCalls() - before, 100u);
  snapshots.clear();
  const std::uint64_t again = HeapCalls();
  for (int i = 0; i < 1'600; ++i) snapshots.push_back(map.TakeSnapshot(1, 0).value());
  EXPECT_EQ(HeapCalls(), again) << "released ones are used again";
}

// The counter behind the benchmark's bytes an entry. A record has a word before its entry and up
// to seven bytes behind it; 1 KiB of page is for 104 entries, or 52 after a split.
TEST(HmapAllocations, AnEntryTakesItsBytesAndAtMostThirtyThreeMore) {
  constexpr std::uint64_t kKey = 30, kValue = 60;
  Hmap map = Hmap::Create({.seed = 1}).value();
  const std::string value(kValue, 'v');
  for (std::uint64_t entries = 1; entries <= 200'000; ++entries) {
    std::string key = std::to_string(entries);
    key.insert(0, kKey - key.size(), 'k');
    ASSERT_TRUE(map.Put(key, value).ok());
    if (entries < 1'000 || entries % 997 != 0) continue;
    const hmap::ArenaStats memory = map.memory();
    ASSERT_LE(memory.live_bytes(), entries * (kKey + kValue + 33)) << entries;
    ASSERT_LE(memory.used_bytes, memory.live_bytes() * 11 / 10 + 3 * hmap::Arena::kExtentBytes)
        << entries;
  }
}

// Calls that take heap memory, each on a map of its own.
enum class Call { kTakeSnapshot, kFork, kClear, kReserve };

Status CallOn(Call call, Hmap& map, const Snapshot& snapshot) {
  switch (call) {
    case Call::kTakeSnapshot:
      for (std::array<Snapshot, 16> kept; Snapshot & one : kept) {
        PORTOLAN_TRY(one, map.TakeSnapshot(2, 0));
      }
      return {};
    case Call::kFork:
      PORTOLAN_CHECK(map.Fork(snapshot));
      return {};
    case Call::kClear:
      return map.Clear();
    case Call::kReserve:
      return map.Reserve(10'000);
  }
  return {};
}

class OutOfHeap : public testing::TestWithParam<Call> {};

TEST_P(OutOfHeap, FailsTheCallAndChangesNothing) {
  std::uint64_t failed = 0;
  for (std::uint64_t granted = 0;; ++granted) {
    Hmap map = Hmap::Create({.seed = 1}).value();
    ASSERT_TRUE(map.Put("a", "1").ok());
    const Snapshot snapshot = map.TakeSnapshot(1, 0).value();
    ASSERT_TRUE(GetParam() != Call::kReserve || map.Erase("a").ok());
    const std::uint64_t size = map.size();
    std::optional<Status> made;
    bool met = false;
    {
      const HeapFault fault(granted, 1);
      made = CallOn(GetParam(), map, snapshot);
      met = fault.met();
    }
    ASSERT_TRUE(map.lineage().Validate().ok());
    if (!met) break;
    ++failed;
    ASSERT_FALSE(made->ok());
    EXPECT_EQ(made->error().code, ErrorCode::kExhausted);
    EXPECT_EQ(map.size(), size);
    EXPECT_EQ(snapshot.Find("a"), "1");
    ASSERT_TRUE(CallOn(GetParam(), map, snapshot).ok()) << "there is memory again";
    ASSERT_TRUE(map.Put("b", "2").ok());
    ASSERT_TRUE(map.lineage().Validate().ok());
  }
  EXPECT_GT(failed, 0u);
}

INSTANTIATE_TEST_SUITE_P(Calls, OutOfHeap,
                         testing::Values(Call::kTakeSnapshot, Call::kFork, Call::kClear,
                                         Call::kReserve));

std::uint64_t AddressSpacePages() {
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages;
}

TEST(HmapAllocations, AMapIsMadeWholeOrNotAtAll) {
  std::uint64_t failed = 0;
  const std::uint64_t before = AddressSpacePages();
  for (std::uint64_t granted = 0;; ++granted) {
    const HeapFault fault(granted, 1);
    try {
      const bool made = Hmap::Create({.seed = 1}).ok();
      if (!fault.met()) break;
      EXPECT_FALSE(made);
    } catch (const std::bad_alloc&) {
    }
    ++failed;
  }
  EXPECT_GE(failed, 3u) << "the arena, the lineage, the branch";
  EXPECT_LT(AddressSpacePages(), before + (std::uint64_t{1} << 29) / 4'096) << "of 1 GiB each";
}

}  // namespace
}  // namespace portolan::mapcore
