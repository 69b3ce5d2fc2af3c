#pragma once

#include "manifests/value.h"
#include "reconciler/rollout/rollout.h"

namespace portolan::reconciler {

// The dual run of the rollout as docs/http-api.md shows it (`shadow`): counts, limits, and the keys
// that disagree most with an example each, those of sensitive keys masked unless the reader
// `sees_sensitive` values. Null when the rollout has none. The example of a key names its subject
// by hash only.
manifests::Value ShadowStatus(const Rollout& rollout, bool sees_sensitive);

}  // namespace portolan::reconciler
