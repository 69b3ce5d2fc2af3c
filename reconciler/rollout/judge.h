#pragma once

#include <vector>

#include "reconciler/analysis/verdict.h"
#include "reconciler/rollout/rollout.h"

namespace portolan::reconciler {

// What the rollout's metrics say of its present step or bake.
struct StepJudgement {
  std::vector<MetricVerdict> metrics;  // of reports, then of providers
  bool safe = false;                   // every metric of reports has evidence of safety
  bool measuring = false;  // a metric of the step itself is still being measured by its provider
};
// Nothing without a target.
StepJudgement JudgementOf(const Rollout& rollout);

// The first metric that speaks against ending the bake now: one that failed, could not be decided,
// or was never measured. None: the version may become known good.
std::optional<MetricVerdict> BakeObstacle(const Rollout& rollout);

// Where the rollout stands for the metrics of providers; it must have a target.
AnalysisScope ScopeOf(const Rollout& rollout);

// What a subject of the rollout's evidence is.
EvidenceUnit UnitOf(const Rollout& rollout);

}  // namespace portolan::reconciler
