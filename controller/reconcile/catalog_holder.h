#pragma once

#include "reconciler/ports/holder.h"

namespace portolan::controller {

// What this process serves, as a holder: the catalog that lookups read, which is not what the
// records say when a version could not be read in time or somebody else published. Thread-safe.
class CatalogHolder final : public reconciler::Holder {
 public:
  // `catalog` outlives this.
  explicit CatalogHolder(mapcore::Catalog& catalog) : catalog_(catalog) {}

  std::string_view name() const override { return "daemon"; }
  Result<reconciler::Holding> Read(const std::string& map) override;
  Status Heal(const std::string& map, const mapcore::LiveState& should) override;

 private:
  mapcore::Catalog& catalog_;
};

}  // namespace portolan::controller
