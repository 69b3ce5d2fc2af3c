#include "mapcore/base/random.h"

#include <gtest/gtest.h>

#include <array>

namespace portolan {
namespace {

TEST(Random, GivesThePublishedSequence) {  // prng.di.unimi.it/splitmix64.c, seed 1234567
  Random random(1234567);
  EXPECT_EQ(random.Next(), 6457827717110365317u);
  EXPECT_EQ(random.Next(), 3203168211198807973u);
  EXPECT_EQ(random.Next(), 9817491932198370423u);
}

TEST(Random, RepeatsItselfForASeedAndDiffersBetweenSeeds) {
  Random a(7);
  Random b(7);
  Random c(8);
  const std::uint64_t first = a.Next();
  EXPECT_EQ(first, b.Next());
  EXPECT_NE(first, c.Next());
}

TEST(Random, BelowReachesEveryValueUnderTheBoundAlikeAndNoOther) {
  Random random(1);
  std::array<int, 10> seen{};
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t value = random.Below(seen.size());
    ASSERT_LT(value, seen.size());
    ++seen[value];
  }
  for (const int count : seen) EXPECT_NEAR(count, 1000, 150);  // 5 standard deviations
}

}  // namespace
}  // namespace portolan
