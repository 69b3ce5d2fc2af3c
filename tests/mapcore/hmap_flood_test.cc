// A hundred thousand keys crafted for a map whose seed is known, which the map's own defence has to
// bear: what each write does is counted here; how long it takes, bench/mapcore measures.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>

#include "mapcore/hmap.h"
#include "tests/mapcore/flooded_keys.h"

namespace portolan::mapcore {
namespace {

constexpr std::uint64_t kFloodSeed = 42;
constexpr std::uint32_t kFlood = 100'000;

Hmap Filled(std::uint64_t entries) {
  Hmap map = Hmap::Create({.seed = kFloodSeed}).value();
  for (std::uint64_t i = 0; i < entries; ++i)
    EXPECT_TRUE(map.Put("key/" + std::to_string(i), "v").ok());
  return map;
}

std::uint32_t DeepestPage(const Hmap& map) {
  std::uint32_t deepest = 0;
  hmap::ForEachPage(*map.branch().head.top, [&](hmap::Page&, std::uint32_t depth, std::uint64_t) {
    deepest = std::max(deepest, depth);
  });
  return deepest;
}

TEST(HmapFlood, TheKeysHaveOneHashUnderTheirSeedAndManyUnderAnother) {
  std::set<std::uint64_t> known;
  std::set<std::uint64_t> other;
  for (std::uint32_t n = 0; n < 1'000; ++n) {
    known.insert(hmap::HashBytes(FloodKey(kFloodSeed, n), hmap::PrepareSeed(kFloodSeed)));
    other.insert(hmap::HashBytes(FloodKey(kFloodSeed, n), hmap::PrepareSeed(kFloodSeed + 1)));
  }
  EXPECT_EQ(known.size(), 1u);
  EXPECT_EQ(other.size(), 1'000u);
}

// The bound of a write: no write makes more than a dozen pages, no page is followed by more
// than two of overflow, and the relocation is over after less than two writes an entry.
TEST(HmapFlood, EachWriteIsBoundedAndTheKeysAreSpreadAgain) {
  for (const std::uint64_t before : {std::uint64_t{0}, std::uint64_t{50'000}}) {
    SCOPED_TRACE(before);
    Hmap map = Filled(before);
    std::uint64_t most_overflow = 0;
    std::uint64_t most_pages = 0;
    std::uint64_t began = 0;
    std::uint64_t ended = 0;
    for (std::uint32_t n = 0; n < kFlood; ++n) {
      const std::uint64_t pages = map.memory().page_bytes;
      ASSERT_TRUE(*map.Put(FloodKey(kFloodSeed, n), "v"));
      const std::uint64_t now = map.memory().page_bytes;
      if (now > pages) most_pages = std::max(most_pages, (now - pages) / sizeof(hmap::Page));
      const HmapDebug debug = map.debug();
      most_overflow = std::max(most_overflow, debug.noverflow);
      const bool relocating = (debug.flags & HmapDebug::kSameSizeGrow) != 0;
      if (relocating && began == 0) began = n + 1;
      if (!relocating && began != 0 && ended == 0) ended = n + 1;
    }
    EXPECT_GT(began, 0u);
    EXPECT_LE(began, 130u) << "a page and one of overflow are full by then";
    EXPECT_GT(ended, 0u);
    EXPECT_LE(ended - began, 2 * (before + began));
    EXPECT_LE(most_overflow, 16u * 2);
    EXPECT_LE(most_pages, 4u) << "one split, and the relocation's";
    const HmapDebug debug = map.debug();
    EXPECT_EQ(debug.noverflow, 0u);
    EXPECT_EQ(debug.oldbuckets, 0u);
    EXPECT_LE(debug.buckets / 16, map.size() / 40);
    EXPECT_LE(DeepestPage(map), debug.B - 4 + 3) << "pages three levels below an even fill";
    for (std::uint32_t n = 0; n < kFlood; n += 7)
      ASSERT_TRUE(map.Contains(FloodKey(kFloodSeed, n)));
    for (std::uint64_t i = 0; i < before; i += 7)
      ASSERT_TRUE(map.Contains("key/" + std::to_string(i)));
    const Status status = map.lineage().Validate();
    EXPECT_TRUE(status.ok()) << status.error().message;
  }
}

// PORTOLAN_FLOOD of them. That no page ever overflowed is seen by no relocation having begun.
TEST(HmapFlood, KeysCraftedForAnotherSeedDoNothing) {
  const char* text = std::getenv("PORTOLAN_FLOOD");
  const std::uint32_t flood =
      text == nullptr ? kFlood : static_cast<std::uint32_t>(std::atol(text));
  Hmap map = Hmap::Create({.seed = kFloodSeed + 7}).value();
  for (std::uint32_t n = 0; n < flood; ++n) ASSERT_TRUE(*map.Put(FloodKey(kFloodSeed, n), "v"));
  const HmapDebug debug = map.debug();
  EXPECT_EQ(debug.noverflow, 0u);
  EXPECT_EQ(debug.flags, 0u);
  EXPECT_EQ(debug.hash0, kFloodSeed + 7) << "and nothing was reseeded";
  EXPECT_LE(debug.buckets / 16, map.size() / 40);
  EXPECT_LE(DeepestPage(map), debug.B - 4 + 3) << "pages three levels below an even fill";
}

}  // namespace
}  // namespace portolan::mapcore
