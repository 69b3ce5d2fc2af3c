#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "manifests/strategy.h"
#include "reconciler/analysis/evidence.h"
#include "reconciler/analysis/verdict.h"

namespace portolan::reconciler {

// What the stable arm of the steps left to a bake without holdback, in which no stable arm is
// served: the counts of the step in which it was asked most. One step's, so that a subject counts
// once.
struct ControlArm {
  std::int64_t lookups = 0;
  std::int64_t subjects = 0;                // at least
  std::map<std::string, std::int64_t> bad;  // distinct subjects by kind
};

// Keeps the stable arm of a step when it was asked more than the one kept.
void KeepControl(ControlArm& control, const ArmEvidence& stable);

// All that the evidence on counts is judged by. References outlive the call.
struct EvidenceCase {
  const manifests::Strategy& strategy;
  std::uint32_t step = 0;  // index
  // The canary's, of 100,000: the step's, or in a bake what its holdback leaves.
  std::uint32_t weight = 0;
  const StepEvidence& evidence;
  const ControlArm& control;
  EvidenceUnit unit = EvidenceUnit::kSubject;

  bool baking() const { return strategy.steps[step].weight >= mapcore::kWeightMax; }
  // Whether both versions are served, so that they can be compared at the same time.
  bool both_served() const { return weight < mapcore::kWeightMax; }
};

// The metrics of a step: the strategy's in the background, and the step's own below 100 %.
std::vector<manifests::ReportMetric> MetricsOf(const manifests::Strategy& strategy,
                                               std::uint32_t step, bool baking);

// Tests over a whole rollout as its strategy has them, at least 1: metrics of each step below 100 %
// and of the bake. A metric's regression test passes at its alpha divided by this.
std::int64_t TestsOf(const manifests::Strategy& strategy);

struct EvidenceJudgement {
  std::vector<MetricVerdict> metrics;  // with "sample-ratio" when that check fails
  bool safe = false;                   // every metric has evidence of safety, and there is one
};

// Judges one step or the bake by the counts so far (docs/analysis.md). Linear in metrics; the
// counts may be looked at as often as one likes.
EvidenceJudgement JudgeEvidence(const EvidenceCase& judged);

}  // namespace portolan::reconciler
