#include "reconciler/analysis/mann_whitney.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "reconciler/analysis/metric_condition.h"

namespace portolan::reconciler {
namespace {

using Points = std::vector<double>;

Points Times(Points points, double factor) {
  for (double& point : points) point *= factor;
  return points;
}

Points Normal(std::mt19937& random, std::size_t size, double mean) {
  std::normal_distribution<double> normal(mean, 1);
  Points points;
  for (std::size_t i = 0; i < size; ++i) points.push_back(normal(random));
  return points;
}

// What wilcox.test() and Kayenta say of the same numbers.
TEST(MannWhitney, AgreesWithR) {
  const Shift shift = MannWhitneyShift(Points{10, 20, 30, 40}, Points{1, 2, 3, 4}, 0.95);
  EXPECT_NEAR(shift.low, 6, 1e-9);
  EXPECT_NEAR(shift.high, 39, 1e-9);
  EXPECT_NEAR(shift.estimate, 22.5, 1e-9);
}

TEST(MannWhitney, KnowsTheQuantilesOfTheNormalDistribution) {
  EXPECT_NEAR(NormalQuantile(0.02 / 2), -2.326348, 1e-6);
  EXPECT_NEAR(NormalQuantile(0.975), 1.959964, 1e-6);
  EXPECT_NEAR(NormalQuantile(0.5), 0, 1e-12);
}

TEST(MannWhitney, IsTheMirrorOfItself) {
  const Points x = {5, 5, 7, 8, 9, 11}, y = {1, 5, 5, 6, 7};
  const Shift there = MannWhitneyShift(x, y, 0.9), back = MannWhitneyShift(y, x, 0.9);
  EXPECT_NEAR(there.estimate, -back.estimate, 1e-9);
  EXPECT_NEAR(there.low, -back.high, 1e-9);
  EXPECT_NEAR(there.high, -back.low, 1e-9);
}

// Hodges and Lehmann's estimate, and an interval whose ends are differences with W on both sides of
// the quantile, by counting all pairs.
TEST(MannWhitney, EstimatesTheMedianOfAllDifferences) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    const Points x = Normal(random, 8 + random() % 12, 3), y = Normal(random, 8 + random() % 12, 0);
    Points differences;
    for (const double a : x)
      for (const double b : y) differences.push_back(a - b);
    std::ranges::sort(differences);
    const std::size_t n = differences.size();
    const Shift shift = MannWhitneyShift(x, y, 0.98);
    EXPECT_NEAR(shift.estimate, (differences[(n - 1) / 2] + differences[n / 2]) / 2, 1e-9);
    // Without ties the deviation of U is sqrt(nm(n + m + 1) / 12): the interval leaves out as many
    // differences on each side as that and the quantile say.
    const double nm = static_cast<double>(n);
    const double deviation =
        std::sqrt(nm / 12 * static_cast<double>(x.size() + y.size() + 1)) * NormalQuantile(0.99);
    const auto below =
        std::ranges::count_if(differences, [&](double value) { return value < shift.low - 1e-9; });
    const auto above =
        std::ranges::count_if(differences, [&](double value) { return value > shift.high + 1e-9; });
    EXPECT_NEAR(static_cast<double>(below), nm / 2 - deviation - 0.5, 1.0);
    EXPECT_EQ(below, above);
  }
}

TEST(MannWhitney, SaysTheSameAtEveryScale) {
  const Points x = {14, 15, 16, 17, 18, 19, 20, 21}, y = {7, 8, 9, 10, 11, 12, 13, 14};
  const Shift shift = RelativeShift(x, y, 0.98);
  EXPECT_GT(shift.low, 0);
  for (const double scale : {1e-7, 1e-300, 1e9}) {
    const Shift scaled = RelativeShift(Times(x, scale), Times(y, scale), 0.98);
    EXPECT_NEAR(scaled.estimate, shift.estimate, 1e-9) << scale;
    EXPECT_NEAR(scaled.low, shift.low, 1e-9) << scale;
    EXPECT_NEAR(scaled.high, shift.high, 1e-9) << scale;
  }
}

TEST(MannWhitney, TakesArmsThatStandStill) {
  const Shift apart = MannWhitneyShift(Points(8, 10.0), Points(8, 1.0), 0.98);
  EXPECT_EQ(apart, (Shift{9, 9, 9}));
  EXPECT_EQ(RelativeShift(Points(8, 0.0), Points(8, 0.0), 0.98), Shift{});
  const Shift one_still = MannWhitneyShift(Points{2, 3, 4, 5, 6, 7, 8, 9}, Points(8, 1.0), 0.98);
  EXPECT_GT(one_still.low, 0);
}

TEST(MannWhitney, MeasuresMostlyZerosByTheLargest) {
  Points x(8, 0.0), y(8, 0.0);
  x[0] = 4;
  EXPECT_LE(RelativeShift(x, y, 0.98).high, 1.0);
}

TEST(MannWhitney, TakesPointsOfEverySize) {
  Points x(8, 1e-300), y(8, 2e-300);
  x[0] = 1e10;
  y[0] = -1.7e308;
  y[1] = 1.7e308;
  const Shift shift = RelativeShift(x, y, 0.98);
  EXPECT_TRUE(std::isfinite(shift.estimate));
  EXPECT_LE(shift.low, shift.high);
}

// Of 2,000 pairs of 8 points some 7 fail by chance (./scripts/bench ranks); 25 would be 7
// deviations more.
TEST(MannWhitney, HardlyEverSeesAShiftWhereThereIsNone) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  int false_alarms = 0, found = 0;
  for (int round = 0; round < 2'000; ++round) {
    const Points stable = Normal(random, kSeriesPointsMin, 10);
    const auto rises = [&](const Points& canary) {
      const Shift shift = RelativeShift(canary, stable, 0.98);
      return shift.low > kShiftTolerance * std::abs(shift.estimate);
    };
    false_alarms += rises(Normal(random, kSeriesPointsMin, 10)) ? 1 : 0;
    found += rises(Normal(random, kSeriesPointsMin, 13)) ? 1 : 0;
  }
  RecordProperty("false_alarms", false_alarms);
  RecordProperty("found", found);
  EXPECT_LT(false_alarms, 25);
  EXPECT_GT(found, 1'750) << "of shifts by three standard deviations";
}

}  // namespace
}  // namespace portolan::reconciler
