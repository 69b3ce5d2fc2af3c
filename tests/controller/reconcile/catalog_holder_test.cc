#include "controller/reconcile/catalog_holder.h"

#include "tests/controller/reconcile/world.h"

namespace portolan::controller {
namespace {

TEST(CatalogHolder, HoldsWhatLookupsRead) {
  mapcore::Catalog catalog;
  CatalogHolder holder(catalog);
  EXPECT_EQ(holder.Read("limits")->stable, nullptr);
  mapcore::LiveState state;
  state.stable = VersionOf({{"a", "1"}});
  ASSERT_TRUE(holder.Heal("limits", state).ok());
  EXPECT_EQ(holder.Read("limits")->stable, state.stable);
}

TEST(CatalogHolder, DropsAMapThatNobodyShouldHold) {
  mapcore::Catalog catalog;
  CatalogHolder holder(catalog);
  mapcore::LiveState state;
  state.stable = VersionOf({{"a", "1"}});
  catalog.Publish("limits", state);
  ASSERT_TRUE(holder.Heal("limits", {}).ok());
  EXPECT_TRUE(catalog.Names().empty());
}

}  // namespace
}  // namespace portolan::controller
