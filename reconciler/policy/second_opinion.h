#pragma once

#include "reconciler/policy/variables.h"
#include "reconciler/policy/verdict.h"
#include "reconciler/ports/validators.h"

namespace portolan::reconciler {

// What a validator judges: a plan, or in scope live a map as it is served.
struct OpinionSubject {
  const MapPlan* plan = nullptr;                 // null in scope live
  const manifests::DesiredMap* map = nullptr;    // as it is declared; null: unknown
  const mapcore::MapVersion* entries = nullptr;  // after the plan, or as they are served
};

// The verdict of a policy whose judge is a validator (Policy::validator). Whatever goes wrong is
// the outcome kError; without `validators` everything does. Values of sensitive keys and secrets
// are masked in the request.
PolicyVerdict JudgeByValidator(const CompiledPolicy& policy, const VerdictInputs& inputs,
                               const OpinionSubject& subject, Validators* validators);

// What the validator reads (docs/policies.md).
manifests::Value ValidationRequest(const CompiledPolicy& policy, const TargetFacts& target,
                                   const OpinionSubject& subject);

}  // namespace portolan::reconciler
