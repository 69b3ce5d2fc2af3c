#include "mapcore/shared/filled_map.h"

#include <gtest/gtest.h>

#include <new>

#include "mapcore/shared/admission.h"
#include "mapcore/shared/epoch_map.h"
#include "tests/mapcore/heap.h"
#include "tests/mapcore/shared/shared_map_fixture.h"

namespace portolan::mapcore {
namespace {

class Filled : public testing::Test {
 protected:
  std::optional<std::string> Find(std::string_view key) {
    std::string value;
    if (session_->Find(key, value) != Found::kHit) return std::nullopt;
    return value;
  }
  const std::shared_ptr<FakeSource> source_ = std::make_shared<FakeSource>(Numbered(100));
  FilledMap map_{EpochMap::Create({.seed = 1}).value(), source_};
  const std::unique_ptr<MapSession> session_ = map_.Open();
  FakeExecutor executor_;
};

TEST_F(Filled, APreloadedMapNeverAsksItsSourceAgain) {
  ASSERT_TRUE(map_.Preload(100).ok());
  EXPECT_EQ(map_.size(), 100u);
  EXPECT_TRUE(map_.progress().complete());
  EXPECT_EQ(Find("key/42"), "value 42");
  EXPECT_EQ(Find("absent"), std::nullopt);
  EXPECT_EQ(source_->loads(), 0);
}

TEST_F(Filled, WhatWasNotPreloadedIsLoadedOnceWhenLookedUp) {
  ASSERT_TRUE(map_.Preload(30).ok());
  EXPECT_EQ(map_.size(), 30u);
  EXPECT_FALSE(map_.progress().complete());
  for (int round = 0; round < 2; ++round)
    for (int i = 0; i < 100; ++i)
      ASSERT_EQ(Find("key/" + std::to_string(i)), "value " + std::to_string(i));
  EXPECT_EQ(source_->loads(), 70);
  EXPECT_EQ(map_.size(), 100u);
}

TEST_F(Filled, LookupsAreRightAtEveryMomentOfAnAsynchronousFill) {
  map_.FillWith(executor_, 4);
  ASSERT_EQ(executor_.tasks.size(), 4u);
  for (std::uint32_t part = 0;; ++part) {
    EXPECT_EQ(map_.progress().read, part);
    EXPECT_EQ(Find("key/" + std::to_string(part)), "value " + std::to_string(part));
    EXPECT_EQ(Find("absent"), std::nullopt);
    if (executor_.tasks.empty()) break;
    executor_.RunNext();
  }
  EXPECT_TRUE(map_.progress().complete());
  EXPECT_EQ(map_.size(), 100u);
  const int loads = source_->loads();
  EXPECT_EQ(Find("absent"), std::nullopt);
  EXPECT_EQ(source_->loads(), loads);
}

TEST_F(Filled, WhatWasWrittenMeanwhileWinsOverTheFill) {
  map_.FillWith(executor_, 2);
  ASSERT_TRUE(session_->Put("key/1", "mine").ok());
  ASSERT_TRUE(session_->Erase("key/2").ok());
  ASSERT_TRUE(session_->Erase("key/3").ok());
  ASSERT_TRUE(session_->Put("key/3", "back").ok());
  EXPECT_EQ(Find("key/2"), std::nullopt);
  while (!executor_.tasks.empty()) executor_.RunNext();
  EXPECT_EQ(Find("key/1"), "mine");
  EXPECT_EQ(Find("key/2"), std::nullopt);
  EXPECT_EQ(Find("key/3"), "back");
  EXPECT_EQ(map_.size(), 99u);
}

TEST_F(Filled, AKeyErasedWhileItIsLoadedStaysErased) {
  const auto other = map_.Open();
  source_->on_load = [&] { (void)other->Erase("key/7"); };
  EXPECT_EQ(Find("key/7"), std::nullopt);
  EXPECT_EQ(map_.size(), 0u);
}

TEST_F(Filled, AKeyErasedAfterTheFillStaysErasedThoughItWasBeingLoadedBefore) {
  map_.FillWith(executor_, 2);
  const auto other = map_.Open();
  source_->on_load = [&] {
    while (!executor_.tasks.empty()) executor_.RunNext();
    EXPECT_TRUE(*other->Erase("key/7"));
  };
  EXPECT_EQ(Find("key/7"), std::nullopt);
  EXPECT_EQ(Find("key/7"), std::nullopt);
  EXPECT_EQ(map_.size(), 99u);
}

TEST_F(Filled, RemembersOnlyErasedKeysThatTheSourceHas) {
  ASSERT_TRUE(map_.Preload(30).ok());
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_TRUE(*session_->Put("new/" + std::to_string(i), "v"));
    ASSERT_TRUE(*session_->Erase("new/" + std::to_string(i)));
    ASSERT_EQ(Find("new/" + std::to_string(i)), std::nullopt);
  }
  EXPECT_EQ(map_.remembered(), 0u);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(session_->Erase("key/" + std::to_string(i)).ok());
  EXPECT_EQ(map_.remembered(), 100u);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(Find("key/" + std::to_string(i)), std::nullopt);
  ASSERT_TRUE(session_->Put("key/1", "mine").ok());
  EXPECT_EQ(map_.remembered(), 99u);
}

TEST_F(Filled, RemembersWhatWasErasedWhileTheSourceWasDownAndForgetsAllWhenFilled) {
  map_.FillWith(executor_, 2);
  source_->fail_loads = true;
  EXPECT_FALSE(*session_->Erase("key/5"));
  EXPECT_FALSE(*session_->Erase("absent"));
  EXPECT_EQ(map_.remembered(), 2u);
  source_->fail_loads = false;
  EXPECT_EQ(Find("key/5"), std::nullopt);
  while (!executor_.tasks.empty()) executor_.RunNext();
  EXPECT_EQ(map_.remembered(), 0u);
  EXPECT_EQ(Find("key/5"), std::nullopt);
  EXPECT_EQ(map_.size(), 99u);
}

TEST_F(Filled, APartThatFailsLeavesItsKeysToBeLoadedOneByOne) {
  source_->fail_part = 1;
  map_.FillWith(executor_, 2);
  while (!executor_.tasks.empty()) executor_.RunNext();
  const FillProgress progress = map_.progress();
  EXPECT_EQ(progress.read, 1u);
  EXPECT_EQ(progress.failed, 1u);
  EXPECT_EQ(progress.error, "the source is down");
  EXPECT_FALSE(progress.complete());
  for (int i = 0; i < 100; ++i)
    ASSERT_EQ(Find("key/" + std::to_string(i)), "value " + std::to_string(i));
}

TEST_F(Filled, ASourceThatFailsIsNotTakenForAMiss) {
  source_->fail_loads = true;
  std::string value;
  EXPECT_EQ(session_->Find("key/1", value), Found::kUnavailable);
  EXPECT_EQ(map_.counters().unavailable, 1u);
}

TEST(FilledMap, AKeyWhoseEraseIsRefusedIsStillThere) {
  FakeMonoClock clock;
  FilledMap map(std::make_unique<AdmittedMap>(EpochMap::Create({.seed = 1}).value(), 1, 1, clock),
                std::make_shared<FakeSource>(Numbered(10)));
  const auto session = map.Open();
  ASSERT_TRUE(session->Put("key/1", "mine").ok());
  for (const char* key : {"key/1", "key/7"}) ASSERT_FALSE(session->Erase(key).ok());
  EXPECT_EQ(map.remembered(), 0u);
  std::string value;
  EXPECT_EQ(session->Find("key/1", value), Found::kHit);
  EXPECT_EQ(value, "mine");
  EXPECT_EQ(session->Find("key/7", value), Found::kHit);
  EXPECT_EQ(value, "value 7");
}

// It is erased, or as it was; never what the source has of the past. One that throws has erased
// nothing.
TEST(FilledMap, AnEraseWithoutMemoryOfTheHeapBringsNothingBack) {
  // The source has the first, and not the second, which has its bytes on the heap.
  for (const std::string key : {"key/7", "a key of which the source knows nothing"}) {
    std::uint64_t failed = 0;
    for (std::uint64_t granted = 0;; ++granted) {
      SCOPED_TRACE(testing::Message() << key << " after " << granted << " calls");
      FilledMap map(EpochMap::Create({.seed = 1}).value(),
                    std::make_shared<FakeSource>(Numbered(10)));
      const auto session = map.Open();
      ASSERT_TRUE(session->Put(key, "mine").ok());
      bool met = false;
      bool threw = false;
      {
        const HeapFault fault(granted);
        try {
          (void)session->Erase(key);
        } catch (const std::bad_alloc&) {
          threw = true;
        }
        met = fault.met();
      }
      std::string value;
      const bool there = session->Find(key, value) == Found::kHit;
      if (there) {
        EXPECT_EQ(value, "mine");
        EXPECT_EQ(map.remembered(), 0u);
      }
      EXPECT_TRUE(there || !threw);
      if (!met) break;
      ++failed;
    }
    EXPECT_GT(failed, 1u);
  }
}

TEST(FilledMap, APutThatThrowsHasChangedNothing) {
  const std::string key = "a key that has its bytes on the heap";
  bool met = true;
  for (std::uint64_t granted = 0; met; ++granted) {
    FilledMap map(EpochMap::Create({.seed = 1}).value(),
                  std::make_shared<FakeSource>(Numbered(10)));
    const auto session = map.Open();
    ASSERT_TRUE(session->Put(key, "old").ok());
    bool threw = false;
    try {
      const HeapFault fault(granted);
      (void)session->Put(key, "new");
      met = fault.met();
    } catch (const std::bad_alloc&) {
      threw = true;
    }
    std::string value;
    ASSERT_EQ(session->Find(key, value), Found::kHit);
    EXPECT_TRUE(!threw || value == "old") << "after " << granted << " calls";
  }
}

TEST(FilledMap, APartThatHasNoMemoryOfTheHeapFailedAndThrowsNothing) {
  const std::map<std::string, std::string> entries{
      {"a key that has its bytes on the heap", "and its value does"}};
  std::uint64_t failed = 0;
  for (std::uint64_t granted = 0;; ++granted) {
    SCOPED_TRACE(testing::Message() << "after " << granted << " calls");
    FakeExecutor executor;
    FilledMap map(EpochMap::Create({.seed = 1}).value(), std::make_shared<FakeSource>(entries));
    map.FillWith(executor, 1);
    bool met = false;
    {
      const HeapFault fault(granted);
      executor.RunNext();
      met = fault.met();
    }
    const FillProgress progress = map.progress();
    EXPECT_EQ(progress.read + progress.failed, 1u);
    std::string value;
    EXPECT_EQ(map.Open()->Find(entries.begin()->first, value), Found::kHit);
    if (!met) break;
    failed += progress.failed;
  }
  EXPECT_GT(failed, 0u);
}

TEST(FilledMap, TasksThatComeAfterItsEndDoNothing) {
  FakeExecutor executor;
  const auto source = std::make_shared<FakeSource>(Numbered(10));
  auto map = std::make_unique<FilledMap>(EpochMap::Create({.seed = 1}).value(), source);
  map->FillWith(executor, 2);
  executor.RunNext();
  map.reset();
  executor.RunNext();
  EXPECT_TRUE(executor.tasks.empty());
}

}  // namespace
}  // namespace portolan::mapcore
