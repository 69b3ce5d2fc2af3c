#pragma once

#include "manifests/value.h"
#include "reconciler/rollout/rollout.h"

namespace portolan::reconciler {

manifests::Value HealToValue(const manifests::HealSettings& heal);
// Defaults for what is absent, also for a null value.
manifests::HealSettings HealFrom(const manifests::Value* value);

// Adds to a rollout's record what expires by itself, and how drift is healed.
void WriteOrders(const Rollout& rollout, manifests::Value& record);
// Reads what WriteOrders wrote; what is absent has its default. Errors: kCorrupt naming the field.
Status ReadOrders(const manifests::Value& record, Rollout& rollout);

}  // namespace portolan::reconciler
