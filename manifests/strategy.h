#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "manifests/metric.h"
#include "manifests/shadow.h"
#include "manifests/value.h"
#include "mapcore/base/clock.h"
#include "mapcore/traffic_split.h"

namespace portolan::manifests {

// What to do at a deadline or without data.
enum class OnNoData { kHold, kAbort, kAdvanceAfterSoak };
enum class OnDeadline { kRollback, kPromote };
enum class OnNewRevision { kRestart, kQueue };

// `pause`: with a duration a soak, without one a wait for `promote`.
struct Pause {
  std::optional<Duration> duration;
  Duration deadline = std::chrono::hours(24);  // of a pause without duration
  OnDeadline on_deadline = OnDeadline::kRollback;
};

// The largest and the smallest ratio of canary to stable that the evidence on reports tests. Limits
// of a metric lie between them, or nothing is left to test.
inline constexpr double kLargestTestedRatio = 100;
inline constexpr double kSmallestTestedRatio = 0.25;

// How a metric that clients report is judged. Those that servers measure are in metric.h.
struct ReportMetric {
  std::string name;
  std::string bad;  // the kind of bad event that clients report
  double max_ratio = 1.1;
  double alpha = 0.01;
  std::string require = "regressionOnly";  // regressionOnly | safe
  double safe_ratio = 2;
  double ok_below = 0.01;  // a ratio: 1% is 0.01

  friend bool operator==(const ReportMetric&, const ReportMetric&) = default;
};

struct AnalysisTemplate {
  std::string name;
  std::vector<ReportMetric> metrics;
  std::vector<ProviderMetric> provider_metrics = {};
};

// One `setWeight` and everything up to the next.
struct Step {
  std::uint32_t weight = 0;    // of 100,000
  Duration soak{0};            // sum of the timed pauses of the step
  std::optional<Pause> pause;  // a pause for a person, after the soak
  std::vector<AnalysisTemplate> analysis;
};

// How much of the fleet has to hold what a step gives it before the step counts, and for how long
// it is waited for before the rollout pauses.
struct Converge {
  std::optional<double> share;  // none: all of at most ten instances, else 95 %; 0: nobody
  Duration timeout = std::chrono::seconds(60);
};

// The recipe of a rollout, with every reference resolved: what a rollout freezes when it starts.
struct Strategy {
  std::string name = "default";
  std::optional<Shadow> shadow;            // a dual run before the first step
  std::vector<Step> steps;                 // weights rise strictly and end at 100 %
  std::vector<AnalysisTemplate> analysis;  // in the background, through every step and the bake
  std::int64_t min_lookups = 100;          // per arm and step, below 100 %
  OnNoData on_no_data = OnNoData::kHold;
  bool early_advance = false;  // evidence of safety in every metric ends a soak early
  Duration bake = std::chrono::minutes(5);
  // Kept on stable during the bake, of 100,000, so that it has somebody to be compared with; 0:
  // nobody. At most half, and never so much that the weight would fall after the last step.
  std::uint32_t holdback = 0;
  Duration progress_deadline = std::chrono::hours(1);
  OnNewRevision on_new_revision = OnNewRevision::kRestart;
  std::vector<mapcore::MatchRule> match;
  Converge converge;
  std::int64_t rollback_window_versions = 10;
  Duration rollback_window_age = std::chrono::hours(72);
};

inline constexpr std::uint32_t kHoldbackMax = mapcore::kWeightMax / 2;

// The largest holdback that the steps leave: the weight of the bake is not below theirs.
std::uint32_t LargestHoldback(const std::vector<Step>& steps);

// 5 %, 20 %, 100 %, soak 1m each, bake 5m.
Strategy DefaultStrategy();

// `default` and `fast`, which a source may name without declaring them. `fast` is for kill
// switches: 1 % for 10 s, then everybody, whether or not somebody reports; hard limits stop it all
// the same. None for other names.
std::optional<Strategy> BuiltInStrategy(std::string_view name);

// The strategy as the JSON that records keep, and back. Reading accepts what writing made, with
// missing fields at their defaults. Errors of reading: kCorrupt.
Value StrategyToValue(const Strategy& strategy);
Result<Strategy> StrategyFromValue(const Value& value);

}  // namespace portolan::manifests
