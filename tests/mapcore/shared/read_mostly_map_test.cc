#include "mapcore/shared/read_mostly_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <new>
#include <string>
#include <thread>

#include "mapcore/base/random.h"
#include "tests/mapcore/heap.h"

namespace portolan::mapcore {
namespace {

std::string ReadKey(int i) {
  return "key/" + std::to_string(i);
}

class ReadMostly : public testing::Test {
 protected:
  Found Find(const std::string& key) {
    std::string value;
    return session_->Find(key, value);
  }
  const std::unique_ptr<ReadMostlyMap> map_ = ReadMostlyMap::Create({.seed = 1}).value();
  const std::unique_ptr<MapSession> session_ = map_->Open();
};

TEST_F(ReadMostly, PromotesWhenAsManyLookupsMissedAsKeysWereAdded) {
  const std::uint64_t before = map_->promotions();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(session_->Put(ReadKey(i), "v").ok());
  for (int i = 0; i < 9; ++i) EXPECT_EQ(Find(ReadKey(i)), Found::kHit);
  EXPECT_EQ(map_->promotions(), before);
  EXPECT_EQ(Find(ReadKey(9)), Found::kHit);
  EXPECT_EQ(map_->promotions(), before + 1);
  // Now all is in the read view: neither hits nor misses ask for another.
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Find(ReadKey(i)), i < 10 ? Found::kHit : Found::kMiss);
  EXPECT_EQ(map_->promotions(), before + 1);
}

TEST_F(ReadMostly, OverwritingKnownKeysNeedsNoPromotion) {
  ASSERT_TRUE(session_->Put("a", "1").ok());
  EXPECT_EQ(Find("a"), Found::kHit);
  const std::uint64_t before = map_->promotions();
  for (int i = 0; i < 5'000; ++i) {
    ASSERT_FALSE(*session_->Put("a", std::to_string(i)));
    ASSERT_EQ(Find("a"), Found::kHit);
  }
  EXPECT_EQ(map_->promotions(), before);
}

TEST_F(ReadMostly, SweepsErasedKeysAndTakesThemAgain) {
  for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(session_->Put(ReadKey(i), "v").ok());
  for (int i = 0; i < 1'000; ++i) ASSERT_EQ(Find(ReadKey(i)), Found::kHit);
  for (int i = 0; i < 900; ++i) ASSERT_TRUE(*session_->Erase(ReadKey(i)));
  EXPECT_GE(map_->sweeps(), 1u);
  EXPECT_EQ(map_->size(), 100u);
  for (int i = 0; i < 1'000; ++i)
    ASSERT_EQ(Find(ReadKey(i)), i < 900 ? Found::kMiss : Found::kHit) << i;
  for (int i = 0; i < 900; ++i) ASSERT_TRUE(*session_->Put(ReadKey(i), "again"));
  for (int i = 0; i < 1'000; ++i) ASSERT_EQ(Find(ReadKey(i)), Found::kHit) << i;
}

TEST_F(ReadMostly, ASessionThatLooksAtAnOldViewIsLedToDirty) {
  // The other session's erasing sweeps while this one has the view of before in no scope: both see
  // the same afterwards.
  const auto other = map_->Open();
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(*session_->Put(ReadKey(i), "v"));
    for (int i = 0; i < 200; ++i) ASSERT_EQ(Find(ReadKey(i)), Found::kHit);
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(*other->Erase(ReadKey(i)));
    for (int i = 0; i < 200; ++i) ASSERT_EQ(Find(ReadKey(i)), Found::kMiss);
  }
  EXPECT_EQ(map_->size(), 0u);
}

TEST(ReadMostlyMap, SaysWhenMemoryIsOutAndGoesOn) {
  const auto map = ReadMostlyMap::Create(
                       {.seed = 1, .memory = {.reserve_bytes = 2 << 20, .limit_bytes = 1 << 20}})
                       .value();
  const auto session = map->Open();
  int put = 0;
  while (session->Put(ReadKey(put), "v").ok()) ++put;
  EXPECT_GT(put, 100);
  std::string value;
  for (int i = 0; i < put; ++i) ASSERT_EQ(session->Find(ReadKey(i), value), Found::kHit);
  for (int i = 1; i < put; ++i) ASSERT_TRUE(*session->Erase(ReadKey(i)));
  EXPECT_FALSE(*session->Put(ReadKey(0), "new"));
  ASSERT_EQ(session->Find(ReadKey(0), value), Found::kHit);
  EXPECT_EQ(value, "new");
}

TEST(ReadMostlyMap, ItsLimitBoundsItsValuesTooAndARefusalChangesNothing) {
  constexpr std::uint64_t kLimit = 2 << 20;
  const auto map = ReadMostlyMap::Create({.seed = 1, .memory = {.limit_bytes = kLimit}}).value();
  const auto session = map->Open();
  const std::string large(60'000, 'v');
  int put = 0;
  Result<bool> refused = true;
  for (; put < 3'000; ++put)
    if (refused = session->Put(ReadKey(put), large); !refused.ok()) break;
  EXPECT_LE(put * large.size(), kLimit);
  EXPECT_GT(put * large.size(), kLimit / 2);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kExhausted);
  EXPECT_NE(refused.error().message.find("in a map of 2097152"), std::string::npos);
  EXPECT_EQ(map->size(), static_cast<std::uint64_t>(put));
  std::string value;
  EXPECT_EQ(session->Find(ReadKey(put), value), Found::kMiss);
  for (int i = 0; i < put; ++i) {
    ASSERT_EQ(session->Find(ReadKey(i), value), Found::kHit);
    ASSERT_TRUE(value == large);
  }
  // What is erased, replaced or swept is given back, however often.
  ASSERT_TRUE(*session->Erase(ReadKey(1)));
  for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(session->Put(ReadKey(0), large).ok()) << i;
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(session->Put("new/" + std::to_string(i), "v").ok()) << i;
    ASSERT_TRUE(*session->Erase("new/" + std::to_string(i))) << i;
  }
  for (int i = 0; i < put; ++i) ASSERT_TRUE(session->Erase(ReadKey(i)).ok());
  for (int i = 0; i < put - 1; ++i) ASSERT_TRUE(session->Put(ReadKey(i), large).ok()) << i;
}

TEST(ReadMostlyMap, KeysThatComeAndGoAtItsLimitLeaveRoomForOthers) {
  const auto map = ReadMostlyMap::Create({.seed = 1, .memory = {.limit_bytes = 1 << 20}}).value();
  const auto session = map->Open();
  const std::uint64_t seed = 7;
  Random random(seed);
  std::string value;
  std::uint64_t refused = 0;
  for (int i = 0; i < 60'000; ++i) {
    const std::string key = ReadKey(static_cast<int>(random.Below(40'000)));
    if (random.Below(4) == 0)
      ASSERT_TRUE(session->Erase(key).ok());
    else
      refused += !session->Put(key, "v").ok();
    (void)session->Find(key, value);
  }
  EXPECT_GT(refused, 0u);
  for (int i = 0; i < 40'000; ++i) ASSERT_TRUE(session->Erase(ReadKey(i)).ok());
  for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(session->Put("new/" + std::to_string(i), "v").ok());
}

TEST(ReadMostlyMap, NoMoreValuesWaitThanMay) {
  const auto map = ReadMostlyMap::Create({.seed = 1, .waiting_blocks_max = 8}).value();
  const auto session = map->Open();
  ASSERT_TRUE(session->Put("a", "0").ok());
  std::string value;
  ASSERT_EQ(session->Find("a", value), Found::kHit);
  std::uint64_t most = 0;
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_FALSE(*session->Put("a", std::to_string(i)));
    most = std::max(most, map->waiting().blocks);
  }
  EXPECT_GT(most, 1u);
  EXPECT_LE(most, 8u + 1u);  // the view before the promotion
}

TEST(ReadMostlyMap, CountsWhatWaitsForItsReaders) {
  const auto map = ReadMostlyMap::Create({.seed = 1}).value();
  const auto session = map->Open();
  ASSERT_TRUE(session->Put("a", std::string(100, 'v')).ok());
  const hmap::Lineage::Waiting before = map->waiting();
  ASSERT_TRUE(session->Put("a", "2").ok());
  EXPECT_EQ(map->waiting().blocks, before.blocks + 1);
  EXPECT_GE(map->waiting().bytes, before.bytes + 100);
}

TEST(ReadMostlyMap, FreesWhatIsReplacedOfKeysThatNobodyLooksUp) {
  const auto map = ReadMostlyMap::Create({.seed = 1}).value();
  const auto session = map->Open();
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(session->Put("overwritten", "value").ok());
  EXPECT_LE(map->waiting().blocks, 2'000u);
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(session->Put("erased", "value").ok());
    ASSERT_TRUE(*session->Erase("erased"));
  }
  EXPECT_LE(map->waiting().blocks, 2'000u);
  EXPECT_EQ(map->promotions(), 1u) << "nothing but the writes frees it";
}

std::string LongKey(int i) {
  std::string key = std::to_string(i);
  key.insert(0, 100 - key.size(), 'k');
  return key;
}

// Of a map of 1 MiB: as many as it takes.
int FillWithLongKeys(MapSession& session) {
  int filled = 0;
  while (session.Put(LongKey(filled), "v").ok()) ++filled;
  return filled;
}

TEST(ReadMostlyMap, TakesNewKeysWhereOthersWereErased) {
  const auto map = ReadMostlyMap::Create({.seed = 1, .memory = {.limit_bytes = 1 << 20}}).value();
  const auto session = map->Open();
  const int filled = FillWithLongKeys(*session);
  for (int i = 0; i < filled; ++i) ASSERT_TRUE(i % 5 >= 3 || *session->Erase(LongKey(i)));
  int more = 0;
  while (more < filled && session->Put(LongKey(filled + more), "v").ok()) ++more;
  EXPECT_GT(more, filled / 10);
  std::string value;
  for (int i = 0; i < filled + more; ++i)
    ASSERT_EQ(session->Find(LongKey(i), value) == Found::kHit, i >= filled || i % 5 >= 3) << i;
}

// A lookup of a key of the read view that stands still where it copies the value.
class StandingLookup {
 public:
  StandingLookup(ReadMostlyMap& map, const std::string& key)
      : thread_([this, &map, key] {
          const auto session = map.Open();
          std::string value;
          stop_.Arm();
          (void)session->Find(key, value);
        }) {
    stop_.Await();
  }
  ~StandingLookup() {
    stop_.LetGo();
    thread_.join();
  }

 private:
  HeapStop stop_;
  std::thread thread_;
};

// What it keeps makes sweeps fail; once it is gone the map takes keys again.
TEST(ReadMostlyMap, IsNotFullForEverOfWhatWasErasedWhileALookupStoodStill) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const auto map = ReadMostlyMap::Create({.seed = 1, .memory = {.limit_bytes = 1 << 20}}).value();
    const auto session = map->Open();
    Random random(seed);
    std::string value;
    ASSERT_TRUE(session->Put("stood", std::string(100, 'v')).ok());
    ASSERT_EQ(session->Find("stood", value), Found::kHit);  // and is in the read view from now on
    const std::string pad(1 + random.Below(3) * 90, 'k');
    const auto key = [&](int i) { return pad + std::to_string(i); };
    int next = 0;
    const auto put_up_to = [&](int most) {
      while (most-- > 0 && session->Put(key(next), "").ok()) ++next;
    };
    const auto erase = [&](std::uint64_t percent) {
      for (int i = 0; i < next; ++i)
        ASSERT_TRUE(random.Below(100) >= percent || session->Erase(key(i)).ok());
    };
    const auto find = [&](std::uint64_t times) {
      for (std::uint64_t i = 0; i < times; ++i)
        (void)session->Find(
            key(static_cast<int>(random.Below(static_cast<std::uint64_t>(next) + 1))), value);
    };
    const auto act = [&] {
      switch (random.Below(3)) {
        case 0:
          return erase(5 + random.Below(60));
        case 1:
          return put_up_to(2'000);
        default:
          return find(random.Below(5'000));
      }
    };
    put_up_to(1'000'000);
    for (int round = 0; round < 6; ++round) {
      {
        const StandingLookup standing(*map, "stood");
        for (std::uint64_t i = random.Below(6); i <= 6; ++i) act();
      }
      for (std::uint64_t i = random.Below(4); i < 3; ++i) act();
      for (int i = 0; i < 10; ++i, find(50)) put_up_to(1'000'000);
    }
    erase(100);
    int put = 0;
    for (int i = 0; i < 2'000; ++i) {
      put += session->Put("new/" + key(i), "").ok();
      if (i % 20 == 0) find(20);
    }
    EXPECT_GT(put, 1'000) << "seed " << seed;
  }
}

// A sweep is a pass over all keys, by the thread that puts one.
TEST(ReadMostlyMap, DoesNotSweepForEachKeyThatItRefuses) {
  for (const std::uint64_t seed : {2, 17, 29, 34}) {
    const auto map =
        ReadMostlyMap::Create({.seed = seed, .memory = {.reserve_bytes = 2 << 20}}).value();
    const auto session = map->Open();
    int put = 0;
    while (session->Put(ReadKey(put), "").ok()) ++put;
    for (int i = 0; i < put; i += 8) ASSERT_TRUE(session->Erase(ReadKey(i)).ok());
    int refused = 0;
    const std::uint64_t sweeps = map->sweeps();
    for (int i = 0; i < 200; ++i) refused += !session->Put("new/" + ReadKey(i), "").ok();
    EXPECT_LE(map->sweeps() - sweeps, 20u) << refused << " refused under seed " << seed;
  }
}

TEST(ReadMostlyMap, ASweepPassesTheLimitNoMoreThanAPutDoes) {
  constexpr std::uint64_t kLimit = 8 << 20;
  const auto map = ReadMostlyMap::Create({.seed = 1, .memory = {.limit_bytes = kLimit}}).value();
  const auto session = map->Open();
  std::string value;
  int put = 0;
  while (put < 92'500 && session->Put(ReadKey(put), "").ok()) ++put;
  for (int i = 0; i < put; ++i) (void)session->Find(ReadKey(i), value);
  int large = 0;
  for (std::size_t bytes = 60'000; bytes > 0; bytes /= 2)
    while (session->Put(ReadKey(large), std::string(bytes, 'v')).ok()) large += 20;
  const StandingLookup standing(*map, ReadKey(0));
  std::uint64_t most = 0;
  for (int i = 1; i < put; i += 2) {
    ASSERT_TRUE(session->Erase(ReadKey(i)).ok());
    most = std::max(most, map->used_bytes());
  }
  EXPECT_GT(map->sweeps(), 0u);
  EXPECT_LE(most, kLimit + kLimit / 16);
}

TEST(ReadMostlyMap, FewErasedKeysThatHoldItsMemoryGiveItBack) {
  const auto map = ReadMostlyMap::Create({.seed = 1, .memory = {.limit_bytes = 2 << 20}},
                                         {.key_bytes_max = 1 << 16})
                       .value();
  const auto session = map->Open();
  const auto key = [](int i) { return std::to_string(i) + std::string(60'000, 'k'); };
  int put = 0;
  while (session->Put(key(put), "v").ok()) ++put;
  ASSERT_LT(put, 64);
  for (int i = 0; i < put; ++i) ASSERT_TRUE(*session->Erase(key(i)));
  for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(session->Put(ReadKey(i), "").ok()) << i;
}

TEST(ReadMostlyMap, TakesLongKeysWhereShortOnesWereErased) {
  const auto map = ReadMostlyMap::Create({.seed = 1, .memory = {.limit_bytes = 1 << 20}},
                                         {.key_bytes_max = 2'000})
                       .value();
  const auto session = map->Open();
  const auto key = [](int i, std::size_t bytes) {
    std::string text = std::to_string(i) + "/";
    text.resize(bytes, 'k');
    return text;
  };
  int put = 0;
  while (session->Put(key(put, 1'000), "").ok()) ++put;
  for (int i = 0; i < put; ++i) ASSERT_TRUE(*session->Erase(key(i, 1'000)));
  int taken = 0;
  while (session->Put(key(taken, 1'500), "").ok()) ++taken;
  EXPECT_GT(taken, put / 2);
}

TEST(ReadMostlyMap, GoesOnInAnotherHmapWhenThatOfItsKeysGivesNoMoreSnapshots) {
  const auto map =
      ReadMostlyMap::Create(
          {.seed = 1, .memory = {.limit_bytes = 4 << 20}, .first_version = UINT32_MAX - 50})
          .value();
  const auto session = map->Open();
  ASSERT_TRUE(session->Put("stood", std::string(100, 'v')).ok());
  std::string value;
  ASSERT_EQ(session->Find("stood", value), Found::kHit);
  const auto come_and_go = [&](int begin, int end) {
    for (int i = begin; i < end; ++i) {
      ASSERT_TRUE(*session->Put(ReadKey(i), "value")) << i;
      ASSERT_EQ(session->Find(ReadKey(i), value), Found::kHit) << i;
      ASSERT_TRUE(i < 100 || *session->Erase(ReadKey(i - 100))) << i;
    }
  };
  {
    const StandingLookup standing(*map, "stood");  // its view is of the first Hmap
    come_and_go(0, 300);
    EXPECT_GT(map->promotions(), 100u);
  }
  come_and_go(300, 5'000);
  EXPECT_EQ(map->size(), 101u);
}

TEST(ReadMostlyMap, MayHaveNothingThatWaits) {
  const auto map = ReadMostlyMap::Create({.seed = 1, .waiting_blocks_max = 0}).value();
  const auto session = map->Open();
  for (const char* value : {"1", "2", "3"}) ASSERT_TRUE(session->Put("a", value).ok());
}

// What readers may be in is kept without memory for a note of it.
TEST(ReadMostlyMap, WritesWithoutMemoryOfTheHeapChangeNothing) {
  const auto map = ReadMostlyMap::Create({.seed = 1}).value();
  const auto session = map->Open();
  std::map<std::string, std::string> model;
  std::string value;
  for (std::uint64_t round = 0; round < 3'000; ++round) {
    const std::string key = "key/" + std::to_string(round * 7 % 400);
    bool done = false;
    try {
      const HeapFault fault(round % 5, round % 3);
      done = (round % 4 == 0 ? session->Erase(key) : session->Put(key, "some value")).ok();
    } catch (const std::bad_alloc&) {  // where there is none to say what failed either
    }
    if (done && round % 4 == 0)
      model.erase(key);
    else if (done)
      model[key] = "some value";
    ASSERT_EQ(session->Find(key, value) == Found::kHit, model.count(key) == 1) << round;
  }
  EXPECT_EQ(map->size(), model.size());
}

}  // namespace
}  // namespace portolan::mapcore
