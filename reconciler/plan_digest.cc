#include "reconciler/plan_digest.h"

#include "manifests/value.h"

namespace portolan::reconciler {

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
