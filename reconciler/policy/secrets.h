#pragma once

#include "reconciler/plan.h"
#include "reconciler/policy/compiled_set.h"

namespace portolan::reconciler {

// Notes in plan.secrets the keys whose value, before or after, looks like a secret in clear: those
// that no-secret-in-clear denies, as the built-in floor has it and as `policies` has it (null: the
// floor alone). A secret that was committed must not be printed on top: every rendering of the plan
// and every verdict redacts these keys. A policy of that name counts here as far as it is about the
// change alone. O(changes); values without a text cost nothing.
void MarkSecrets(const CompiledSet* policies, MapPlan& plan);

}  // namespace portolan::reconciler
