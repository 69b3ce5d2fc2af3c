#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "mapcore/base/clock.h"

namespace portolan::manifests {

// The points of a range query: one every `step` over the `window` that ends now.
struct RangeQuery {
  Duration window{0};
  Duration step{0};

  friend bool operator==(const RangeQuery&, const RangeQuery&) = default;
};

// Asks a Prometheus server. Providers are names of the daemon's configuration: a manifest never
// says where a server is, nor which secret it gets.
struct PrometheusSource {
  std::string provider;
  std::string query;  // PromQL with placeholders (query_template.h)
  std::optional<RangeQuery> range;

  friend bool operator==(const PrometheusSource&, const PrometheusSource&) = default;
};

// Asks a web server for JSON and takes the number, or the list of numbers, at a JSON pointer.
struct WebSource {
  std::string provider;
  std::string path;          // with placeholders, from '/': "/stats?arm={{arm}}"
  std::string json_pointer;  // RFC 6901
  std::string method = "GET";
  std::string body;  // of a POST; with placeholders

  friend bool operator==(const WebSource&, const WebSource&) = default;
};

// Who says that the canary differs from stable: the ratio of the means, or Mann and Whitney's test
// of the points' ranks, which knows how much of a difference chance makes.
enum class ComparisonJudge { kMean, kMannWhitney };
inline constexpr std::array<std::string_view, 2> kComparisonJudgeNames = {"mean", "mannWhitney"};
// Which difference is worse; of kMean always kIncrease.
enum class Direction { kIncrease, kDecrease, kEither };
inline constexpr std::array<std::string_view, 3> kDirectionNames = {"increase", "decrease",
                                                                    "either"};

// The canary against stable, of a number for which more is worse, such as a latency; or what
// `direction` says.
struct Comparison {
  // The queries (paths of a web source) of the two arms; both empty: the source's own, with
  // {{arm}}.
  std::string stable;
  std::string canary;
  std::optional<double> max_increase;        // 0.1 is 10 %: of the mean over the points
  std::optional<double> max_variance_ratio;  // of the points' variance, at least 1
  double ignore_below = 0;  // a canary at or below this has not increased, whatever stable has
  ComparisonJudge judge = ComparisonJudge::kMean;
  // Of kMannWhitney:
  Direction direction = Direction::kIncrease;
  double confidence = 0.98;            // of the interval of the shift, within (0, 1)
  std::optional<double> max_decrease;  // as max_increase, downwards: 0.1 is 10 % less

  friend bool operator==(const Comparison&, const Comparison&) = default;
};

// A metric that some server measures, with the limits of a metric of Argo Rollouts under their
// names there (https://argo-rollouts.readthedocs.io/en/stable/features/analysis/).
struct ProviderMetric {
  std::string name;
  std::variant<PrometheusSource, WebSource> source;
  std::optional<Duration> interval;   // between measurements; none: one measurement
  Duration initial_delay{0};          // before the first
  std::optional<std::int64_t> count;  // measurements that are not errors
  std::int64_t failure_limit = 0;     // more than this many fail the metric; -1: none do
  std::int64_t inconclusive_limit = 0;
  std::int64_t consecutive_error_limit = 4;
  Duration timeout = std::chrono::seconds(3);  // of one measurement
  std::optional<double> min;                   // of every point; or
  std::optional<double> max;                   // of every point; or both; or
  std::optional<Comparison> compare;           // or
  // Expressions over `result`, what the canary's query gave; at least one. Empty: none.
  std::string success_condition;
  std::string failure_condition;

  bool has_expressions() const { return !success_condition.empty() || !failure_condition.empty(); }

  friend bool operator==(const ProviderMetric&, const ProviderMetric&) = default;
};

// The provider's name in the daemon's configuration.
inline const std::string& ProviderOf(const ProviderMetric& metric) {
  return std::visit([](const auto& source) -> const std::string& { return source.provider; },
                    metric.source);
}

}  // namespace portolan::manifests
