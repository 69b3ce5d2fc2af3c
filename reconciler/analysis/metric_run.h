#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reconciler/analysis/metric_condition.h"

namespace portolan::reconciler {

constexpr std::size_t kTakenKept = 10;                       // newest measurements of a run
constexpr Duration kErrorRetry = std::chrono::seconds(10);   // as Argo Rollouts
constexpr Duration kAnswerGrace = std::chrono::seconds(30);  // past the timeout: the ask was lost

// One measurement that was judged.
struct TakenMeasurement {
  MeasurementOutcome outcome = MeasurementOutcome::kError;
  std::string message;
  std::optional<double> canary;  // mean; none of an error
  std::optional<double> stable;
  WallTime at{};
};

// Mean and variance of a value over all measurements of a run.
struct RunningMoments {
  std::int64_t count = 0;
  double mean = 0;
  double squares = 0;  // sum of the squared distances from the mean

  void Add(double value);
  double Variance() const;  // with n - 1; 0 below two values
};

// How far the measurements of one metric are. A measurement counts by its outcome; errors count
// apart, and a measurement without one ends their row.
struct MetricRun {
  std::int64_t successful = 0;
  std::int64_t failed = 0;
  std::int64_t inconclusive = 0;
  std::int64_t errors = 0;
  std::int64_t errors_in_a_row = 0;
  RunningMoments canary;
  RunningMoments stable;
  std::vector<TakenMeasurement> last;  // oldest first, at most kTakenKept
  std::uint64_t asks = 0;              // the number of the last request
  // Monotonic times, unknown after a restart, and then counted anew: a wait begins (the start, or
  // the last measurement), and a request is under way.
  std::optional<Duration> since;
  std::optional<Duration> asked;

  // Those that are not errors: `count` is compared with it.
  std::int64_t counted() const { return successful + failed + inconclusive; }
};

// How many measurements the metric takes; none: as long as the run lasts. In a step without `count`
// one; in the background without `interval` one.
std::optional<std::int64_t> CountOf(const manifests::ProviderMetric& metric, bool background);

enum class RunPhase { kRunning, kSuccessful, kFailed, kError, kInconclusive };
std::string_view RunPhaseName(RunPhase phase);  // "Running", "Successful", …

// The number of a verdict that says how many measurements were successful.
inline constexpr std::string_view kSuccessfulCount = "successful";

struct RunVerdict {
  RunPhase phase = RunPhase::kRunning;
  std::string message;  // one sentence with the numbers
  // The counts, and mean and variance of the arms over all measurements, by name; all finite.
  std::vector<std::pair<std::string, double>> numbers = {};
};

// The run after one more measurement, at `now`. It is judged by the metric's condition; an error is
// never a success.
MetricRun AddMeasurement(MetricRun run, const manifests::ProviderMetric& metric,
                         const Measurement& measurement, const Now& now);

// Failed, inconclusive and consecutive errors are compared with their limits by `>`, as in Argo
// Rollouts. Unlike there a run that took its measurements is successful only when one of them was:
// otherwise it is inconclusive.
RunVerdict VerdictOf(const manifests::ProviderMetric& metric, const MetricRun& run,
                     bool background);
// The same for a run that is ended now, with the bake, for example: no run stays kRunning, and one
// without a successful measurement is inconclusive.
RunVerdict FinalVerdictOf(const manifests::ProviderMetric& metric, const MetricRun& run,
                          bool background);

// How long until the next measurement is to be asked for, 0 when it is due; none when there will be
// no further one, as after a verdict. The first waits for initialDelay, one after an error for
// kErrorRetry, others for `interval`. A request under way is waited for, at most the metric's
// timeout and kAnswerGrace.
std::optional<Duration> UntilNext(const manifests::ProviderMetric& metric, const MetricRun& run,
                                  bool background, Duration mono);

}  // namespace portolan::reconciler
