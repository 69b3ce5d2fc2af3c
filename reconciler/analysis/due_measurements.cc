#include "reconciler/analysis/due_measurements.h"

#include <algorithm>

// Which metrics count where a rollout stands, and when each is asked again. Pure: asking is a
// value that the controller carries out, answers come back as values, and one that comes late or
// twice is told by its number and not taken.

namespace portolan::reconciler {
namespace {

constexpr Duration kWindowDefault = std::chrono::minutes(1);

void AddMetrics(const std::vector<manifests::AnalysisTemplate>& templates, bool background,
                bool compared, std::map<MetricKey, const manifests::ProviderMetric*>& metrics) {
  for (const manifests::AnalysisTemplate& analysis : templates)
    for (const manifests::ProviderMetric& metric : analysis.provider_metrics)
      if (compared || !metric.compare)
        // A template that a strategy names twice is measured once.
        metrics.emplace(MetricKey{background, analysis.name, metric.name}, &metric);
}

Duration WindowOf(const manifests::ProviderMetric& metric) {
  const auto* prometheus = std::get_if<manifests::PrometheusSource>(&metric.source);
  if (prometheus != nullptr && prometheus->range) return prometheus->range->window;
  return metric.interval.value_or(kWindowDefault);
}

MeasurementRequest RequestOf(const AnalysisScope& scope, const ActiveMetric& active,
                             std::uint64_t number) {
  MeasurementRequest request;
  request.map = scope.map;
  request.rollout = scope.rollout;
  request.step = scope.step + 1;
  request.key = active.key;
  request.number = number;
  request.metric = *active.metric;
  const std::string window = FormatDuration(WindowOf(*active.metric));
  request.canary = {scope.map, "canary", scope.canary.ToString(), window};
  if (scope.stable) request.stable = {scope.map, "stable", scope.stable->ToString(), window};
  return request;
}

}  // namespace

std::vector<ActiveMetric> ActiveMetrics(const manifests::Strategy& strategy,
                                        const AnalysisScope& scope) {
  std::map<MetricKey, const manifests::ProviderMetric*> metrics;
  const bool compared = scope.stable.has_value();
  AddMetrics(strategy.analysis, true, compared, metrics);
  if (!scope.baking && scope.step < strategy.steps.size())
    AddMetrics(strategy.steps[scope.step].analysis, false, compared, metrics);
  std::vector<ActiveMetric> active;
  for (const auto& [key, metric] : metrics) active.push_back({key, metric});
  return active;
}

std::vector<MeasurementRequest> DueMeasurements(const manifests::Strategy& strategy,
                                                const AnalysisScope& scope, MetricRuns& runs,
                                                const Now& now) {
  std::vector<MeasurementRequest> due;
  for (const ActiveMetric& active : ActiveMetrics(strategy, scope)) {
    MetricRun& run = runs[active.key];
    if (!run.since) run.since = now.mono;
    if (UntilNext(*active.metric, run, active.key.background, now.mono) != Duration(0)) continue;
    // Marked when asked, not when answered: a slow provider is not asked again and again.
    run.asked = now.mono;
    due.push_back(RequestOf(scope, active, ++run.asks));
  }
  return due;
}

std::optional<Duration> UntilDue(const manifests::Strategy& strategy, const AnalysisScope& scope,
                                 const MetricRuns& runs, Duration mono) {
  std::optional<Duration> soonest;
  for (const ActiveMetric& active : ActiveMetrics(strategy, scope)) {
    const auto run = runs.find(active.key);
    const auto wait = run == runs.end()
                          ? std::optional(Duration(0))
                          : UntilNext(*active.metric, run->second, active.key.background, mono);
    if (wait) soonest = std::min(soonest.value_or(*wait), *wait);
  }
  return soonest;
}

bool TakeMeasurement(const manifests::Strategy& strategy, const AnalysisScope& scope,
                     MetricRuns& runs, const Measurement& measurement, const Now& now) {
  if (measurement.rollout != scope.rollout) return false;
  if (!measurement.key.background && measurement.step != scope.step + 1) return false;
  const auto run = runs.find(measurement.key);
  // Of several requests only the last one's answer counts: an older one was given up, and may
  // describe another moment.
  if (run == runs.end() || !run->second.asked || run->second.asks != measurement.number)
    return false;
  for (const ActiveMetric& active : ActiveMetrics(strategy, scope)) {
    if (active.key != measurement.key) continue;
    run->second = AddMeasurement(std::move(run->second), *active.metric, measurement, now);
    return true;
  }
  return false;
}

void EndStepRuns(MetricRuns& runs) {
  std::erase_if(runs, [](const auto& entry) { return !entry.first.background; });
}

std::vector<MetricStanding> Standings(const manifests::Strategy& strategy,
                                      const AnalysisScope& scope, const MetricRuns& runs,
                                      bool ended) {
  static const MetricRun kNotStarted;
  std::vector<MetricStanding> standings;
  for (const ActiveMetric& active : ActiveMetrics(strategy, scope)) {
    const auto found = runs.find(active.key);
    const MetricRun& run = found == runs.end() ? kNotStarted : found->second;
    const bool background = active.key.background;
    standings.push_back({active.key, ended ? FinalVerdictOf(*active.metric, run, background)
                                           : VerdictOf(*active.metric, run, background)});
  }
  return standings;
}

}  // namespace portolan::reconciler
