#include "mapcore/hmap/diff.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>

#include "mapcore/base/random.h"
#include "mapcore/hmap.h"
#include "tests/mapcore/hash_keys.h"

namespace portolan::mapcore::hmap {
namespace {

using Sides = std::pair<std::optional<std::string>, std::optional<std::string>>;
using Changes = std::map<std::string, Sides>;

Changes ChangesOf(const Snapshot& before, const Snapshot& after) {
  Changes changes;
  const auto value = [](const Record* record) {
    return record == nullptr ? std::nullopt : std::optional(std::string(record->value()));
  };
  for (const RecordChange& change : Diff(before, after).changes) {
    const Record* any = change.before != nullptr ? change.before : change.after;
    EXPECT_TRUE(
        changes.emplace(any->key(), Sides{value(change.before), value(change.after)}).second);
  }
  return changes;
}

Changes Reversed(const Changes& changes) {
  Changes reversed;
  for (const auto& [key, sides] : changes) reversed[key] = {sides.second, sides.first};
  return reversed;
}

Changes ByComparing(const Snapshot& before, const Snapshot& after) {
  Changes changes;
  before.ForEach([&](const Record& record) {
    const auto other = after.Find(record.key());
    if (other != record.value())
      changes[std::string(record.key())] = {
          std::string(record.value()), other ? std::optional(std::string(*other)) : std::nullopt};
  });
  after.ForEach([&](const Record& record) {
    if (!before.Find(record.key()))
      changes[std::string(record.key())] = {std::nullopt, std::string(record.value())};
  });
  return changes;
}

Hmap MapToCompare(int entries) {
  Hmap map = Hmap::Create({.seed = 5}).value();
  for (int i = 0; i < entries; ++i)
    EXPECT_TRUE(map.Put("key/" + std::to_string(i), std::to_string(i)).ok());
  return map;
}

TEST(Diff, NamesWhatWasAddedRemovedAndChanged) {
  Hmap map = MapToCompare(1'000);
  const Snapshot before = map.TakeSnapshot(1, 0).value();
  ASSERT_TRUE(map.Put("new", "n").ok());
  ASSERT_TRUE(map.Put("key/3", "changed").ok());
  ASSERT_TRUE(map.Put("key/4", "4").ok());
  ASSERT_TRUE(map.Erase("key/5").ok());
  const Snapshot after = map.TakeSnapshot(2, 0).value();
  EXPECT_EQ(ChangesOf(before, after), (Changes{{"key/3", {"3", "changed"}},
                                               {"key/5", {"5", std::nullopt}},
                                               {"new", {std::nullopt, "n"}}}));
}

TEST(Diff, ReadsOnlyPagesThatWereCopied) {
  Hmap map = MapToCompare(50'000);
  const Snapshot before = map.TakeSnapshot(1, 0).value();
  EXPECT_EQ(Diff(before, before).pages_read, 0u);
  const std::uint64_t pages = map.memory().page_bytes;
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(map.Put("key/" + std::to_string(i), "x").ok());
  const std::uint64_t copied = (map.memory().page_bytes - pages) / Arena::kPageBytes;
  const Snapshot after = map.TakeSnapshot(2, 0).value();
  const DiffResult result = Diff(before, after);
  EXPECT_EQ(result.changes.size(), 30u);
  EXPECT_EQ(result.pages_read, 2 * copied);
}

TEST(Diff, ReadsOfAPageAndItsCopyOnlyWhatWasWritten) {
  Hmap map = MapToCompare(50'000);
  const Snapshot before = map.TakeSnapshot(1, 0).value();
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(map.Put("key/" + std::to_string(i), "x").ok());
  const Snapshot after = map.TakeSnapshot(2, 0).value();
  for (const DiffResult& result : {Diff(before, after), Diff(after, before)}) {
    EXPECT_EQ(result.changes.size(), 30u);
    EXPECT_GE(result.buckets_read, 4u);
    EXPECT_LE(result.buckets_read, 4 * result.changes.size()) << "two of each side for a change";
  }
  // A copy of a copy does not say what differs from the first.
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(map.Put("key/" + std::to_string(i), "y").ok());
  const Snapshot later = map.TakeSnapshot(3, 0).value();
  EXPECT_EQ(ChangesOf(before, later), ByComparing(before, later));
  EXPECT_EQ(Diff(before, later).buckets_read, Page::kBuckets * Diff(before, later).pages_read);
}

// The page that a copy was made of is freed, and the next copy, of this one, takes its place: it
// has the name that the first copy keeps as its origin's, and is not its origin.
TEST(Diff, DoesNotTakeThePlaceOfAFreedOriginForTheOrigin) {
  constexpr int kEntries = 40;
  Hmap map = MapToCompare(kEntries);
  ASSERT_EQ(map.debug().count, static_cast<std::uint64_t>(kEntries));
  int taken = 0;
  for (int i = 0; i < kEntries; ++i)
    for (int j = 0; j < kEntries; ++j) {
      const std::string tag = std::to_string(i * kEntries + j);
      Snapshot first = map.TakeSnapshot(1, 0).value();
      const void* origin = FindPage(*first.contents().top, 0);
      ASSERT_TRUE(map.Put("key/" + std::to_string(i), "i" + tag).ok());
      first = {};
      const Snapshot second = map.TakeSnapshot(2, 0).value();
      ASSERT_TRUE(map.Put("key/" + std::to_string(j), "j" + tag).ok());
      const Snapshot third = map.TakeSnapshot(3, 0).value();
      taken += FindPage(*third.contents().top, 0) == origin;
      ASSERT_EQ(ChangesOf(second, third), ByComparing(second, third));
      ASSERT_EQ(ChangesOf(third, second), ByComparing(third, second));
    }
  EXPECT_GT(taken, 0) << "the case did not come up";
}

// Folding keeps a page and gives it more hashes. Abandoned, it has them in the old table again.
TEST(Diff, SeesWhatIsGoneFromBesideAPageThatWasFolded) {
  Hmap map = Hmap::Create({.seed = 1, .hash = KeyIsHash}).value();
  ASSERT_TRUE(map.Reserve(60 * 64 * 64).ok());  // 64 chunks
  const std::string gone = KeyOf(std::uint64_t{1} << 58);
  ASSERT_TRUE(map.Put(gone, "v").ok());
  ASSERT_TRUE(map.Put(KeyOf(std::uint64_t{50} << 58), "v").ok());
  const Snapshot before = map.TakeSnapshot(1, 0).value();
  ASSERT_TRUE(map.StartReseed().ok());
  while (map.debug().phase != RelocationPhase::kCommit) map.ContinueReseed();
  map.ContinueReseed();
  ASSERT_TRUE(map.AbandonReseed().ok());
  ASSERT_TRUE(*map.Erase(gone));
  while (map.ContinueReseed()) {
  }
  const Snapshot after = map.TakeSnapshot(2, 0).value();
  EXPECT_EQ(ChangesOf(before, after), ByComparing(before, after));
  EXPECT_EQ(ChangesOf(after, before).size(), 1u);
}

TEST(Diff, EqualsAComparisonEntryByEntryAcrossRelocationsSplitsMergesForksAndClear) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Hmap map = MapToCompare(static_cast<int>(random.Below(3'000)));
    std::vector<Snapshot> snapshots{map.TakeSnapshot(0, 0).value()};
    for (int round = 0; round < 6; ++round) {
      const int shift = static_cast<int>(random.Below(2'000));
      const bool erasing = random.Below(2) == 0;
      for (std::uint64_t i = random.Below(2'000); i > 0; --i) {
        const std::string key =
            "key/" + std::to_string(shift + static_cast<int>(random.Below(2'000)));
        ASSERT_TRUE(
            (erasing ? map.Erase(key) : map.Put(key, std::to_string(random.Below(3)))).ok());
      }
      if (random.Below(4) == 0) map.Promote(map.Fork(snapshots.back()).value());
      if (random.Below(8) == 0) {
        ASSERT_TRUE(map.Clear().ok());
      }
      if (random.Below(3) == 0) (void)map.StartReseed();  // kConflict when one is under way
      for (std::uint64_t i = random.Below(600); i > 0 && map.ContinueReseed(); --i) {
      }
      if (random.Below(3) == 0) {
        ASSERT_TRUE(map.AbandonReseed().ok());
      }
      for (std::uint64_t i = random.Below(600); i > 0 && map.ContinueReseed(); --i) {
      }
      snapshots.push_back(map.TakeSnapshot(round, 0).value());
    }
    for (const Snapshot& a : snapshots)
      for (const Snapshot& b : snapshots) {
        const Changes changes = ChangesOf(a, b);
        ASSERT_EQ(changes, ByComparing(a, b));
        ASSERT_EQ(Reversed(changes), ChangesOf(b, a));
      }
  }
}

TEST(Diff, AfterAReseedComparesByKey) {
  Hmap map = MapToCompare(1'000);
  const Snapshot before = map.TakeSnapshot(1, 0).value();
  ASSERT_TRUE(map.StartReseed().ok());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(map.Put("key/" + std::to_string(i), "x").ok());
  const Snapshot between = map.TakeSnapshot(2, 0).value();
  while (map.ContinueReseed()) {
  }
  const Snapshot after = map.TakeSnapshot(3, 0).value();
  EXPECT_EQ(ChangesOf(before, between), ByComparing(before, between));
  EXPECT_EQ(ChangesOf(before, after), ByComparing(before, after));
  EXPECT_EQ(Diff(before, after).changes.size(), 3u);
  EXPECT_GE(Diff(before, after).pages_read, before.contents().pages)
      << "of all entries, and so said";
}

TEST(Diff, OfTwoStepsIsTheOneAfterTheOther) {
  Hmap map = MapToCompare(2'000);
  Random random(4);
  std::vector<Snapshot> versions{map.TakeSnapshot(0, 0).value()};
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 400; ++i) {
      const std::string key = "key/" + std::to_string(random.Below(2'500));
      const std::string value = std::to_string(random.Below(3));
      ASSERT_TRUE((random.Below(2) == 0 ? map.Erase(key) : map.Put(key, value)).ok());
    }
    versions.push_back(map.TakeSnapshot(round, 0).value());
  }
  Changes composed = ChangesOf(versions[0], versions[1]);
  for (const auto& [key, sides] : ChangesOf(versions[1], versions[2])) {
    const auto first = composed.emplace(key, sides).first;
    first->second.second = sides.second;
    if (first->second.first == first->second.second) composed.erase(first);
  }
  EXPECT_EQ(composed, ChangesOf(versions[0], versions[2]));
}

// All keys under one hash: what looks like an overwrite may be another key in the place of an
// erased one.
TEST(Diff, TellsAnOverwriteFromAnotherKeyInTheSamePlace) {
  HmapOptions options{.seed = 5};
  options.hash = [](std::string_view, std::uint64_t) -> std::uint64_t { return 7; };
  Hmap map = Hmap::Create(options).value();
  for (const char* key : {"a", "b", "c"}) ASSERT_TRUE(map.Put(key, "1").ok());
  const Snapshot before = map.TakeSnapshot(1, 0).value();
  ASSERT_TRUE(*map.Erase("a"));
  ASSERT_TRUE(*map.Put("d", "1"));
  const Snapshot between = map.TakeSnapshot(2, 0).value();
  ASSERT_TRUE(*map.Put("a", "2"));
  const Snapshot after = map.TakeSnapshot(3, 0).value();
  EXPECT_EQ(ChangesOf(before, between),
            (Changes{{"a", {"1", std::nullopt}}, {"d", {std::nullopt, "1"}}}));
  EXPECT_EQ(ChangesOf(before, after), (Changes{{"a", {"1", "2"}}, {"d", {std::nullopt, "1"}}}));
}

TEST(Diff, FindsTheDriftOfIndependentMapsByDigestWithoutReadingWhatIsEqual) {
  Hmap one = MapToCompare(50'000);
  Hmap two = Hmap::Create({.seed = 5}).value();
  for (int i = 49'999; i >= 0; --i)
    ASSERT_TRUE(two.Put("key/" + std::to_string(i), std::to_string(i)).ok());
  EXPECT_EQ(one.digest(), two.digest());
  EXPECT_EQ(Diff(one.TakeSnapshot(1, 0).value(), two.TakeSnapshot(1, 0).value()).pages_read, 0u);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(two.Put("key/" + std::to_string(i), "drifted").ok());
  for (int i = 10; i < 20; ++i) ASSERT_TRUE(*two.Erase("key/" + std::to_string(i)));
  for (int i = 20; i < 30; ++i) ASSERT_TRUE(*two.Put("new/" + std::to_string(i), "n"));
  EXPECT_NE(one.digest(), two.digest());
  const Snapshot desired = one.TakeSnapshot(2, 0).value();
  const Snapshot observed = two.TakeSnapshot(2, 0).value();
  EXPECT_EQ(ChangesOf(desired, observed), ByComparing(desired, observed));
  const DiffResult drift = Diff(desired, observed);
  EXPECT_EQ(drift.changes.size(), 30u);
  // A page of each side for a difference; twice that where the order of inserts split one more.
  EXPECT_LE(drift.pages_read, 4 * drift.changes.size());
}

TEST(Diff, OfIndependentMapsIsRightWhetherTheirDigestsAreKnownOrNot) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Hmap one = MapToCompare(static_cast<int>(random.Below(3'000)));
    Hmap two = MapToCompare(static_cast<int>(random.Below(3'000)));
    for (Hmap* map : {&one, &two})
      for (std::uint64_t i = random.Below(500); i > 0; --i) {
        if (i == 50 && random.Below(2) == 0) (void)map->digest();
        const std::string key = "key/" + std::to_string(random.Below(4'000));
        ASSERT_TRUE((random.Below(2) == 0 ? map->Erase(key) : map->Put(key, "v")).ok());
      }
    const Snapshot a = one.TakeSnapshot(1, 0).value();
    const Snapshot b = two.TakeSnapshot(1, 0).value();
    const Changes changes = ChangesOf(a, b);
    EXPECT_EQ(changes, ByComparing(a, b));
    EXPECT_EQ(Reversed(changes), ChangesOf(b, a));
  }
}

TEST(Diff, ComparesMapsOfDifferentSeedsByKey) {
  Hmap one = MapToCompare(500);
  Hmap two = Hmap::Create({.seed = 6}).value();
  for (int i = 0; i < 501; ++i)
    ASSERT_TRUE(two.Put("key/" + std::to_string(i), std::to_string(i)).ok());
  EXPECT_EQ(ChangesOf(one.TakeSnapshot(1, 0).value(), two.TakeSnapshot(1, 0).value()),
            (Changes{{"key/500", {std::nullopt, "500"}}}));
}

}  // namespace
}  // namespace portolan::mapcore::hmap
