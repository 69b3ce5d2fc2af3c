#include "mapcore/shared/read_mostly_map.h"

#include <gtest/gtest.h>

#include <string>

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
                       {.seed = 1, .memory = {.reserve_bytes = 2 << 20, .limit_bytes = 1 << 18}})
                       .value();
  const auto session = map->Open();
  int put = 0;
  while (session->Put(ReadKey(put), "v").ok()) ++put;
  EXPECT_GT(put, 100);
  std::string value;
  for (int i = 0; i < put; ++i) ASSERT_EQ(session->Find(ReadKey(i), value), Found::kHit);
  EXPECT_FALSE(*session->Put(ReadKey(0), "new"));  // no new key: no memory of the map's
  ASSERT_EQ(session->Find(ReadKey(0), value), Found::kHit);
  EXPECT_EQ(value, "new");
}

}  // namespace
}  // namespace portolan::mapcore
