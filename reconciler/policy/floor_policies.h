#pragma once

#include <memory>
#include <vector>

#include "reconciler/policy/policy.h"
#include "reconciler/policy/verdict.h"

namespace portolan::reconciler {

// The part of the built-in floor that is written as policies: canary-for-prod (soft) and
// no-secret-in-clear (hard), sorted by name. The other part, mass-delete-guard and empty-map, are
// FloorFindings() (reconciler/floor.h).
const std::vector<std::shared_ptr<const CompiledPolicy>>& FloorPolicies();

// The verdicts of mass-delete-guard and empty-map on a plan.
std::vector<PolicyVerdict> FloorVerdicts(const MapPlan& plan);

}  // namespace portolan::reconciler
