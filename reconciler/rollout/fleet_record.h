#pragma once

#include "manifests/value.h"
#include "reconciler/rollout/fleet.h"

namespace portolan::reconciler {

// The stored form of a fleet, member `fleet` of a rollout's record: an object of instances by name
// (docs/state-format.md). When a lease was heard last is kept as wall time for people only: after a
// restart every lease begins anew.
manifests::Value FleetToValue(const Fleet& fleet);
// Errors: kCorrupt naming the field.
Result<Fleet> FleetFromValue(const manifests::Value& value);

}  // namespace portolan::reconciler
