#pragma once

#include "manifests/value.h"
#include "reconciler/analysis/due_measurements.h"

namespace portolan::reconciler {

// The runs as a rollout's record keeps them, and back: an array, ordered by key. Monotonic times
// are not kept: after a restart waits begin anew, and what was asked is asked again. Errors of
// reading: kCorrupt.
manifests::Value MetricRunsToValue(const MetricRuns& runs);
Result<MetricRuns> MetricRunsFromValue(const manifests::Value& value);

}  // namespace portolan::reconciler
