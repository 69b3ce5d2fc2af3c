#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "manifests/metric.h"
#include "manifests/query_template.h"
#include "manifests/value.h"
#include "mapcore/base/clock.h"
#include "reconciler/analysis/mann_whitney.h"
#include "reconciler/analysis/sample_summary.h"

namespace portolan::reconciler {

// Which metric of a rollout: in its step, or in the background through all steps and the bake.
struct MetricKey {
  bool background = false;
  std::string analysis;  // the template's name
  std::string metric;

  friend auto operator<=>(const MetricKey&, const MetricKey&) = default;
};

// One measurement that is due: what the control loop asks of the providers, and what of the answer
// tells whose it is.
struct MeasurementRequest {
  std::string map;
  std::string rollout;     // id
  std::uint32_t step = 0;  // 1-based
  MetricKey key;
  std::uint64_t number = 0;  // of the ask, from 1
  manifests::ProviderMetric metric;
  manifests::QueryValues canary;  // fills in the query of the canary
  manifests::QueryValues stable;  // that of stable, for a comparison
};

// The numbers of one measurement.
struct Reading {
  SampleSummary canary;
  std::optional<SampleSummary> stable;  // of a comparison
  std::string note;                     // what the provider warned of, or empty
  // What the conditions of a metric that has expressions see as `result`. Without numbers in it
  // (a web server may answer anything) `canary` has no points.
  std::optional<manifests::Value> result = {};
  // Of a comparison by Mann and Whitney's test: the canary's points against stable's
  // (RelativeShift).
  std::optional<Shift> shift = {};
};

// The answer to a request: a reading, or why there is none.
struct Measurement {
  std::string map;
  std::string rollout;
  std::uint32_t step = 0;
  MetricKey key;
  std::uint64_t number = 0;
  std::variant<Reading, Error> result;
  WallTime at{};
};

}  // namespace portolan::reconciler
