#pragma once

#include <string>

#include "manifests/loader.h"
#include "tests/manifests/load_fixture.h"

namespace portolan::manifests {

// The spec of a policy that allows plans of at most 10 %.
inline constexpr char kMaxPercent[] = R"yaml(  scope: plan
  level: soft
  params: {maxPercent: 10.0}
  rule: plan.first || plan.percent <= params.maxPercent
  message: "'changes ' + string(plan.changed)"
  tests:
  - expect: allow
  - {name: many, vars: {plan: {percent: 10.5, changed: 21}}, expect: deny, message: changes 21}
)yaml";

inline DesiredState LoadPolicies(const Artifact& artifact) {
  return Loader().Load(artifact).value();
}

inline DesiredState LoadPolicies(const MemorySource& source) {
  return LoadPolicies(source.Get());
}

inline std::string Errors(const DesiredState& state) {
  return FormatDiagnostics(state.policies.errors);
}

}  // namespace portolan::manifests
