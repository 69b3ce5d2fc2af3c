#include "reconciler/analysis/sequential_test.h"

#include <gtest/gtest.h>

#include <cmath>

#include "mapcore/base/random.h"

namespace portolan::reconciler {
namespace {

constexpr double kExact = 1e-6;

double Regression(Tosses tosses, double max_ratio) {
  return LogRegression({{tosses}}, max_ratio);
}

TEST(SequentialTest, GivesThePublishedVectorsOfRegression) {
  EXPECT_NEAR(Regression({.05, 5, 3}, 1.1), 7.828003, kExact);
  EXPECT_NEAR(Regression({.05, 0, 40}, 1.1), -1.743954, kExact);
  EXPECT_NEAR(Regression({.5, 60, 40}, 1.0), 0.652550, kExact);
  const Tosses rising[] = {{.01, 1, 9}, {.05, 4, 16}, {.25, 30, 20}};
  EXPECT_NEAR(LogRegression(rising, 1.1), 13.768607, kExact);
}

TEST(SequentialTest, GivesThePublishedVectorOfRelativeSafety) {
  const Tosses tosses[] = {{.05, 1, 99}};
  EXPECT_NEAR(LogRelativeSafety(tosses, 2), 5.839267, kExact);
}

TEST(SequentialTest, CallsTheCanarySafeAfterThePublishedNumberOfCleanSubjects) {
  const double enough = std::log(kSafetyThreshold);
  EXPECT_LT(LogAbsoluteSafety(353, 0, 0.01), enough);
  EXPECT_GE(LogAbsoluteSafety(354, 0, 0.01), enough);
  EXPECT_LT(LogAbsoluteSafety(3'555, 0, 0.001), enough);
  EXPECT_GE(LogAbsoluteSafety(3'556, 0, 0.001), enough);
}

TEST(SequentialTest, NeedsThePublishedNumberOfCanaryFailuresForAHundred) {
  const std::pair<double, std::int64_t> cases[] = {{.01, 2}, {.05, 3}, {.1, 3}, {.25, 5}, {.5, 9}};
  for (const auto& [weight, failures] : cases) {
    EXPECT_LT(Regression({weight, failures - 1, 0}, 1.1), std::log(100)) << weight;
    EXPECT_GE(Regression({weight, failures, 0}, 1.1), std::log(100)) << weight;
  }
}

TEST(SequentialTest, SaysNothingWithoutData) {
  EXPECT_EQ(Regression({.05, 0, 0}, 1.1), 0);
  EXPECT_EQ(LogRelativeSafety({}, 2), 0);
  EXPECT_EQ(LogAbsoluteSafety(0, 0, 0.01), 0);
}

TEST(SequentialTest, ABadSubjectOnTheCanarySpeaksAgainstSafety) {
  EXPECT_LT(LogAbsoluteSafety(500, 1, 0.01), LogAbsoluteSafety(500, 0, 0.01));
  EXPECT_LT(LogAbsoluteSafety(100, 100, 0.01), 100 * std::log(0.5));
  const Tosses canary[] = {{.05, 1, 0}}, stable[] = {{.05, 0, 1}};
  EXPECT_LT(LogRelativeSafety(canary, 2), 0);
  EXPECT_GT(LogRelativeSafety(stable, 2), 0);
}

TEST(SequentialTest, StaysFiniteForMillionsOfBadSubjects) {
  EXPECT_TRUE(std::isfinite(Regression({.01, 1'000'000, 0}, 1.1)));
  EXPECT_TRUE(std::isfinite(Regression({.01, 0, 100'000'000}, 1.1)));
  EXPECT_TRUE(std::isfinite(LogAbsoluteSafety(100'000'000, 50'000'000, 0.01)));
}

// Ville's inequality, tried: 400 sequences of 200 fair coins, looked at after each one.
TEST(SequentialTest, RarelyAlarmsUnderContinuousLookingWhenNothingChanged) {
  constexpr std::uint64_t kSeed = 20261121;
  constexpr double kAlpha = 0.05;
  Random random(kSeed);
  int alarms = 0;
  for (int run = 0; run < 400; ++run) {
    Tosses tosses{.1, 0, 0};
    for (int toss = 0; toss < 200; ++toss) {
      ++(random.Below(1'000) < 100 ? tosses.canary : tosses.stable);
      if (Regression(tosses, 1.0) < std::log(1 / kAlpha)) continue;
      ++alarms;
      break;
    }
  }
  EXPECT_LE(alarms, 400 * kAlpha) << "seed " << kSeed;
  EXPECT_GT(alarms, 0) << "the test has lost its power; seed " << kSeed;
}

}  // namespace
}  // namespace portolan::reconciler
