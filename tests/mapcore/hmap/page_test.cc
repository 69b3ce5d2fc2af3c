#include "mapcore/hmap/page.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <vector>

#include "mapcore/base/random.h"

namespace portolan::mapcore::hmap {
namespace {

HashParts PartsOf(std::uint32_t home, std::uint64_t rest = 0) {
  return HashParts(rest << 44 | std::uint64_t{0x80} << 4 | home);
}

std::uint32_t RefIn(const Page& page, HashParts parts) {
  const Slot slot = Probe(&page, parts, nullptr, [](std::uint32_t) { return true; });
  return slot.page == nullptr ? 0 : slot.ref();
}

TEST(Page, LayoutIsPinned) {
  EXPECT_EQ(sizeof(Page), 1024u);
  EXPECT_EQ(offsetof(Bucket, tops), 0u);
  EXPECT_EQ(offsetof(Bucket, ext), 8u);
  EXPECT_EQ(offsetof(Bucket, refs), 24u);
  EXPECT_EQ(offsetof(Bucket, link), 56u);
  EXPECT_EQ(Page::kFull, 104u);
}

TEST(HashParts, NeverGivesATopThatMarksASlot) {
  for (std::uint64_t top = 0; top < 256; ++top)
    EXPECT_GE(HashParts(top << 4).top, HashParts::kMinTop);
}

// Words with every pair of neighbouring tophashes, one of which is asked for.
TEST(CandidateSlots, NameEveryEqualTophashAndNothingBelowTheFirst) {
  for (std::uint32_t a = 0; a < 256; ++a)
    for (std::uint32_t b = 0; b < 256; ++b)
      for (const std::uint64_t rest : {std::uint64_t{0}, 0x0706 * kEachByte, ~std::uint64_t{0}}) {
        const std::uint64_t tops = (rest & ~0xffff000000u) | a << 24 | std::uint64_t{b} << 32;
        SlotBytes equal = 0;
        for (int i = 0; i < 8; ++i)
          if ((tops >> 8 * i & 0xff) == a) equal |= std::uint64_t{0x80} << 8 * i;
        const SlotBytes found = CandidateSlots(tops, static_cast<std::uint8_t>(a));
        ASSERT_EQ(found & equal, equal) << a << " " << b;
        ASSERT_EQ(FirstSlot(found), FirstSlot(equal)) << a << " " << b;
        for (SlotBytes more = found & ~equal; more != 0; more &= more - 1)
          ASSERT_EQ(tops >> 8 * FirstSlot(more) & 0xff, a ^ 1) << a << " " << b;
      }
}

TEST(UsedSlots, AreThoseWithATophash) {
  for (std::uint32_t mask = 0; mask < 256; ++mask)
    for (const std::uint64_t top :
         {std::uint64_t{1}, std::uint64_t{5}, std::uint64_t{0x80}, std::uint64_t{0xff}}) {
      std::uint64_t tops = 0;
      SlotBytes expected = 0;
      for (int i = 0; i < 8; ++i) {
        if ((mask >> i & 1) == 0) continue;
        tops |= top << 8 * i;
        expected |= std::uint64_t{0x80} << 8 * i;
      }
      ASSERT_EQ(UsedSlots(tops), expected) << mask << " " << top;
      ASSERT_EQ(UsedMask(tops), mask) << top;
    }
}

TEST(PlaceEntry, WrapsAroundThePageWhenAllHaveOneHome) {
  Page page;
  page.Clear(1);
  for (std::uint32_t i = 0; i < Page::kSlots; ++i)
    ASSERT_TRUE(PlaceEntry(page, PartsOf(13, i), i + 1)) << i;
  EXPECT_FALSE(PlaceEntry(page, PartsOf(13, 200), 200));
  EXPECT_FALSE(PlaceEntry(page, PartsOf(2, 200), 200));
  EXPECT_EQ(page.count(), Page::kSlots);
  for (std::uint32_t i = 0; i < Page::kSlots; ++i) EXPECT_EQ(RefIn(page, PartsOf(13, i)), i + 1);
  EXPECT_EQ(RefIn(page, PartsOf(13, 200)), 0u);
}

TEST(EmptySlot, LeavesNoTraceOnceEverythingIsErased) {
  Page page;
  page.Clear(1);
  for (std::uint32_t i = 0; i < 100; ++i) PlaceEntry(page, PartsOf(i % 3, i), i + 1);
  for (std::uint32_t i = 0; i < 100; ++i)
    EmptySlot(
        Probe(&page, PartsOf(i % 3, i), nullptr, [&](std::uint32_t ref) { return ref == i + 1; }));
  EXPECT_EQ(page.count(), 0u);
  for (std::uint32_t b = 0; b < Page::kBuckets; ++b) {
    EXPECT_EQ(page.buckets[b].tops, 0u);
    EXPECT_EQ(page.buckets[b].link, 0u) << "a counter stayed behind: misses would go on probing";
  }
}

TEST(Page, RemembersWhichBucketsWereWrittenBesideItsCount) {
  Page page;
  page.Clear(1);
  EXPECT_EQ(page.written(), 0u);
  PlaceEntry(page, PartsOf(5), 1);
  EXPECT_EQ(page.written(), 1u << 2);
  page.ForgetWritten();
  EXPECT_EQ(page.count(), 1u);
  EmptySlot(Probe(&page, PartsOf(5), nullptr, [](std::uint32_t) { return true; }));
  EXPECT_EQ(page.written(), 1u << 2) << "an entry that is gone is a difference as well";
  page.MarkWritten(15);
  EXPECT_EQ(page.written(), 1u << 2 | 1u << 7);
  page.set_count(Page::kSlots);
  EXPECT_EQ(page.count(), Page::kSlots);
  EXPECT_EQ(page.written(), 1u << 2 | 1u << 7);
}

// Nine of one home: the last is where there was room, and that is what was written.
TEST(Page, MarksTheBucketWhereAnEntryLiesAndNotItsHome) {
  Page page;
  page.Clear(1);
  for (std::uint32_t i = 0; i < 8; ++i) PlaceEntry(page, PartsOf(3, i), i + 1);
  page.ForgetWritten();
  PlaceEntry(page, PartsOf(3, 8), 9);
  EXPECT_EQ(page.written(), 1u << 2);
}

TEST(ForEachSlot, VisitsEveryEntryOnceAndMayEmptyIt) {
  Page page;
  page.Clear(1);
  for (std::uint32_t i = 0; i < 90; ++i) PlaceEntry(page, PartsOf(i % 16, i), i + 1);
  std::vector<int> seen(91);
  ForEachSlot(page, [&](Slot slot) {
    ++seen[slot.ref()];
    EmptySlot(slot);
  });
  for (std::uint32_t i = 1; i <= 90; ++i) EXPECT_EQ(seen[i], 1);
  EXPECT_EQ(page.count(), 0u);
}

TEST(GatherRefs, GivesWhatForEachSlotVisitsByShufflesAndWithout) {
  Random random(11);
  for (std::uint32_t entries = 0; entries <= Page::kSlots; ++entries) {
    Page page;
    page.Clear(1);
    for (std::uint32_t i = 0; i < entries; ++i)
      ASSERT_TRUE(PlaceEntry(page, HashParts(random.Next()), 1'000 + i));
    for (std::uint32_t i = 0; i < entries / 3; ++i) {
      const auto nth = static_cast<std::uint32_t>(random.Below(page.count()));
      std::uint32_t at = 0;
      ForEachSlot(page, [&](Slot slot) {
        if (at++ == nth) EmptySlot(slot);
      });
    }
    std::vector<std::uint32_t> expected;
    ForEachSlot(page, [&](Slot slot) { expected.push_back(slot.ref()); });
    std::uint32_t refs[Page::kSlots];
    std::uint32_t count = GatherRefs(page, refs);
    ASSERT_EQ(std::vector<std::uint32_t>(refs, refs + count), expected);
    count = GatherRefsPortably(page, refs);
    ASSERT_EQ(std::vector<std::uint32_t>(refs, refs + count), expected);
  }
}

TEST(SlotsWithExtBit, NamesTheSlotsWhoseHashHasTheBitThatASplitLooksAt) {
  Random random(5);
  for (std::uint32_t depth = 8; depth < 20; ++depth) {
    Bucket bucket{};
    std::uint32_t expected = 0;
    for (std::uint32_t i = 0; i < 8; ++i) {
      const std::uint64_t hash = random.Next();
      bucket.ext[i] = HashParts(hash).ext;
      expected |= static_cast<std::uint32_t>(hash >> (63 - depth) & 1) << i;
    }
    EXPECT_EQ(SlotsWithExtBit(bucket, 4 + 19 - depth), expected) << depth;
  }
}

// Pages of every fill, with entries away from home and slots of which entries are gone; `homes` of
// 1 has most entries displaced.
TEST(DealEntries, GivesEachEntryToItsSideAndLeavesBothPagesWhole) {
  Random random(17);
  for (const std::uint64_t homes : {std::uint64_t{16}, std::uint64_t{3}, std::uint64_t{1}})
    for (std::uint32_t entries = 0; entries <= Page::kSlots; entries += 4) {
      Page page;
      page.Clear(1);
      std::vector<HashParts> parts;
      for (std::uint32_t i = 0; i < entries; ++i) {
        parts.emplace_back((random.Next() & ~std::uint64_t{15}) | random.Below(homes));
        ASSERT_TRUE(PlaceEntry(page, parts[i], i + 1));
      }
      const auto at = [&](const Page& in, std::uint32_t i) {
        return Probe(&in, parts[i], nullptr, [&](std::uint32_t ref) { return ref == i + 1; });
      };
      for (std::uint32_t i = 0; i < entries; i += 5) EmptySlot(at(page, i));
      SlotSides sides;
      for (std::uint8_t& side : sides) side = static_cast<std::uint8_t>(random.Next());
      Page low, high;
      std::memset(static_cast<void*>(&low), 0xab, sizeof low);
      std::memset(static_cast<void*>(&high), 0xcd, sizeof high);
      DealEntries(page, sides, 7, low, high);
      ASSERT_EQ(low.count() + high.count(), page.count());
      for (Page* half : {&low, &high}) {
        ASSERT_EQ(half->birth(), 7u);
        ASSERT_EQ(half->origin(), 0u);
        ASSERT_EQ(half->overflow(), 0u);
        ASSERT_FALSE(half->digest_known());
      }
      for (std::uint32_t i = 0; i < entries; ++i) {
        const Slot was = at(page, i);
        const bool goes_high = was.page != nullptr && (sides[was.bucket] >> was.index & 1) != 0;
        ASSERT_EQ(at(high, i).page != nullptr, goes_high);
        ASSERT_EQ(at(low, i).page != nullptr, was.page != nullptr && !goes_high);
      }
      for (Page* half : {&low, &high}) {
        ForEachSlot(*half, [](Slot slot) { EmptySlot(slot); });
        ASSERT_EQ(half->count(), 0u);
        for (const Bucket& bucket : half->buckets) {
          ASSERT_EQ(bucket.link, 0u) << "a counter is off: misses would go on probing, or stop";
          for (const std::uint32_t ref : bucket.refs)
            ASSERT_EQ(ref, 0u) << "an entry that comes here would be seen before it is there";
        }
      }
    }
}

TEST(Page, OverflowIsMarkedInEveryBucketWithoutTouchingTheCounters) {
  Page page;
  page.Clear(1);
  for (std::uint32_t i = 0; i < 20; ++i) PlaceEntry(page, PartsOf(4, i), i + 1);
  const std::uint16_t passed = page.buckets[4].link;
  page.set_overflow(0x12345678);
  EXPECT_EQ(page.overflow(), 0x12345678u);
  EXPECT_EQ(page.buckets[4].link, passed | Bucket::kChained);
  EXPECT_EQ(page.buckets[9].link, Bucket::kChained);
  EXPECT_EQ(page.count(), 20u);
}

}  // namespace
}  // namespace portolan::mapcore::hmap
