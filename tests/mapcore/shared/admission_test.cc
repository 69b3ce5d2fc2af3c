#include "mapcore/shared/admission.h"

#include <gtest/gtest.h>

#include "mapcore/shared/sharded_map.h"
#include "tests/mapcore/shared/shared_map_fixture.h"

namespace portolan::mapcore {
namespace {

using std::chrono::milliseconds;

int TakeAll(TokenBucket& bucket, Duration now) {
  int taken = 0;
  while (bucket.Take(now).count() == 0) ++taken;
  return taken;
}

TEST(TokenBucket, GivesItsBurstAndThenItsRate) {
  TokenBucket bucket(100, 20);
  EXPECT_EQ(TakeAll(bucket, milliseconds(5)), 20);
  EXPECT_EQ(TakeAll(bucket, milliseconds(5)), 0);
  EXPECT_EQ(TakeAll(bucket, milliseconds(15)), 1);
  EXPECT_EQ(TakeAll(bucket, milliseconds(65)), 5);
  EXPECT_EQ(TakeAll(bucket, milliseconds(60'000)), 20);
}

TEST(TokenBucket, SaysHowLongToWait) {
  TokenBucket bucket(4, 1);
  EXPECT_EQ(bucket.Take(milliseconds(1'000)), milliseconds(0));
  EXPECT_EQ(bucket.Take(milliseconds(1'000)), milliseconds(250));
  EXPECT_EQ(bucket.Take(milliseconds(1'100)), milliseconds(150));
  EXPECT_EQ(bucket.Take(milliseconds(1'250)), milliseconds(0));
}

TEST(TokenBucket, GivesNothingBackWhenAskedInVain) {
  TokenBucket bucket(1, 1);
  EXPECT_EQ(bucket.Take(milliseconds(0)), milliseconds(0));
  for (int i = 0; i < 100; ++i) EXPECT_NE(bucket.Take(milliseconds(999)), milliseconds(0));
  EXPECT_EQ(bucket.Take(milliseconds(1'000)), milliseconds(0));
}

TEST(AdmittedMap, RefusesWritesBeyondItsRateAndNeverLookups) {
  FakeMonoClock clock;
  AdmittedMap map(ShardedMap::Create(2, {.seed = 1}).value(), 10, 2, clock);
  const auto session = map.Open();
  EXPECT_TRUE(session->Put("a", "1").ok());
  EXPECT_TRUE(session->Erase("b").ok());
  const auto refused = session->Put("a", "2");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(refused.error().message,
            "the map takes no more writes now: its rate is used up; try again in 100ms");
  std::string value;
  for (int i = 0; i < 50; ++i) ASSERT_EQ(session->Find("a", value), Found::kHit);
  EXPECT_EQ(value, "1");
  clock.mono = milliseconds(100);
  EXPECT_TRUE(session->Put("a", "2").ok());
  EXPECT_EQ(map.counters().refused, 1u);
  EXPECT_EQ(map.behind().counters().writes, 3u);
}

}  // namespace
}  // namespace portolan::mapcore
