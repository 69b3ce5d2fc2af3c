#pragma once

#include "manifests/metric.h"

namespace portolan::manifests {

// A metric in which every field differs from its default.
inline ProviderMetric FullMetric() {
  ProviderMetric metric;
  metric.name = "p95";
  metric.source = PrometheusSource{"main", "p95{arm=\"{{arm}}\"}",
                                   RangeQuery{std::chrono::minutes(10), Duration(30'000)}};
  metric.interval = Duration(30'000);
  metric.initial_delay = Duration(5'000);
  metric.count = 9;
  metric.failure_limit = 1;
  metric.inconclusive_limit = 2;
  metric.consecutive_error_limit = 3;
  metric.timeout = Duration(1'500);
  metric.compare.emplace();
  metric.compare->max_increase = 0.1;
  metric.compare->max_variance_ratio = 4.0;
  metric.compare->ignore_below = 0.25;
  return metric;
}

}  // namespace portolan::manifests
