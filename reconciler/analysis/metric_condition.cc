#include "reconciler/analysis/metric_condition.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "reconciler/analysis/metric_expression.h"
#include "reconciler/text_format.h"

// One measurement against its condition. Bounds are of every point, so that a mean cannot hide a
// peak; comparisons are of means and of variances (F-like, without its distribution: points of a
// series are not independent, so no p-value would be honest), or of ranks. What cannot be compared
// is inconclusive and neither good nor bad.

namespace portolan::reconciler {
namespace {

using Outcome = MeasurementOutcome;

std::string PercentText(double share) {
  return ShortNumber(share * 100) + " %";
}

Judgement JudgeBounds(const manifests::ProviderMetric& metric, const SampleSummary& seen) {
  const auto among = [&](double value) {
    return ShortNumber(value) + (seen.points > 1 ? " among " + std::to_string(seen.points) : "");
  };
  if (metric.max && seen.max > *metric.max)
    return {Outcome::kFailed, among(seen.max) + " is above max " + ShortNumber(*metric.max)};
  if (metric.min && seen.min < *metric.min)
    return {Outcome::kFailed, among(seen.min) + " is below min " + ShortNumber(*metric.min)};
  if (metric.max) return {Outcome::kSuccessful, among(seen.max) + " is within the bounds"};
  return {Outcome::kSuccessful, among(seen.min) + " is within the bounds"};
}

bool IsSeries(const manifests::ProviderMetric& metric, const SampleSummary& canary,
              const SampleSummary& stable) {
  const auto* prometheus = std::get_if<manifests::PrometheusSource>(&metric.source);
  return (prometheus != nullptr && prometheus->range) || metric.compare->max_variance_ratio ||
         metric.compare->judge == manifests::ComparisonJudge::kMannWhitney || canary.points > 1 ||
         stable.points > 1;
}

Judgement JudgeIncrease(const manifests::Comparison& compare, const SampleSummary& canary,
                        const SampleSummary& stable) {
  const std::string means =
      "canary " + ShortNumber(canary.mean) + " against stable " + ShortNumber(stable.mean);
  // ignoreBelow as a floor: from 0.1 ms to 0.2 ms is twice as much and nothing.
  const double limit = stable.mean * (1 + *compare.max_increase);
  if (canary.mean <= std::max(limit, compare.ignore_below)) return {Outcome::kSuccessful, means};
  const std::string rise =
      stable.mean > 0 ? PercentText(canary.mean / stable.mean - 1) : std::string("from nothing");
  return {Outcome::kFailed, means + " rose by " + rise + ", more than maxIncrease " +
                                PercentText(*compare.max_increase)};
}

// "+42.1 %".
std::string ShiftText(double share) {
  return (share < 0 ? "" : "+") + PercentText(std::round(share * 1000) / 1000);
}

// As Kayenta's judge classifies a metric (NetflixACAJudge): the interval must lie beyond a quarter
// of its own estimate, and the means must differ as the limit says; without a limit, in the same
// direction.
Judgement JudgeShift(const manifests::Comparison& compare, const SampleSummary& canary,
                     const SampleSummary& stable, const Shift& shift) {
  using manifests::Direction;
  const double bound = kShiftTolerance * std::abs(shift.estimate);
  const double more = stable.mean * (1 + compare.max_increase.value_or(0));
  const double less = stable.mean * (1 - compare.max_decrease.value_or(0));
  const bool above = compare.direction != Direction::kDecrease && shift.low > bound &&
                     (compare.max_increase ? canary.mean > more : canary.mean >= more) &&
                     (compare.ignore_below == 0 || canary.mean > compare.ignore_below);
  const bool below = compare.direction != Direction::kIncrease && shift.high < -bound &&
                     (compare.max_decrease ? canary.mean < less : canary.mean <= less);
  const std::string seen = "canary " + ShortNumber(canary.mean) + " against stable " +
                           ShortNumber(stable.mean) + ", shifted by " + ShiftText(shift.estimate) +
                           " (" + PercentText(compare.confidence) +
                           " sure: " + ShiftText(shift.low) + " to " + ShiftText(shift.high) + ")";
  if (above)
    return {Outcome::kFailed, seen + ": an increase" +
                                  (compare.max_increase ? " of more than maxIncrease " +
                                                              PercentText(*compare.max_increase)
                                                        : "")};
  if (below)
    return {Outcome::kFailed, seen + ": a decrease" +
                                  (compare.max_decrease ? " of more than maxDecrease " +
                                                              PercentText(*compare.max_decrease)
                                                        : "")};
  return {Outcome::kSuccessful, seen};
}

Judgement JudgeFluctuation(const manifests::Comparison& compare, const SampleSummary& canary,
                           const SampleSummary& stable) {
  // A stable arm that hardly varies would make any ratio huge: its variance counts as at least
  // that of kNoiseShare of its mean.
  const double noise = std::max(stable.mean * kNoiseShare, compare.ignore_below);
  const double floor = std::max(stable.variance, noise * noise);
  const std::string variances =
      "variance " + ShortNumber(canary.variance) + " against " + ShortNumber(stable.variance);
  if (canary.variance <= floor * *compare.max_variance_ratio)
    return {Outcome::kSuccessful, variances};
  return {Outcome::kFailed, variances + " is more than maxVarianceRatio " +
                                ShortNumber(*compare.max_variance_ratio) + " times stable's"};
}

Judgement JudgeComparison(const manifests::ProviderMetric& metric, const Reading& reading) {
  const manifests::Comparison& compare = *metric.compare;
  const SampleSummary& canary = reading.canary;
  const SampleSummary& stable = *reading.stable;
  const bool ranked = compare.judge == manifests::ComparisonJudge::kMannWhitney;
  // "10 % more" of a negative number has no meaning that everybody shares. Ranks have.
  const bool shares = !ranked || compare.max_increase || compare.max_decrease;
  if (shares && (canary.min < 0 || stable.min < 0))
    return {Outcome::kInconclusive, "negative values cannot be compared: canary down to " +
                                        ShortNumber(canary.min) + ", stable to " +
                                        ShortNumber(stable.min)};
  const std::int64_t fewest = std::min(canary.points, stable.points);
  if (IsSeries(metric, canary, stable) && fewest < kSeriesPointsMin)
    return {Outcome::kInconclusive, std::to_string(fewest) +
                                        " points on an arm; a comparison of "
                                        "series needs " +
                                        std::to_string(kSeriesPointsMin)};
  Judgement judged{Outcome::kSuccessful, ""};
  if (ranked) {
    if (!reading.shift) return {Outcome::kInconclusive, "no points to rank"};
    judged = JudgeShift(compare, canary, stable, *reading.shift);
  } else if (compare.max_increase) {
    judged = JudgeIncrease(compare, canary, stable);
  }
  if (judged.outcome == Outcome::kFailed || !compare.max_variance_ratio) return judged;
  Judgement fluctuation = JudgeFluctuation(compare, canary, stable);
  if (fluctuation.outcome == Outcome::kFailed || judged.message.empty()) return fluctuation;
  return {Outcome::kSuccessful, judged.message + ", " + fluctuation.message};
}

}  // namespace

std::string_view MeasurementOutcomeName(MeasurementOutcome outcome) {
  constexpr std::array<std::string_view, 4> kNames = {"Successful", "Failed", "Inconclusive",
                                                      "Error"};
  return kNames[static_cast<std::size_t>(outcome)];
}

Judgement JudgeReading(const manifests::ProviderMetric& metric, const Reading& reading) {
  Judgement judged{Outcome::kInconclusive, "no data"};
  if (metric.has_expressions()) {
    if (reading.result) judged = JudgeExpressions(metric, *reading.result);
  } else if (reading.canary.points > 0 && !metric.compare) {
    judged = JudgeBounds(metric, reading.canary);
  } else if (reading.canary.points > 0 && reading.stable && reading.stable->points > 0) {
    judged = JudgeComparison(metric, reading);
  }
  if (!reading.note.empty()) judged.message += " (" + reading.note + ")";
  return judged;
}

}  // namespace portolan::reconciler
