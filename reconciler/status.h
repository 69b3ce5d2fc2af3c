#pragma once

#include <string>
#include <vector>

#include "manifests/value.h"
#include "reconciler/drift.h"
#include "reconciler/rollout/rollout.h"

namespace portolan::reconciler {

// Whether a thing is done, under way or stuck, as kstatus and Flux say it. Exactly one of Ready,
// Reconciling and Stalled is true.
struct Condition {
  std::string type;  // "Ready" | "Reconciling" | "Stalled"
  bool status = false;
  std::string reason;
  std::string message;
};
std::vector<Condition> ConditionsOf(const Rollout& rollout);

// How git and what is served relate.
enum class SyncState { kSynced, kProgressing, kDiverged };
struct SyncStatus {
  SyncState state;
  std::string reason;
};
SyncStatus SyncOf(const Rollout& rollout);

// The weight that clients see now, of 100,000.
std::uint32_t WeightOf(const Rollout& rollout);

// MapStatus of docs/http-api.md.
manifests::Value MapStatusToValue(const Rollout& rollout, WallTime now);

// The instances that acknowledge the map, as docs/http-api.md shows them, by name. `now_mono`: what
// is left of the leases depends on it.
manifests::Value InstancesToValue(const Rollout& rollout, Duration now_mono);
// The overrides of a map, those of sensitive keys masked unless the reader `sees_sensitive` values.
manifests::Value::Array OverridesToJson(const Rollout& rollout, bool sees_sensitive);
// The keys that a drift names, as {key, kind}.
manifests::Value::Array DriftedKeysToJson(const Drift& drift);

// The history as docs/http-api.md shows it, newest first.
manifests::Value HistoryToJson(const Rollout& rollout);

}  // namespace portolan::reconciler
