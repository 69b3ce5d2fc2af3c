#include "reconciler/analysis/metric_condition.h"

#include <gtest/gtest.h>

#include <vector>

namespace portolan::reconciler {
namespace {

using manifests::Comparison;
using manifests::ProviderMetric;
using Outcome = MeasurementOutcome;

SampleSummary One(double value) {
  return {1, value, 0, value, value};
}

// Points with that mean; every second one is `swing` above it, the others below.
SampleSummary Series(double mean, double swing, std::size_t points = 20) {
  std::vector<double> values;
  for (std::size_t i = 0; i < points; ++i) values.push_back(mean + (i % 2 == 0 ? swing : -swing));
  return *Summarise(values);
}

ProviderMetric Bounds(std::optional<double> min, std::optional<double> max) {
  ProviderMetric metric;
  metric.min = min;
  metric.max = max;
  return metric;
}

ProviderMetric Compare(std::optional<double> increase, std::optional<double> variance = {}) {
  ProviderMetric metric;
  metric.compare.emplace();
  metric.compare->max_increase = increase;
  metric.compare->max_variance_ratio = variance;
  return metric;
}

Judgement Judge(const ProviderMetric& metric, SampleSummary canary) {
  return JudgeReading(metric, {canary, {}, ""});
}
Judgement Judge(const ProviderMetric& metric, SampleSummary canary, SampleSummary stable) {
  return JudgeReading(metric, {canary, stable, ""});
}

TEST(MetricCondition, BoundsAreInclusive) {
  EXPECT_EQ(Judge(Bounds({}, 5), One(5)).outcome, Outcome::kSuccessful);
  EXPECT_EQ(Judge(Bounds({}, 5), One(5.01)).outcome, Outcome::kFailed);
  EXPECT_EQ(Judge(Bounds(5, {}), One(5)).outcome, Outcome::kSuccessful);
  EXPECT_EQ(Judge(Bounds(5, {}), One(4.99)).message, "4.99 is below min 5");
  EXPECT_EQ(Judge(Bounds(1, 5), One(3)).message, "3 is within the bounds");
}

TEST(MetricCondition, OnePointOutOfBoundsFailsASeries) {
  const auto judged = Judge(Bounds({}, 5), {10, 2, 1, 1, 6});
  EXPECT_EQ(judged.outcome, Outcome::kFailed);
  EXPECT_EQ(judged.message, "6 among 10 is above max 5");
  EXPECT_EQ(Judge(Bounds(1, {}), {10, 2, 1, 0.5, 6}).outcome, Outcome::kFailed);
}

TEST(MetricCondition, SaysByHowMuchTheCanaryRose) {
  EXPECT_EQ(Judge(Compare(0.1), One(110), One(100)).outcome, Outcome::kSuccessful);
  const auto judged = Judge(Compare(0.1), One(125), One(100));
  EXPECT_EQ(judged.outcome, Outcome::kFailed);
  EXPECT_EQ(judged.message,
            "canary 125 against stable 100 rose by 25 %, more than maxIncrease 10 %");
  EXPECT_EQ(Judge(Compare(0.1), One(1), One(100)).outcome, Outcome::kSuccessful);
}

TEST(MetricCondition, AnyRiseFromNothingFailsUnlessItIsIgnored) {
  EXPECT_EQ(Judge(Compare(0.1), One(0), One(0)).outcome, Outcome::kSuccessful);
  EXPECT_EQ(Judge(Compare(0.1), One(0.02), One(0)).outcome, Outcome::kFailed);
  ProviderMetric tolerant = Compare(0.1);
  tolerant.compare->ignore_below = 0.05;
  EXPECT_EQ(Judge(tolerant, One(0.02), One(0)).outcome, Outcome::kSuccessful);
  EXPECT_EQ(Judge(tolerant, One(0.06), One(0)).outcome, Outcome::kFailed);
}

TEST(MetricCondition, SeesMoreFluctuationAtTheSameMean) {
  const ProviderMetric metric = Compare(0.1, 4);
  EXPECT_EQ(Judge(metric, Series(100, 1), Series(100, 1)).outcome, Outcome::kSuccessful);
  const auto judged = Judge(metric, Series(100, 3), Series(100, 1));
  EXPECT_EQ(judged.outcome, Outcome::kFailed);
  EXPECT_NE(judged.message.find("more than maxVarianceRatio 4 times stable's"), std::string::npos)
      << judged.message;
  EXPECT_EQ(Judge(Compare({}, 4), Series(100, 3), Series(100, 1)).outcome, Outcome::kFailed);
  EXPECT_EQ(Judge(metric, Series(120, 1), Series(100, 1)).outcome, Outcome::kFailed);
}

TEST(MetricCondition, AStableArmThatStandsStillMakesNoCanaryLookWild) {
  EXPECT_EQ(Judge(Compare({}, 4), Series(100, 0.05), Series(100, 0)).outcome, Outcome::kSuccessful);
  EXPECT_EQ(Judge(Compare({}, 4), Series(100, 1), Series(100, 0)).outcome, Outcome::kFailed);
}

TEST(MetricCondition, AShortSeriesIsInconclusive) {
  const auto judged = Judge(Compare(0.1), Series(500, 1, 7), Series(100, 1));
  EXPECT_EQ(judged.outcome, Outcome::kInconclusive);
  EXPECT_EQ(judged.message, "7 points on an arm; a comparison of series needs 8");
  EXPECT_EQ(Judge(Compare({}, 4), One(1), One(1)).outcome, Outcome::kInconclusive);
  ProviderMetric range = Compare(0.1);
  range.source = manifests::PrometheusSource{"p", "q", manifests::RangeQuery{}};
  EXPECT_EQ(Judge(range, One(1), One(1)).outcome, Outcome::kInconclusive);
  EXPECT_EQ(Judge(Compare(0.1), Series(100, 1, 8), Series(100, 1, 8)).outcome,
            Outcome::kSuccessful);
}

TEST(MetricCondition, NegativeValuesAreNotCompared) {
  EXPECT_EQ(Judge(Compare(0.1), One(-1), One(1)).outcome, Outcome::kInconclusive);
  EXPECT_EQ(Judge(Compare(0.1), One(1), One(-1)).outcome, Outcome::kInconclusive);
}

TEST(MetricCondition, AMissingArmIsInconclusive) {
  EXPECT_EQ(Judge(Compare(0.1), One(1)).outcome, Outcome::kInconclusive);
  EXPECT_EQ(Judge(Compare(0.1), One(1), SampleSummary{}).outcome, Outcome::kInconclusive);
  EXPECT_EQ(Judge(Bounds({}, 5), SampleSummary{}).outcome, Outcome::kInconclusive);
}

TEST(MetricCondition, PassesOnWhatTheProviderWarnedOf) {
  EXPECT_EQ(JudgeReading(Bounds({}, 5), {One(3), {}, "partial answer"}).message,
            "3 is within the bounds (partial answer)");
}

TEST(MetricCondition, NamesOutcomesAsDocumented) {
  EXPECT_EQ(MeasurementOutcomeName(Outcome::kSuccessful), "Successful");
  EXPECT_EQ(MeasurementOutcomeName(Outcome::kError), "Error");
}

// Points spread evenly from `from` on, and by `step`, against stable's 100 to 119.
Judgement Rank(Comparison compare, double from, double step = 1, std::size_t points = 20) {
  std::vector<double> canary, stable;
  for (std::size_t i = 0; i < points; ++i) {
    canary.push_back(from + step * static_cast<double>(i));
    stable.push_back(100 + static_cast<double>(i));
  }
  compare.judge = manifests::ComparisonJudge::kMannWhitney;
  ProviderMetric metric;
  metric.compare = compare;
  Reading reading{*Summarise(canary), *Summarise(stable), ""};
  reading.shift = RelativeShift(canary, stable, compare.confidence);
  return JudgeReading(metric, reading);
}

Comparison Ranked(manifests::Direction direction, std::optional<double> increase = {},
                  std::optional<double> decrease = {}) {
  Comparison compare;
  compare.max_increase = increase;
  compare.direction = direction;
  compare.max_decrease = decrease;
  return compare;
}

TEST(MetricCondition, ASeriesThatIsShiftedUpFails) {
  const Judgement judged = Rank(Ranked(manifests::Direction::kIncrease), 130);
  EXPECT_EQ(judged.outcome, Outcome::kFailed);
  EXPECT_EQ(judged.message,
            "canary 139.5 against stable 109.5, shifted by +23.1 % (98 % sure: +19.2 % to +26.9 "
            "%): an increase");
  EXPECT_EQ(Rank(Ranked(manifests::Direction::kIncrease), 100).outcome, Outcome::kSuccessful);
  EXPECT_EQ(Rank(Ranked(manifests::Direction::kIncrease), 101).outcome, Outcome::kSuccessful)
      << "within what chance makes";
  EXPECT_EQ(Rank(Ranked(manifests::Direction::kIncrease), 60).outcome, Outcome::kSuccessful)
      << "less is no increase";
}

TEST(MetricCondition, AShiftFailsInTheDirectionThatIsWorse) {
  using manifests::Direction;
  EXPECT_EQ(Rank(Ranked(Direction::kDecrease), 130).outcome, Outcome::kSuccessful);
  EXPECT_EQ(Rank(Ranked(Direction::kDecrease), 60).outcome, Outcome::kFailed);
  EXPECT_EQ(Rank(Ranked(Direction::kEither), 130).outcome, Outcome::kFailed);
  EXPECT_EQ(Rank(Ranked(Direction::kEither), 60).outcome, Outcome::kFailed);
}

TEST(MetricCondition, AShiftMustBeAsLargeAsItsLimit) {
  using manifests::Direction;
  EXPECT_EQ(Rank(Ranked(Direction::kIncrease, 0.5), 130).outcome, Outcome::kSuccessful);
  EXPECT_TRUE(Rank(Ranked(Direction::kIncrease, 0.2), 130)
                  .message.ends_with("an increase of more than maxIncrease 20 %"));
  EXPECT_EQ(Rank(Ranked(Direction::kDecrease, {}, 0.5), 60).outcome, Outcome::kSuccessful);
  EXPECT_TRUE(Rank(Ranked(Direction::kDecrease, {}, 0.2), 60)
                  .message.ends_with("a decrease of more than maxDecrease 20 %"));
  Comparison quiet = Ranked(Direction::kIncrease);
  quiet.ignore_below = 1'000;
  EXPECT_EQ(Rank(quiet, 130).outcome, Outcome::kSuccessful);
}

TEST(MetricCondition, RanksWantEightPointsAndMayBeNegative) {
  using manifests::Direction;
  EXPECT_EQ(Rank(Ranked(Direction::kEither), 130, 1, 7).outcome, Outcome::kInconclusive);
  EXPECT_EQ(Rank(Ranked(Direction::kEither), 130, 1, 8).outcome, Outcome::kFailed);
  EXPECT_EQ(Rank(Ranked(Direction::kDecrease), -130).outcome, Outcome::kFailed);
  EXPECT_EQ(Rank(Ranked(Direction::kDecrease, {}, 0.1), -130).outcome, Outcome::kInconclusive)
      << "no share of a negative number";
  ProviderMetric metric;
  metric.compare = Ranked(Direction::kEither);
  metric.compare->judge = manifests::ComparisonJudge::kMannWhitney;
  EXPECT_EQ(Judge(metric, Series(1, 0), Series(1, 0)).message, "no points to rank");
}

}  // namespace
}  // namespace portolan::reconciler
