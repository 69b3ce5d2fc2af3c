#pragma once

#include <string_view>

#include "manifests/value.h"
#include "reconciler/plan.h"

namespace portolan::reconciler {

constexpr std::size_t kPlanChangesKept = 1'000;  // in a stored plan; counts are always exact
constexpr std::string_view kCliApiVersion = "portolan/cli/v1";

// The plan for programs: {apiVersion, kind: "Plan", revision, summary, maps, removed, rejected}.
// Nothing is cut. Within apiVersion v1 members are only added.
manifests::Value PlanToValue(const Plan& plan);

// One map of it. Values are JSON values; those of sensitive keys are strings that mask them, and
// the change says `sensitive: true`. Weights are integers of 100,000, durations seconds, digests in
// full.
manifests::Value MapPlanToValue(const MapPlan& plan);

}  // namespace portolan::reconciler
