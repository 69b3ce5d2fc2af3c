#include "reconciler/analysis/metric_run.h"

#include <algorithm>
#include <array>
#include <cmath>

// The rules of Argo Rollouts' analysis runs (analysis/analysis.go there), under its names: limits
// are passed by more than they say, errors count in a row only, and a metric that was never
// measured well is inconclusive and never successful.

namespace portolan::reconciler {
namespace {

using Outcome = MeasurementOutcome;

TakenMeasurement Judge(const manifests::ProviderMetric& metric, const Measurement& measurement) {
  TakenMeasurement taken;
  taken.at = measurement.at;
  if (const auto* error = std::get_if<Error>(&measurement.result)) {
    taken.message = error->message;
    return taken;
  }
  const Reading& reading = std::get<Reading>(measurement.result);
  Judgement judged = JudgeReading(metric, reading);
  taken.outcome = judged.outcome;
  taken.message = std::move(judged.message);
  if (reading.canary.points > 0) taken.canary = reading.canary.mean;
  if (reading.stable) taken.stable = reading.stable->mean;
  return taken;
}

void CountIn(MetricRun& run, Outcome outcome) {
  if (outcome == Outcome::kError) {
    ++run.errors;
    ++run.errors_in_a_row;
    return;
  }
  run.errors_in_a_row = 0;
  if (outcome == Outcome::kSuccessful) ++run.successful;
  if (outcome == Outcome::kFailed) ++run.failed;
  if (outcome == Outcome::kInconclusive) ++run.inconclusive;
}

// What the newest measurement of that outcome said.
std::string LastMessage(const MetricRun& run, Outcome outcome) {
  for (auto taken = run.last.rbegin(); taken != run.last.rend(); ++taken)
    if (taken->outcome == outcome) return ": " + taken->message;
  return "";
}

std::string Past(std::int64_t count, std::string_view what, std::string_view limit,
                 std::int64_t max) {
  return std::to_string(count) + " " + std::string(what) + ", more than " + std::string(limit) +
         " " + std::to_string(max);
}

std::string Numbers(const MetricRun& run) {
  std::string text = std::to_string(run.successful) + " successful";
  if (run.failed > 0) text += ", " + std::to_string(run.failed) + " failed";
  if (run.inconclusive > 0) text += ", " + std::to_string(run.inconclusive) + " inconclusive";
  if (run.errors > 0) text += ", " + std::to_string(run.errors) + " without an answer";
  return text;
}

std::optional<RunVerdict> BrokenLimit(const manifests::ProviderMetric& metric,
                                      const MetricRun& run) {
  if (metric.failure_limit >= 0 && run.failed > metric.failure_limit)
    return RunVerdict{RunPhase::kFailed,
                      Past(run.failed, "failed", "failureLimit", metric.failure_limit) +
                          LastMessage(run, Outcome::kFailed)};
  if (run.inconclusive > metric.inconclusive_limit)
    return RunVerdict{
        RunPhase::kInconclusive,
        Past(run.inconclusive, "inconclusive", "inconclusiveLimit", metric.inconclusive_limit) +
            LastMessage(run, Outcome::kInconclusive)};
  if (run.errors_in_a_row > metric.consecutive_error_limit)
    return RunVerdict{RunPhase::kError,
                      Past(run.errors_in_a_row, "errors in a row", "consecutiveErrorLimit",
                           metric.consecutive_error_limit) +
                          LastMessage(run, Outcome::kError)};
  return std::nullopt;
}

RunVerdict Ended(const MetricRun& run) {
  if (run.successful > 0)
    return {RunPhase::kSuccessful, Numbers(run) + LastMessage(run, Outcome::kSuccessful)};
  return {RunPhase::kInconclusive, run.counted() + run.errors == 0
                                       ? "nothing was measured"
                                       : "no measurement was successful: " + Numbers(run)};
}

std::vector<std::pair<std::string, double>> NumbersOf(const MetricRun& run) {
  std::vector<std::pair<std::string, double>> numbers = {
      {std::string(kSuccessfulCount), static_cast<double>(run.successful)},
      {"failed", static_cast<double>(run.failed)},
      {"inconclusive", static_cast<double>(run.inconclusive)},
      {"errors", static_cast<double>(run.errors)}};
  const auto add = [&](const std::string& arm, const RunningMoments& moments) {
    if (moments.count == 0 || !std::isfinite(moments.mean)) return;
    numbers.emplace_back(arm + "Mean", moments.mean);
    if (moments.count > 1 && std::isfinite(moments.Variance()))
      numbers.emplace_back(arm + "Variance", moments.Variance());
  };
  add("canary", run.canary);
  add("stable", run.stable);
  return numbers;
}

RunVerdict Judged(const manifests::ProviderMetric& metric, const MetricRun& run, bool background) {
  if (auto broken = BrokenLimit(metric, run)) return *std::move(broken);
  const auto count = CountOf(metric, background);
  if (count && run.counted() >= *count) return Ended(run);
  return {RunPhase::kRunning, run.last.empty() ? "nothing measured yet" : Numbers(run)};
}

}  // namespace

void RunningMoments::Add(double value) {
  const double before = value - mean;
  mean += before / static_cast<double>(++count);
  squares += before * (value - mean);
}

double RunningMoments::Variance() const {
  return count < 2 ? 0 : squares / static_cast<double>(count - 1);
}

std::string_view RunPhaseName(RunPhase phase) {
  constexpr std::array<std::string_view, 5> kNames = {"Running", "Successful", "Failed", "Error",
                                                      "Inconclusive"};
  return kNames[static_cast<std::size_t>(phase)];
}

// In the background with an interval there is no end but the rollout's.
std::optional<std::int64_t> CountOf(const manifests::ProviderMetric& metric, bool background) {
  if (metric.count) return metric.count;
  if (background && metric.interval) return std::nullopt;
  return 1;
}

MetricRun AddMeasurement(MetricRun run, const manifests::ProviderMetric& metric,
                         const Measurement& measurement, const Now& now) {
  TakenMeasurement taken = Judge(metric, measurement);
  CountIn(run, taken.outcome);
  // For people who read the status; verdicts come from the measurements one by one.
  if (taken.canary) run.canary.Add(*taken.canary);
  if (taken.stable) run.stable.Add(*taken.stable);
  if (run.last.size() == kTakenKept) run.last.erase(run.last.begin());
  run.last.push_back(std::move(taken));
  run.since = now.mono;
  run.asked.reset();
  return run;
}

RunVerdict VerdictOf(const manifests::ProviderMetric& metric, const MetricRun& run,
                     bool background) {
  RunVerdict verdict = Judged(metric, run, background);
  verdict.numbers = NumbersOf(run);
  return verdict;
}

RunVerdict FinalVerdictOf(const manifests::ProviderMetric& metric, const MetricRun& run,
                          bool background) {
  RunVerdict verdict = Judged(metric, run, background);
  if (verdict.phase == RunPhase::kRunning) verdict = Ended(run);
  verdict.numbers = NumbersOf(run);
  return verdict;
}

std::optional<Duration> UntilNext(const manifests::ProviderMetric& metric, const MetricRun& run,
                                  bool background, Duration mono) {
  if (VerdictOf(metric, run, background).phase != RunPhase::kRunning) return std::nullopt;
  const auto left = [&](Duration from, Duration wait) {
    return std::max(Duration(0), from + wait - mono);
  };
  // An answer that never comes must not stop a metric: after its deadline the next is asked.
  if (run.asked) return left(*run.asked, metric.timeout + kAnswerGrace);
  Duration wait = metric.initial_delay;
  if (!run.last.empty())
    wait = run.last.back().outcome == Outcome::kError ? kErrorRetry
                                                      : metric.interval.value_or(kErrorRetry);
  return left(run.since.value_or(mono), wait);
}

}  // namespace portolan::reconciler
