#pragma once

#include "manifests/value.h"
#include "reconciler/analysis/shadow_evidence.h"

namespace portolan::reconciler {

// The stored form of a dual run's evidence, member `progress.shadow` of a rollout's record
// (docs/state-format.md).
manifests::Value ShadowEvidenceToValue(const ShadowEvidence& evidence);
// Errors: kCorrupt naming the field.
Result<ShadowEvidence> ShadowEvidenceFromValue(const manifests::Value& value);

}  // namespace portolan::reconciler
