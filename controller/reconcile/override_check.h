#pragma once

#include <memory>
#include <set>
#include <string>

#include "controller/reconcile/policy_gate.h"
#include "manifests/desired_state.h"
#include "manifests/value.h"
#include "mapcore/base/clock.h"

namespace portolan::controller {

// What an override of a map of one source has to pass: the maps' schemas as of the last commit that
// declared them well, and the policies that judge now. Immutable, thread-safe.
struct OverrideRules {
  manifests::DesiredState desired;  // revision and maps
  PolicyGate gate;
  std::set<std::string> regulated = {};  // maps that wait for signed answers
};

struct OverrideWish {
  std::string map;
  std::string key;
  manifests::Value value;
  std::string actor;
};

// What the map serves, and what masks it and the other maps.
struct ServedMap {
  const mapcore::MapVersion& version;
  reconciler::ServedMarks masked;
};

// The value as it may be overridden with, in canonical JSON. What an error says shows no value that
// is masked where it is served, also when git marks it no more.
// Errors: kInvalid when it breaks the map's schema or keySchema, kDenied when a hard policy says
// no (soft ones ask for an approval of a commit, and an override is none) or the map is regulated,
// kUnavailable when the map's rules are not known.
Result<std::string> CheckOverride(const OverrideRules& rules, const OverrideWish& wish,
                                  const ServedMap& served, WallTime now);

}  // namespace portolan::controller
