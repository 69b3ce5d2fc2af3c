#include "controller/reconcile/content_check.h"

#include "tests/controller/reconcile/world.h"
#include "tests/damaged_version.h"

namespace portolan::controller {
namespace {

class ContentCheckTest : public testing::Test {
 protected:
  ContentCheckTest() {
    EXPECT_TRUE(versions.Put(stable).ok());
    mapcore::LiveState state;
    state.stable = stable;
    catalog.Publish("limits", state);
  }

  MemoryStore disk;
  VersionCache versions{disk};
  mapcore::Catalog catalog;
  ContentCheck check{catalog, versions};
  mapcore::VersionPtr stable = VersionOf({{"a", "1"}, {"b", "2"}, {"c", "3"}});
};

TEST_F(ContentCheckTest, FindsNothingWhereEverythingIsAsItWasMade) {
  EXPECT_TRUE(check.Check("limits").empty());
  EXPECT_TRUE(check.Check("nobody's").empty());
}

TEST_F(ContentCheckTest, NamesTheEntriesThatChangedAndReadsTheVersionAnew) {
  DamageValue(*stable, "b");
  const std::vector<Damage> damages = check.Check("limits");
  ASSERT_EQ(damages.size(), 1u);
  EXPECT_EQ(damages[0].version.lock(), stable);
  EXPECT_EQ(damages[0].drifted, (reconciler::DriftedKeys{{"b", reconciler::DriftKind::kChanged}}));
  ASSERT_NE(damages[0].stored, nullptr);
  EXPECT_EQ(damages[0].stored->Find("b"), "2");
  EXPECT_EQ(versions.Get(stable->digest()).value(), damages[0].stored);
}

TEST_F(ContentCheckTest, SaysWhenTheVersionCannotBeReadAnew) {
  const auto lost = VersionOf({{"a", "9"}});
  mapcore::LiveState state;
  state.stable = lost;
  catalog.Publish("limits", state);
  DamageValue(*lost, "a");
  const std::vector<Damage> damages = check.Check("limits");
  ASSERT_EQ(damages.size(), 1u);
  EXPECT_EQ(damages[0].stored, nullptr);
  EXPECT_NE(damages[0].message.find("cannot be read again"), std::string::npos)
      << damages[0].message;
}

}  // namespace
}  // namespace portolan::controller
