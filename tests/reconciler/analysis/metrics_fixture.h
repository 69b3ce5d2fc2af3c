#pragma once

#include "reconciler/analysis/due_measurements.h"

namespace portolan::reconciler {

// A metric of `max: 10` on instant values.
inline manifests::ProviderMetric MaxMetric(std::string name) {
  manifests::ProviderMetric metric;
  metric.name = std::move(name);
  metric.source = manifests::PrometheusSource{"main", "up", {}};
  metric.max = 10;
  return metric;
}

inline manifests::ProviderMetric CompareMetric(std::string name) {
  manifests::ProviderMetric metric = MaxMetric(std::move(name));
  metric.max.reset();
  metric.compare.emplace().max_increase = 0.1;
  return metric;
}

// Two steps with the template `each` and `slow` in the background.
inline manifests::Strategy MeasuredStrategy() {
  manifests::AnalysisTemplate each{.name = "each",
                                   .metrics = {},
                                   .provider_metrics = {MaxMetric("errors"), CompareMetric("p95")}};
  manifests::AnalysisTemplate slow{
      .name = "slow", .metrics = {}, .provider_metrics = {MaxMetric("errors")}};
  slow.provider_metrics[0].interval = std::chrono::minutes(1);
  manifests::Strategy strategy;
  strategy.steps = {
      {.weight = 5'000, .soak = Duration(0), .pause = {}, .analysis = {each}},
      {.weight = 100'000, .soak = Duration(0), .pause = {}, .analysis = {each, each}}};
  strategy.analysis = {slow};
  return strategy;
}

inline AnalysisScope FirstStep() {
  AnalysisScope scope;
  scope.map = "limits";
  scope.rollout = "limits#7";
  scope.canary = Sha256Of("canary");
  scope.stable = Sha256Of("stable");
  return scope;
}

inline Measurement AnswerTo(const MeasurementRequest& request, double canary, double stable = 1) {
  Measurement measurement{
      request.map, request.rollout, request.step, request.key, request.number, Reading{}, {}};
  measurement.result =
      Reading{{1, canary, 0, canary, canary}, SampleSummary{1, stable, 0, stable, stable}, ""};
  return measurement;
}

}  // namespace portolan::reconciler
