#include "mapcore/hmap.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "mapcore/base/random.h"

namespace portolan::mapcore {
namespace {

Hmap Make(std::optional<std::uint64_t> seed = 1) {
  return Hmap::Create({.seed = seed}).value();
}

std::string Key(int i) {
  return "ns/" + std::to_string(i % 97) + "/svc-" + std::to_string(i) + "/eu";
}

void Fill(Hmap& map, int begin, int end) {
  for (int i = begin; i < end; ++i) ASSERT_TRUE(map.Put(Key(i), std::to_string(i)).ok());
}

void ExpectSound(const Hmap& map) {
  const Status status = map.lineage().Validate();
  EXPECT_TRUE(status.ok()) << status.error().message;
}

TEST(Hmap, HoldsAnEmptyKeyAndAnEmptyValue) {
  Hmap map = Make();
  EXPECT_EQ(map.Find(""), std::nullopt);
  EXPECT_TRUE(*map.Put("", "value"));
  EXPECT_TRUE(*map.Put("key", ""));
  EXPECT_EQ(map.Find(""), "value");
  EXPECT_EQ(map.Find("key"), "");
  EXPECT_TRUE(*map.Erase(""));
  EXPECT_EQ(map.Find(""), std::nullopt);
}

TEST(Hmap, HoldsKeysAndValuesOfEverySize) {
  Hmap map = Make();
  std::size_t number = 0;
  for (const std::size_t size :
       {1, 127, 128, 129, 504, 505, 512, 4'096, 65'533, 65'534, 65'535, 65'536, 8 << 20}) {
    const std::string bytes(size, static_cast<char>('a' + number++));
    ASSERT_TRUE(*map.Put(bytes, "short"));
    ASSERT_TRUE(*map.Put("value/" + std::to_string(size), bytes));
    ASSERT_FALSE(*map.Put(bytes, bytes));
    ASSERT_EQ(map.Find(bytes), bytes);
    ASSERT_EQ(map.Find("value/" + std::to_string(size)), bytes);
  }
  ExpectSound(map);
  EXPECT_EQ(map.Put(std::string(10, 'k'), std::string_view("", Hmap::kEntryBytesMax)).error().code,
            ErrorCode::kInvalid);
}

TEST(Hmap, FindsAKeyThatIsSpelledInAnyKindOfString) {
  Hmap map = Make();
  ASSERT_TRUE(map.Put("login", "1").ok());
  const char* literal = "login";
  EXPECT_EQ(map.Find(literal), "1");
  EXPECT_EQ(map.Find(std::string("login")), "1");
  EXPECT_EQ(map.Find(std::string_view("login/now", 5)), "1");
}

TEST(Hmap, InsertLeavesAPresentKeyAlone) {
  Hmap map = Make();
  EXPECT_TRUE(*map.Insert("a", "1"));
  EXPECT_FALSE(*map.Insert("a", "2"));
  EXPECT_EQ(map.Find("a"), "1");
}

TEST(Hmap, UpsertCallsItsFunctionOnceAlsoWhenThePageSplits) {
  Hmap map = Make();
  for (int i = 0; i < 1'000; ++i) {
    int calls = 0;
    ASSERT_TRUE(*map.Upsert(Key(i), [&](std::optional<std::string_view> now) {
      ++calls;
      EXPECT_EQ(now, std::nullopt);
      return std::string("1");
    }));
    ASSERT_EQ(calls, 1);
  }
  for (int i = 0; i < 1'000; ++i)
    ASSERT_FALSE(*map.Upsert(
        Key(i), [](std::optional<std::string_view> now) { return std::string(*now) + "+"; }));
  EXPECT_EQ(map.Find(Key(5)), "1+");
}

TEST(Hmap, IncrementAfterEraseStartsFromNothing) {
  Hmap map = Make();
  const auto increment = [](std::optional<std::string_view> now) {
    return std::to_string((now ? std::stoi(std::string(*now)) : 0) + 1);
  };
  ASSERT_TRUE(map.Upsert("n", increment).ok());
  ASSERT_TRUE(map.Upsert("n", increment).ok());
  EXPECT_EQ(map.Find("n"), "2");
  ASSERT_TRUE(*map.Erase("n"));
  ASSERT_TRUE(map.Upsert("n", increment).ok());
  EXPECT_EQ(map.Find("n"), "1");
  ASSERT_TRUE(map.Clear().ok());
  ASSERT_TRUE(map.Upsert("n", increment).ok());
  EXPECT_EQ(map.Find("n"), "1");
}

TEST(Hmap, TheBytesGivenMayChangeAfterwards) {
  Hmap map = Make();
  std::string key = "key";
  std::string value = "value";
  ASSERT_TRUE(map.Put(key, value).ok());
  key[0] = value[0] = 'X';
  EXPECT_EQ(map.Find("key"), "value");
}

// The map holds one of each pair of keys at a time: its size stays while its contents change.
// PORTOLAN_CHURN sets how many operations; a tenth of them comes before it settles.
TEST(Hmap, KeysAndValuesMayBeTheMapsOwn) {
  Hmap map = Make();
  for (int i = 0; i < 2'000; ++i) {
    ASSERT_TRUE(map.Put("a", "value " + std::to_string(i)).ok());
    ASSERT_FALSE(*map.Put("a", *map.Find("a")));
    ASSERT_EQ(map.Find("a"), "value " + std::to_string(i));
    ASSERT_TRUE(*map.Put("copy", *map.Find("a")));
    ASSERT_TRUE(*map.Put(*map.Find("copy"), "key"));
    ASSERT_EQ(map.Find("value " + std::to_string(i)), "key");
    ASSERT_TRUE(*map.Erase(*map.Find("copy")));
    ASSERT_TRUE(*map.Erase(map.FindRecord("copy")->key()));
  }
  EXPECT_EQ(map.size(), 1u);
  ExpectSound(map);
}

TEST(Hmap, AssignedToItselfItStaysWhatItIs) {
  Hmap map = Make();
  Fill(map, 0, 100);
  Hmap& same = map;
  map = std::move(same);
  EXPECT_EQ(map.size(), 100u);
  EXPECT_EQ(map.Find(Key(7)), "7");
  ExpectSound(map);
}

TEST(Hmap, PagesStayWhereChurnKeepsTheSize) {
  constexpr int kPairs = 5'000;
  const char* text = std::getenv("PORTOLAN_CHURN");
  const long operations = text == nullptr ? 400'000 : std::atol(text);
  Hmap map = Make();
  std::vector<std::string> keys;
  for (int i = 0; i < 2 * kPairs; ++i) keys.push_back(Key(i));
  Fill(map, 0, kPairs);
  Random random(1);
  std::vector<char> second(kPairs);
  const auto churn = [&](long count) {
    for (long i = 0; i < count; i += 2) {
      const std::size_t pair = random.Below(kPairs);
      ASSERT_TRUE(*map.Erase(keys[pair + (second[pair] != 0 ? kPairs : 0)]));
      second[pair] ^= 1;
      ASSERT_TRUE(*map.Put(keys[pair + (second[pair] != 0 ? kPairs : 0)], "again"));
    }
  };
  churn(operations / 10);
  const std::uint64_t pages = map.debug().buckets;
  const std::uint64_t bytes = map.memory().used_bytes;
  churn(operations - operations / 10);
  EXPECT_EQ(map.size(), static_cast<std::uint64_t>(kPairs));
  // Neighbours merge at 40 entries together and split at 105: they drift apart, and not on and on.
  EXPECT_LE(map.debug().buckets, pages + pages / 2);
  EXPECT_LE(map.memory().used_bytes, bytes + hmap::Arena::kExtentBytes);
  ExpectSound(map);
}

TEST(Hmap, ReserveMakesAFillSplitNothing) {
  Hmap map = Make();
  ASSERT_TRUE(map.Reserve(50'000).ok());
  const std::uint64_t buckets = map.debug().buckets;
  EXPECT_GE(buckets * 13 / 2, 50'000u);
  Fill(map, 0, 50'000);
  EXPECT_EQ(map.debug().buckets, buckets);
  ExpectSound(map);
}

TEST(Hmap, AnotherThreadBacksItsMemoryBesideTheWriter) {
  constexpr std::size_t kBytes = std::size_t{4} << 20;
  Hmap map = Make();
  std::thread ahead([&] {
    for (int i = 0; i < 20; ++i) map.Populate(kBytes);
  });
  Fill(map, 0, 5'000);
  ahead.join();
  ExpectSound(map);
  unsigned char resident[kBytes / 4096];
  ASSERT_EQ(mincore(const_cast<char*>(map.lineage().base()), kBytes, resident), 0);
  for (const unsigned char page : resident) ASSERT_TRUE(page & 1);
}

TEST(Hmap, BucketsForAHint) {
  struct Case {
    std::int64_t hint;
    std::uint64_t buckets;
  };
  for (const Case& c : {Case{-1, 16},
                        {INT64_MIN, 16},
                        {0, 16},
                        {1, 16},
                        {13, 16},
                        {60, 16},
                        {61, 32},
                        {104, 32},
                        {105, 32},
                        {120, 32},
                        {121, 64},
                        {1'000, 512}}) {
    Hmap map = Make();
    ASSERT_TRUE(map.Reserve(c.hint).ok());
    EXPECT_EQ(map.debug().buckets, c.buckets) << c.hint;
    EXPECT_EQ(map.size(), 0u);
    ExpectSound(map);
  }
}

TEST(Hmap, ABogusHintIsClampedAndFailsCleanlyWhereMemoryIsShort) {
  HmapOptions options;
  options.memory.reserve_bytes = 4 << 20;
  Hmap map = Hmap::Create(options).value();
  ASSERT_TRUE(map.Put("a", "1").ok());
  ASSERT_TRUE(*map.Erase("a"));
  EXPECT_EQ(map.Reserve(INT64_MAX).error().code, ErrorCode::kExhausted);
  EXPECT_TRUE(map.Put("a", "1").ok());
  ExpectSound(map);
}

TEST(Hmap, ClearKeepsMemoryAndDrawsAnotherSeed) {
  Hmap map = Make(std::nullopt);
  Fill(map, 0, 10'000);
  const Snapshot snapshot = map.TakeSnapshot(1, 0).value();
  const std::uint64_t seed = map.debug().hash0;
  ASSERT_TRUE(map.Clear().ok());
  EXPECT_EQ(map.size(), 0u);
  EXPECT_EQ(map.digest(), 0u);
  EXPECT_EQ(map.Find(Key(1)), std::nullopt);
  EXPECT_EQ(snapshot.Find(Key(1)), "1");
  EXPECT_NE(map.debug().hash0, seed);
  ExpectSound(map);
}

TEST(Hmap, SwapsMovesAndAssignsWithSnapshotsAlive) {
  Hmap one = Make();
  Hmap two = Make();
  Fill(one, 0, 100);
  const Snapshot snapshot = one.TakeSnapshot(1, 0).value();
  std::swap(one, two);
  EXPECT_EQ(one.size(), 0u);
  EXPECT_EQ(two.size(), 100u);
  two = std::move(one);
  EXPECT_EQ(two.size(), 0u);
  EXPECT_EQ(snapshot.Find(Key(7)), "7");
  one = Make();
  EXPECT_TRUE(*one.Put("usable", "again"));
}

TEST(Hmap, DigestIsOfTheContentsNotOfTheirHistory) {
  Hmap one = Make();
  Hmap two = Make();
  Fill(one, 0, 1'000);
  for (int i = 999; i >= 0; --i) ASSERT_TRUE(two.Put(Key(i), "other").ok());
  ASSERT_TRUE(two.Put("extra", "x").ok());
  EXPECT_NE(one.digest(), two.digest());
  Fill(two, 0, 1'000);
  EXPECT_NE(one.digest(), two.digest());
  ASSERT_TRUE(*two.Erase("extra"));
  EXPECT_EQ(one.digest(), two.digest());
  EXPECT_EQ(two.TakeSnapshot(1, 0)->digest(), one.digest());
}

TEST(Hmap, DebugCountsInTheWordsOfTheGoRuntime) {
  Hmap map = Make(77);
  EXPECT_EQ(map.debug().hash0, 77u);
  EXPECT_EQ(map.debug().count, 0u);
  EXPECT_EQ(map.debug().B, 4u);
  Fill(map, 0, 1'000);
  EXPECT_EQ(map.debug().count, 1'000u);
  EXPECT_GE(map.debug().B, 8u);
  EXPECT_EQ(map.debug().flags, 0u);
  EXPECT_EQ(map.debug().oldbuckets, 0u);
  EXPECT_NE(Make(std::nullopt).debug().hash0, Make(std::nullopt).debug().hash0);
}

TEST(Hmap, CopyingAMapInItsOwnOrderIsNotQuadratic) {
  Hmap from = Make();
  Fill(from, 0, 50'000);
  Hmap to = Make();
  from.TakeSnapshot(1, 0)->ForEach([&](const hmap::Record& record) {
    ASSERT_TRUE(to.Put(record.key(), record.value()).ok());
    ASSERT_LE(to.debug().buckets, 16 * (to.size() / 20 + 64)) << "pages split in vain";
  });
  EXPECT_EQ(to.digest(), from.digest());
  EXPECT_EQ(to.debug().noverflow, 0u);
}

TEST(Snapshot, IsFrozenUnderTenThousandOverwrites) {
  Hmap map = Make();
  Fill(map, 0, 500);
  const Snapshot snapshot = map.TakeSnapshot(42, 1'700'000'000'000).value();
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(map.Put(Key(i % 500), std::to_string(-i)).ok());
  for (int i = 0; i < 500; ++i) ASSERT_EQ(snapshot.Find(Key(i)), std::to_string(i));
  EXPECT_EQ(snapshot.version(), 42u);
  EXPECT_EQ(snapshot.timestamp_ms(), 1'700'000'000'000);
  EXPECT_EQ(snapshot.size(), 500u);
}

TEST(Hmap, AForkOfAForkIsOnItsOwn) {
  Hmap map = Make();
  Fill(map, 0, 300);
  Hmap fork = map.Fork(map.TakeSnapshot(1, 0).value()).value();
  ASSERT_TRUE(fork.Put(Key(1), "fork").ok());
  Hmap deeper = fork.Fork(fork.TakeSnapshot(2, 0).value()).value();
  ASSERT_TRUE(deeper.Put(Key(1), "deeper").ok());
  ASSERT_TRUE(*deeper.Erase(Key(2)));
  EXPECT_EQ(map.Find(Key(1)), "1");
  EXPECT_EQ(fork.Find(Key(1)), "fork");
  EXPECT_EQ(fork.Find(Key(2)), "2");
  EXPECT_EQ(deeper.Find(Key(1)), "deeper");
  ExpectSound(map);
  Hmap stranger = Make();
  EXPECT_EQ(stranger.Fork(map.TakeSnapshot(3, 0).value()).error().code, ErrorCode::kInvalid);
}

// Whatever allocation fails, the map holds what it held.
TEST(Hmap, AFailedAllocationAnywhereChangesNothing) {
  for (const bool shared : {false, true}) {
    Hmap map = Make();
    Fill(map, 0, 103);
    Snapshot snapshot;
    int failures = 0;
    for (int i = 0; i < 400; ++i) {
      if (shared && i % 3 == 0) snapshot = map.TakeSnapshot(i, 0).value();
      for (std::uint64_t n = 0;; ++n) {
        const std::uint64_t digest = map.digest();
        map.lineage().arena().FailFrom(n);
        const Result<bool> put = map.Put(Key(200 + i), "new");
        map.lineage().arena().FailNever();
        if (put.ok()) break;
        ++failures;
        ASSERT_EQ(put.error().code, ErrorCode::kExhausted);
        ASSERT_EQ(map.digest(), digest);
        ASSERT_EQ(map.Find(Key(200 + i)), std::nullopt);
        if (i % 40 == 0) ExpectSound(map);
      }
      for (std::uint64_t n = 0;; ++n) {
        map.lineage().arena().FailFrom(n);
        const Result<bool> erased = map.Erase(Key(i));
        map.lineage().arena().FailNever();
        if (erased.ok()) break;
        ++failures;
        if (i < 103) {
          ASSERT_EQ(map.Find(Key(i)), std::to_string(i));
        }
      }
    }
    EXPECT_GT(failures, shared ? 700 : 400);
    ExpectSound(map);
  }
}

// The calls that change more than a key: whatever allocation fails, contents and digest stay, and
// the same call succeeds afterwards.
TEST(Hmap, AFailedAllocationInAnyOtherChangeChangesNothing) {
  struct Change {
    const char* name;
    std::function<bool(Hmap&)> make;
  };
  const std::vector<Change> changes = {
      {"clear", [](Hmap& map) { return map.Clear().ok(); }},
      {"reseed", [](Hmap& map) { return map.StartReseed().ok(); }},
      {"abandon",
       [](Hmap& map) {
         (void)map.StartReseed();
         for (int i = 0; i < 3; ++i) (void)map.ContinueReseed();
         return map.debug().oldbuckets != 0 && map.AbandonReseed().ok();
       }},
      {"fork and write",
       [](Hmap& map) {
         auto snapshot = map.TakeSnapshot(1, 0);
         if (!snapshot.ok()) return false;
         auto fork = map.Fork(*snapshot);
         return fork.ok() && fork->Put(Key(3), "fork").ok() && fork->Erase(Key(4)).ok();
       }},
      {"upsert", [](Hmap& map) {
         return map.Upsert(Key(5), [](auto now) { return std::string(*now); }).ok() &&
                map.Insert(Key(900), "new").ok() && map.Erase(Key(900)).ok();
       }}};
  for (const Change& change : changes) {
    SCOPED_TRACE(change.name);
    int failures = 0;
    for (std::uint64_t n = 0;; ++n) {
      Hmap map = Make();
      Fill(map, 0, 300);
      const Snapshot snapshot = map.TakeSnapshot(1, 0).value();
      map.lineage().arena().FailFrom(n);
      const bool made = change.make(map);
      map.lineage().arena().FailNever();
      ExpectSound(map);
      if (made) break;
      ++failures;
      if (change.name != std::string_view("upsert")) {
        ASSERT_EQ(map.size(), 300u);
      }
      for (int i = 0; i < 300; ++i) {
        ASSERT_EQ(map.Find(Key(i)), std::to_string(i));
        ASSERT_EQ(snapshot.Find(Key(i)), std::to_string(i));
      }
      EXPECT_TRUE(change.make(map)) << "with memory it goes on";
      ExpectSound(map);
    }
    EXPECT_GE(failures, 2);
  }
  Hmap empty = Make();
  for (std::uint64_t n = 0; n < 100; n = 2 * n + 1) {
    empty.lineage().arena().FailFrom(n);
    EXPECT_EQ(empty.Reserve(20'000).error().code, ErrorCode::kExhausted);
    empty.lineage().arena().FailNever();
    EXPECT_EQ(empty.debug().buckets, 16u);
    ExpectSound(empty);
  }
}

TEST(HmapDeathTest, ASecondWriterIsFatal) {
  Hmap map = Make();
  EXPECT_DEATH((void)map.Upsert("a",
                                [&](std::optional<std::string_view>) {
                                  (void)map.Put("b", "1");
                                  return std::string("2");
                                }),
               "concurrent map writes");
}

TEST(HmapDeathTest, AWriterOfAForkBesideOneOfTheMapIsFatal) {
  Hmap map = Make();
  const Snapshot snapshot = map.TakeSnapshot(1, 0).value();
  Hmap fork = map.Fork(snapshot).value();
  EXPECT_DEATH((void)map.Upsert("a",
                                [&](std::optional<std::string_view>) {
                                  std::thread([&] { (void)fork.Put("b", "1"); }).join();
                                  return std::string("2");
                                }),
               "concurrent map writes");
}

TEST(Hmap, IsMarkedAsWrittenDuringAWriteAndNoLonger) {
  Hmap map = Make();
  std::uint32_t during = 0;
  ASSERT_TRUE(map.Upsert("a",
                         [&](std::optional<std::string_view>) {
                           during = map.debug().flags;
                           return std::string("1");
                         })
                  .ok());
  EXPECT_EQ(during & HmapDebug::kWriting, HmapDebug::kWriting);
  EXPECT_EQ(map.debug().flags & HmapDebug::kWriting, 0u);
}

TEST(HmapDeathTest, PromotingAMapThatIsNoForkIsFatal) {
  Hmap map = Make();
  Hmap stranger = Make();
  EXPECT_DEATH(map.Promote(std::move(stranger)), "promotion of a map that is no fork of this one");
}

TEST(HmapDeathTest, AReadBesideAWriteIsFatal) {
  Hmap map = Make();
  EXPECT_DEATH((void)map.Upsert("a",
                                [&](std::optional<std::string_view>) {
                                  std::thread([&] { (void)map.Find("b"); }).join();
                                  return std::string("2");
                                }),
               "concurrent map read and map write");
}

}  // namespace
}  // namespace portolan::mapcore
