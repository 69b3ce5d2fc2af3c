#pragma once

#include <optional>
#include <string>

#include "manifests/strategy.h"
#include "mapcore/base/digest.h"

namespace portolan::reconciler {

// What an approval is given for: which map goes from which content to which, by which recipe,
// where. The commit is not part of it: a rebase, an amended message or a revert to the same content
// keeps an approval.
struct PlanIdentity {
  std::string map;
  std::optional<Digest> base;  // none: first version
  Digest target;
  std::string environment;
};

// The digest's preimage: canonical JSON of {base, environment, map, strategy, target}; base is null
// for a first version, strategy as StrategyToValue writes it.
std::string PlanPreimage(const PlanIdentity& identity, const manifests::Strategy& strategy);

// SHA-256 of the preimage: the MapPlan's id.
Digest PlanDigest(const PlanIdentity& identity, const manifests::Strategy& strategy);

}  // namespace portolan::reconciler
