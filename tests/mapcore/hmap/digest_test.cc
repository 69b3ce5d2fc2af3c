#include "mapcore/hmap/digest.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "mapcore/base/random.h"
#include "mapcore/hmap.h"

namespace portolan::mapcore::hmap {
namespace {

std::string DigestedKey(std::uint64_t i) {
  return "key/" + std::to_string(i);
}

Hmap MapToDigest(std::uint64_t entries) {
  Hmap map = Hmap::Create({.seed = 5}).value();
  for (std::uint64_t i = 0; i < entries; ++i)
    EXPECT_TRUE(map.Put(DigestedKey(i), std::to_string(i)).ok());
  return map;
}

// The definition, entry by entry.
std::uint64_t ByEntries(const Snapshot& snapshot) {
  std::uint64_t sum = 0;
  const Top& top = *snapshot.contents().top;
  snapshot.ForEach(
      [&](const Record& record) { sum += EntryDigest(top.HashOf(record.key()), record.value()); });
  return sum;
}

std::uint64_t PagesThatKnow(const Hmap& map) {
  std::uint64_t count = 0;
  ForEachPage(*map.branch().head.top,
              [&](Page& page, std::uint32_t, std::uint64_t) { count += page.digest_known(); });
  return count;
}

TEST(KeptDigest, CostsNothingBeforeItIsAskedForAndThenWhatWasWritten) {
  Hmap map = MapToDigest(20'000);
  EXPECT_EQ(PagesThatKnow(map), 0u);
  const std::uint64_t digest = map.digest();
  const std::uint64_t pages = map.debug().buckets / Page::kBuckets;
  EXPECT_EQ(PagesThatKnow(map), pages);
  for (std::uint64_t i = 0; i < 10; ++i) ASSERT_TRUE(map.Put(DigestedKey(i), "other").ok());
  EXPECT_GE(PagesThatKnow(map), pages - 10);
  EXPECT_LT(PagesThatKnow(map), pages);
  EXPECT_NE(map.digest(), digest);
  for (std::uint64_t i = 0; i < 10; ++i)
    ASSERT_TRUE(map.Put(DigestedKey(i), std::to_string(i)).ok());
  EXPECT_EQ(map.digest(), digest);
}

// Whatever was asked for when: snapshots of all ages, forks that began before the question.
TEST(KeptDigest, IsTheSumOfTheEntriesAtEveryTime) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    std::vector<Hmap> maps;
    maps.reserve(64);
    maps.push_back(MapToDigest(random.Below(2'000)));
    std::vector<Snapshot> snapshots{maps[0].TakeSnapshot(0, 0).value()};
    for (int round = 0; round < 40; ++round) {
      Hmap& map = maps[random.Below(maps.size())];
      for (std::uint64_t i = random.Below(200); i > 0; --i) {
        const std::string key = DigestedKey(random.Below(3'000));
        ASSERT_TRUE((random.Below(3) == 0 ? map.Erase(key) : map.Put(key, "v")).ok());
      }
      if (random.Below(3) == 0) (void)map.digest();
      if (random.Below(3) == 0) snapshots.push_back(map.TakeSnapshot(1, 0).value());
      if (random.Below(8) == 0)
        maps.push_back(map.Fork(snapshots[random.Below(snapshots.size())]).value());
      const Status status = map.lineage().Validate();
      ASSERT_TRUE(status.ok()) << status.error().message;
      const Snapshot now = map.TakeSnapshot(1, 0).value();
      ASSERT_EQ(map.digest(), ByEntries(now));
      ASSERT_EQ(now.digest(), ByEntries(now));
    }
    for (const Snapshot& snapshot : snapshots) {
      ASSERT_EQ(snapshot.digest(), ByEntries(snapshot));
      ASSERT_EQ(snapshot.digest(), ByEntries(snapshot)) << "when asked again";
    }
  }
}

// The fork began before anybody asked, shares pages that know their digests since, and comes to own
// them when all others are gone.
TEST(KeptDigest, IsForgottenByAForkThatComesToOwnPagesOfAMapThatWasAsked) {
  for (const bool promoted : {false, true}) {
    std::optional<Hmap> map = MapToDigest(300);
    Snapshot base = map->TakeSnapshot(1, 0).value();
    Hmap fork = map->Fork(base).value();
    (void)map->digest();
    if (promoted) {
      map->Promote(std::move(fork));
      base = {};
      map->Collect();
    }
    Hmap last = promoted ? std::move(*map) : std::move(fork);
    map.reset();
    base = {};
    last.Collect();
    ASSERT_TRUE(last.Put(DigestedKey(7), "other").ok());
    ASSERT_TRUE(*last.Put("new", "v"));
    ASSERT_TRUE(*last.Erase(DigestedKey(8)));
    EXPECT_EQ(last.digest(), ByEntries(last.TakeSnapshot(1, 0).value())) << promoted;
    const Status status = last.lineage().Validate();
    EXPECT_TRUE(status.ok()) << status.error().message;
  }
}

TEST(PageDigest, CountsTheEntriesOfOverflowPages) {
  HmapOptions options{.seed = 5};
  options.hash = [](std::string_view, std::uint64_t) -> std::uint64_t { return 7; };
  Hmap map = Hmap::Create(options).value();
  for (std::uint64_t i = 0; i < 300; ++i) ASSERT_TRUE(map.Insert(DigestedKey(i), "v").ok());
  while (map.ContinueReseed()) {
  }
  ASSERT_GT(map.debug().noverflow, 0u);
  const std::uint64_t digest = map.digest();
  ASSERT_TRUE(map.Put(DigestedKey(299), "other").ok());
  EXPECT_NE(map.digest(), digest);
  EXPECT_EQ(map.digest(), ByEntries(map.TakeSnapshot(1, 0).value()));
}

}  // namespace
}  // namespace portolan::mapcore::hmap
