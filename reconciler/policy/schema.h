#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "manifests/policy_manifest.h"
#include "manifests/value.h"
#include "reconciler/policy/cel/type.h"

namespace portolan::reconciler {

// What policies can name (docs/policies.md). The order is that of the tables of values.
enum class Variable : std::uint8_t {
  kChange,     // scope change: the key's change
  kPlan,       // not in scope live
  kDesired,    // the map's entries after the change; not in scope live
  kLive,       // and as they are served now
  kMaps,       // the entries of every map of the commit, by name
  kManifest,   // of the map
  kCommit,     // not in scope live
  kApprovals,  // of this plan; not in scope live
  kRollout,    // not in scope live
  kTarget,
  kNow,
  kActor,
  kDrift,
  kParams,
};
constexpr std::size_t kVariableCount = 14;
inline constexpr std::array<std::string_view, kVariableCount> kVariableNames = {
    "change",    "plan",    "desired", "live", "maps",  "manifest", "commit",
    "approvals", "rollout", "target",  "now",  "actor", "drift",    "params"};

// Whether a policy of that scope may name the variable.
bool InScope(Variable variable, manifests::PolicyScope scope);

// Its type. That of `params` follows the policy's own: members are known by name.
cel::Type TypeOf(Variable variable, const manifests::Value& params);

}  // namespace portolan::reconciler
