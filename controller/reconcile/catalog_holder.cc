#include "controller/reconcile/catalog_holder.h"

namespace portolan::controller {

Result<reconciler::Holding> CatalogHolder::Read(const std::string& map) {
  mapcore::ReadGuard guard;
  const mapcore::LiveState* state = catalog_.Find(guard, map);
  return state == nullptr ? reconciler::Holding{} : reconciler::HoldingOf(*state);
}

Status CatalogHolder::Heal(const std::string& map, const mapcore::LiveState& should) {
  if (should.stable == nullptr && should.canary == nullptr)
    catalog_.Remove(map);
  else
    catalog_.Publish(map, should);
  return {};
}

}  // namespace portolan::controller
