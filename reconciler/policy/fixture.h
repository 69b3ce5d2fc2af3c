#pragma once

#include "manifests/value.h"

namespace portolan::reconciler {

// The variables that a policy's test starts from: one update of a map `limits` for a target of tier
// prod, well approved and rolled out carefully, which a sound policy allows (docs/policies.md).
const manifests::Value& TestVariables();

// `over` laid on `base`: objects are merged key by key; an empty object, a list and any other kind
// replaces.
manifests::Value Merge(const manifests::Value& base, const manifests::Value& over);

}  // namespace portolan::reconciler
