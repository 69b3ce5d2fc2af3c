#include "mapcore/hmap/arena.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>
#include <utility>
#include <vector>

#include "mapcore/base/random.h"

namespace portolan::mapcore::hmap {
namespace {

std::unique_ptr<Arena> MakeArena(std::uint64_t limit_bytes = 0) {
  ArenaOptions options;
  options.reserve_bytes = std::uint64_t{64} << 20;
  options.limit_bytes = limit_bytes;
  return Arena::Create(options).value();
}

std::size_t RecordBytes(std::size_t value) {
  return Record::BytesFor(1, value);
}

Record* NewRecord(Arena& arena, std::size_t value_bytes) {
  void* memory = arena.AllocateRecord(RecordBytes(value_bytes));
  if (memory == nullptr) return nullptr;
  return Record::Make(memory, 1, "k", std::string(value_bytes, 'v'));
}

TEST(Arena, KeepsEveryBlockApartUnderRandomUse) {
  const std::uint64_t seed = 11;
  SCOPED_TRACE(seed);
  Random random(seed);
  const auto arena = MakeArena();
  std::vector<std::pair<Record*, std::string>> live;
  for (int step = 0; step < 30'000; ++step) {
    if (live.size() < 200 || random.Below(2) == 0) {
      std::size_t size = random.Below(200);
      if (random.Below(50) == 0) size = random.Below(200'000);
      std::string value(size, static_cast<char>('a' + random.Below(26)));
      void* memory = arena->AllocateRecord(RecordBytes(size));
      if (memory == nullptr) continue;
      live.emplace_back(Record::Make(memory, 1, "k", value), std::move(value));
    } else {
      const std::size_t at = random.Below(live.size());
      ASSERT_EQ(live[at].first->value(), live[at].second);
      arena->FreeRecord(live[at].first, live[at].first->bytes());
      live[at] = std::move(live.back());
      live.pop_back();
    }
    if (step % 1'000 == 0) {
      const Status status = arena->Validate();
      ASSERT_TRUE(status.ok()) << status.error().message;
    }
  }
  for (const auto& [record, value] : live) {
    ASSERT_EQ(record->value(), value);
    arena->FreeRecord(record, record->bytes());
  }
  EXPECT_EQ(arena->stats().live_bytes(), 0u);
}

TEST(Arena, AlignsPagesAndNodes) {
  const auto arena = MakeArena();
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(arena->AllocatePage()) % Arena::kPageBytes, 0u);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(arena->AllocateNode(576)) % 64, 0u);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(arena->AllocateNode(4'096 + 64)) % 64, 0u);
  }
}

TEST(Arena, GivesTheLastFreedBlockOfASizeFirst) {
  const auto arena = MakeArena();
  void* one = arena->AllocateRecord(64);
  void* two = arena->AllocateRecord(64);
  arena->FreeRecord(one, 64);
  arena->FreeRecord(two, 64);
  EXPECT_EQ(arena->AllocateRecord(64), two);
  EXPECT_EQ(arena->AllocateRecord(64), one);
}

TEST(Arena, StopsAtItsLimitAndGoesOnAfterAFree) {
  const auto arena = MakeArena(4 * Arena::kExtentBytes);
  std::vector<void*> pages;
  while (void* page = arena->AllocatePage()) pages.push_back(page);
  EXPECT_EQ(pages.size(), 4 * Arena::kExtentBytes / Arena::kPageBytes - 1);
  EXPECT_EQ(arena->AllocateRecord(64), nullptr);
  arena->FreePage(pages.back());
  EXPECT_EQ(arena->AllocatePage(), pages.back());
  EXPECT_EQ(arena->stats().used_bytes, 4 * Arena::kExtentBytes);
}

TEST(Arena, CutsALargerFreeBlockWhenNothingElseIsLeft) {
  const auto arena = MakeArena(1 * Arena::kExtentBytes);
  std::vector<Record*> records;
  while (Record* record = NewRecord(*arena, 8'000)) records.push_back(record);
  ASSERT_GT(records.size(), 3u);
  arena->FreeRecord(records[1], records[1]->bytes());
  int small = 0;
  while (NewRecord(*arena, 100) != nullptr) ++small;
  EXPECT_GT(small, 8'000 / 128);
  const Status status = arena->Validate();
  EXPECT_TRUE(status.ok()) << status.error().message;
}

TEST(Arena, GivesLargeBlocksBackAndUsesTheirPlaceAgain) {
  const auto arena = MakeArena();
  Record* large = NewRecord(*arena, 8 << 20);
  ASSERT_NE(large, nullptr);
  const std::uint64_t used = arena->stats().used_bytes;
  arena->FreeRecord(large, large->bytes());
  EXPECT_LT(arena->stats().used_bytes, used);
  EXPECT_EQ(NewRecord(*arena, 8 << 20), large);
}

// A seventh of the records left, in extents of which the first and the last cannot be marked.
std::vector<Record*> Sparse(Arena& arena) {
  std::vector<Record*> left;
  std::vector<Record*> records;
  for (int i = 0; i < 4'000; ++i) records.push_back(NewRecord(arena, 100));
  for (int i = 0; i < 4'000; ++i)
    if (i % 7 == 0)
      left.push_back(records[i]);
    else
      arena.FreeRecord(records[i], records[i]->bytes());
  return left;
}

std::uint32_t MarkAll(Arena& arena, std::uint32_t blocks) {
  std::uint32_t marked = 0;
  for (std::uint32_t i = 0; i < arena.extents(); ++i) {
    if (!arena.MarkIfSparse(i, 66)) continue;
    ++marked;
    while (!arena.Withdraw(i, blocks)) {
    }
  }
  return marked;
}

TEST(Arena, AMarkedExtentHandsOutNothingAndIsFreeOnceItIsEmpty) {
  const auto arena = MakeArena();
  const std::vector<Record*> left = Sparse(*arena);
  const std::uint32_t marked = MarkAll(*arena, 10);
  ASSERT_GT(marked, 3u);
  EXPECT_EQ(arena->marked(), marked);
  const std::uint64_t used = arena->stats().used_bytes;
  for (int i = 0; i < 500; ++i) ASSERT_FALSE(arena->Marked(arena->RefOf(NewRecord(*arena, 100))));
  Status status = arena->Validate();
  EXPECT_TRUE(status.ok()) << status.error().message;
  for (Record* record : left)
    if (arena->Marked(arena->RefOf(record))) arena->FreeRecord(record, record->bytes());
  EXPECT_EQ(arena->marked(), 0u);
  EXPECT_LE(arena->stats().used_bytes, used + Arena::kExtentBytes * (2 - marked));
  status = arena->Validate();
  EXPECT_TRUE(status.ok()) << status.error().message;
}

TEST(Arena, MarksNoExtentThatIsFullLargeOrBeingFilled) {
  const auto arena = MakeArena();
  for (int i = 0; i < 4'000; ++i) NewRecord(*arena, 100);
  ASSERT_NE(NewRecord(*arena, 200'000), nullptr);
  for (std::uint32_t i = 0; i < arena->extents(); ++i) EXPECT_FALSE(arena->MarkIfSparse(i, 66));
}

TEST(Arena, UsesWhatWasMarkedBeforeItFails) {
  const auto arena = MakeArena(8 * Arena::kExtentBytes);
  Sparse(*arena);
  while (NewRecord(*arena, 60'000 / 2 - 100) != nullptr) {
  }
  ASSERT_GT(MarkAll(*arena, 1), 3u);
  int fitted = 0;
  while (NewRecord(*arena, 100) != nullptr) ++fitted;
  EXPECT_GT(fitted, 1'000);
  EXPECT_EQ(arena->marked(), 0u);
  const Status status = arena->Validate();
  EXPECT_TRUE(status.ok()) << status.error().message;
}

TEST(Arena, ResumesInTheMiddleOfWithdrawing) {
  const auto arena = MakeArena();
  Sparse(*arena);
  std::uint32_t i = 0;
  while (!arena->MarkIfSparse(i, 66)) ++i;
  EXPECT_FALSE(arena->Withdraw(i, 20));
  EXPECT_TRUE(arena->ResumeAll());
  EXPECT_TRUE(arena->Withdraw(i, 20)) << "there is nothing to withdraw from";
  EXPECT_FALSE(arena->ResumeAll());
  const Status status = arena->Validate();
  EXPECT_TRUE(status.ok()) << status.error().message;
}

TEST(Arena, PopulatesAlsoTheEndsOfExtentsThatAreBeingFilled) {
  std::unique_ptr<Arena> arena = Arena::Create({.reserve_bytes = 8 << 20}).value();
  ASSERT_NE(arena->AllocateRecord(64), nullptr);
  ASSERT_NE(arena->AllocatePage(), nullptr);
  ASSERT_NE(arena->AllocateNode(64), nullptr);
  arena->Populate(1 << 20);
  constexpr std::size_t kPages = (3 * Arena::kExtentBytes + (1 << 20)) / 4096;
  unsigned char resident[kPages];
  ASSERT_EQ(mincore(const_cast<char*>(arena->base()), kPages * 4096, resident), 0);
  for (std::size_t i = 0; i < kPages; ++i) ASSERT_TRUE(resident[i] & 1) << "page " << i;
}

TEST(Arena, FailsFromTheChosenAllocationOn) {
  const auto arena = MakeArena();
  arena->FailFrom(2);
  EXPECT_NE(arena->AllocateRecord(64), nullptr);
  EXPECT_NE(arena->AllocatePage(), nullptr);
  EXPECT_EQ(arena->AllocateNode(64), nullptr);
  EXPECT_EQ(arena->AllocateRecord(64), nullptr);
  arena->FailNever();
  EXPECT_NE(arena->AllocateRecord(64), nullptr);
}

TEST(Arena, TakesLessAddressSpaceWhereItCannotHaveWhatWasAsked) {
  ArenaOptions options;
  options.reserve_bytes = UINT64_MAX / 4;
  const auto arena = Arena::Create(options).value();
  EXPECT_LE(arena->stats().reserved_bytes, Arena::kReserveMax);
  EXPECT_NE(arena->AllocatePage(), nullptr);
}

TEST(Arena, ALargeBlockGoesFromFreeExtentsAtTheEndIntoThoseNeverUsed) {
  const auto arena = MakeArena(1 << 20);
  Record* const first = NewRecord(*arena, 600'000);
  ASSERT_NE(first, nullptr);
  arena->FreeRecord(first, first->bytes());
  ASSERT_NE(NewRecord(*arena, 900'000), nullptr);
  EXPECT_TRUE(arena->Validate().ok());
}

TEST(Arena, ReservesAtMostWhatItCanName) {
  const auto arena = Arena::Create({.reserve_bytes = UINT64_MAX});
  if (!arena.ok()) GTEST_SKIP() << "the process may not have as much address space";
  EXPECT_GT((*arena)->stats().reserved_bytes, std::uint64_t{4} << 30);
  EXPECT_LE((*arena)->stats().reserved_bytes, Arena::kReserveMax);
}

}  // namespace
}  // namespace portolan::mapcore::hmap
