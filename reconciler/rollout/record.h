#pragma once

#include "manifests/value.h"
#include "reconciler/rollout/rollout.h"

namespace portolan::reconciler {

// The stored form of a Rollout, record "rollout/<map>" (docs/state-format.md). Fields that a reader
// does not know are ignored, fields that are absent have their defaults, so that records of one
// format version stay readable.
inline constexpr int kMapFormat = 1;      // of a map on its own
inline constexpr int kRolloutFormat = 2;  // of groups and their maps

manifests::Value RolloutToValue(const Rollout& rollout);
// Errors: kCorrupt naming the field; kInvalid for a newer format than this program knows.
Result<Rollout> RolloutFromValue(const manifests::Value& value);

manifests::Value VersionRefToValue(const VersionRef& version);
manifests::Value ApprovalToValue(const Approval& approval);

}  // namespace portolan::reconciler
