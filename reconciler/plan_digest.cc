#include "reconciler/plan_digest.h"

#include "manifests/value.h"

namespace portolan::reconciler {

// Canonical JSON rather than a binary form: a person can write it by hand and check an approval
// with sha256sum. A field that is added to the strategy must leave the bytes of plans without it
// as they are.
std::string PlanPreimage(const PlanIdentity& identity, const manifests::Strategy& strategy) {
  manifests::Value value;
  value.Set("map", identity.map);
  value.Set("base",
            identity.base ? manifests::Value(identity.base->ToString()) : manifests::Value());
  value.Set("target", identity.target.ToString());
  value.Set("strategy", manifests::StrategyToValue(strategy));
  value.Set("environment", identity.environment);
  return manifests::CanonicalJson(value);
}

Digest PlanDigest(const PlanIdentity& identity, const manifests::Strategy& strategy) {
  return Sha256Of(PlanPreimage(identity, strategy));
}

}  // namespace portolan::reconciler
