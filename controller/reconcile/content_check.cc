#include "controller/reconcile/content_check.h"

namespace portolan::controller {

std::vector<Damage> ContentCheck::Check(const std::string& map) {
  // Held, not guarded: hashing takes longer than memory should wait to be reclaimed.
  std::vector<mapcore::VersionPtr> served;
  {
    mapcore::ReadGuard guard;
    const mapcore::LiveState* state = catalog_.Find(guard, map);
    if (state != nullptr) served = {state->stable, state->canary};
  }
  std::vector<Damage> damages;
  for (const mapcore::VersionPtr& version : served) {
    const Status intact = version == nullptr ? Status() : version->Verify();
    if (intact.ok()) continue;
    Damage damage{version, nullptr, {}, intact.error().message};
    const auto stored = versions_.Reload(version->digest());
    if (stored.ok()) {
      damage.stored = *stored;
      damage.drifted = reconciler::CompareContents(**stored, *version);
    } else {
      damage.message += ", and it cannot be read again: " + stored.error().message;
    }
    damages.push_back(std::move(damage));
  }
  return damages;
}

}  // namespace portolan::controller
