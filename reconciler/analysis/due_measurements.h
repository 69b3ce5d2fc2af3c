#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "manifests/strategy.h"
#include "mapcore/base/digest.h"
#include "reconciler/analysis/metric_run.h"

namespace portolan::reconciler {

// Where a rollout stands, as far as its providers' metrics need to know.
struct AnalysisScope {
  std::string map;
  std::string rollout;           // id
  std::uint32_t step = 0;        // index into the strategy's steps
  bool baking = false;           // at 100 %: the analyses of steps have ended
  Digest canary;                 // the version that is judged
  std::optional<Digest> stable;  // while it is served too: without it nothing is compared
};

// The runs of the metrics of one rollout.
using MetricRuns = std::map<MetricKey, MetricRun>;

// A metric of a strategy that counts now. Borrows from the strategy.
struct ActiveMetric {
  MetricKey key;
  const manifests::ProviderMetric* metric = nullptr;
};

// The metrics that count in this scope, each once, in the order of their keys: those of the
// background, and outside the bake those of the step. Comparisons only with a stable arm.
std::vector<ActiveMetric> ActiveMetrics(const manifests::Strategy& strategy,
                                        const AnalysisScope& scope);

// The measurements to ask for now; they are marked as asked in `runs`, and metrics seen for the
// first time start their run. Pure. O(metrics).
std::vector<MeasurementRequest> DueMeasurements(const manifests::Strategy& strategy,
                                                const AnalysisScope& scope, MetricRuns& runs,
                                                const Now& now);

// How long until DueMeasurements may give something, without new answers; none: never.
std::optional<Duration> UntilDue(const manifests::Strategy& strategy, const AnalysisScope& scope,
                                 const MetricRuns& runs, Duration mono);

// Takes in an answer. False, and nothing changed, for an answer to another rollout or step, to a
// metric that does not count now, or to a request that was given up or answered before.
bool TakeMeasurement(const manifests::Strategy& strategy, const AnalysisScope& scope,
                     MetricRuns& runs, const Measurement& measurement, const Now& now);

// Forgets the runs of a step, when the next one begins: its metrics start anew. Those of the
// background go on; an answer that is still to come is not taken.
void EndStepRuns(MetricRuns& runs);

// A metric that counts and where it stands.
struct MetricStanding {
  MetricKey key;
  RunVerdict verdict;
};
// Of every active metric; with `ended`, as if its run ended now (FinalVerdictOf).
std::vector<MetricStanding> Standings(const manifests::Strategy& strategy,
                                      const AnalysisScope& scope, const MetricRuns& runs,
                                      bool ended);

}  // namespace portolan::reconciler
