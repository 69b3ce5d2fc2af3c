#include "tests/controller/api/api_fixture.h"

namespace portolan::controller {
namespace {

using manifests::Value;

class DriftRoutesTest : public ApiTest {
 protected:
  DriftRoutesTest() {
    edge.Push('a', MapsOf({{"quotas", "{a: 1, b: 2, token/x: 3}"}}));
    world.Pass(std::chrono::minutes(2));
  }
  Response Override(const std::string& body) { return Post("/v1/maps/quotas/override", body); }
};

TEST_F(DriftRoutesTest, AnOverrideIsServedWithItsOwnReasonAndListed) {
  const Response set =
      Override(R"({"key":"a","value":7,"forMs":3600000,"reason":"incident 4711"})");
  ASSERT_EQ(set.status, 200) << set.body;
  const Value entry = GetJson("/v1/maps/quotas/entries/a");
  EXPECT_EQ(entry.IntOr("value", 0), 7);
  EXPECT_EQ(entry.StringOr("reason", ""), "override");
  EXPECT_EQ(GetJson("/v1/maps/quotas/entries/b").StringOr("reason", ""), "static");
  const Value whole = GetJson("/v1/maps/quotas");
  EXPECT_EQ(whole.Find("entries")->IntOr("a", 0), 7);
  EXPECT_EQ(*whole.Find("overridden"), Value(Value::Array{"a"}));
  const Response lookup = Post("/v1/maps/quotas/lookup", R"({"keys":["a","b"]})");
  EXPECT_EQ(*Json(lookup).Find("overridden"), Value(Value::Array{"a"}));
  const Value listed = GetJson("/v1/overrides?map=quotas").Find("overrides")->as_array().at(0);
  EXPECT_EQ(listed.StringOr("actor", ""), "token:root");
  EXPECT_EQ(listed.StringOr("reason", ""), "incident 4711");
  EXPECT_EQ(listed.IntOr("value", 0), 7);
  EXPECT_EQ(GetJson("/v1/overrides").Find("overrides")->as_array().size(), 1u);
  EXPECT_TRUE(GetJson("/v1/overrides?map=limits").Find("overrides")->as_array().empty());
}

TEST_F(DriftRoutesTest, AnOverrideChangesTheEntityTag) {
  const std::string before(Get("/v1/maps/quotas").Header("ETag"));
  Override(R"({"key":"a","value":7,"forMs":60000,"reason":"x"})");
  EXPECT_NE(Get("/v1/maps/quotas").Header("ETag"), before);
  Post("/v1/maps/quotas/clear-override", R"({"key":"a"})");
  EXPECT_EQ(Get("/v1/maps/quotas").Header("ETag"), before);
  EXPECT_EQ(GetJson("/v1/maps/quotas/entries/a").IntOr("value", 0), 1);
}

TEST_F(DriftRoutesTest, TheVersionItselfIsReadWithoutOverrides) {
  Override(R"({"key":"a","value":7,"forMs":60000,"reason":"x"})");
  const Value itself = GetJson("/v1/maps/quotas?arm=stable&overrides=off");
  EXPECT_EQ(itself.Find("entries")->IntOr("a", 0), 1);
  EXPECT_EQ(itself.Find("overridden"), nullptr);
}

TEST_F(DriftRoutesTest, AnOverrideIsRefusedWithoutAnEndOrAgainstTheRules) {
  EXPECT_EQ(Override(R"({"key":"a","value":7,"reason":"for ever"})").status, 409);
  EXPECT_EQ(Override(R"({"key":"a","value":null,"forMs":1000,"reason":"x"})").status, 400);
  EXPECT_EQ(Override(R"({"key":"a","forMs":1000,"reason":"x"})").status, 400);
  EXPECT_EQ(Post("/v1/maps/nobody/override", R"({"key":"a","value":1})").status, 404);
  EXPECT_EQ(Override("").status, 400);
}

TEST_F(DriftRoutesTest, AnOverrideNeedsTheRightToOperate) {
  EXPECT_EQ(Send({"POST", "/v1/maps/quotas/override", "{}"}, "reader").status, 403);
}

TEST_F(DriftRoutesTest, ASuspensionIsShownUntilItEnds) {
  ASSERT_EQ(Post("/v1/maps/quotas/suspend", R"({"forMs":7200000,"reason":"sale"})").status, 200);
  const Value status = GetJson("/v1/maps/quotas/status");
  EXPECT_EQ(status.Find("suspended")->StringOr("reason", ""), "sale");
  ASSERT_EQ(Post("/v1/maps/quotas/unsuspend", "").status, 200);
  EXPECT_TRUE(GetJson("/v1/maps/quotas/status").Find("suspended")->is_null());
}

TEST_F(DriftRoutesTest, DriftIsComparedNowAndShownBesideOverrides) {
  Override(R"({"key":"a","value":7,"forMs":3600000,"reason":"incident"})");
  mapcore::LiveState tampered;
  tampered.stable = VersionOf({{"a", "1"}, {"b", "666"}, {"token/x", "3"}});
  tampered.overlay = VersionOf({{"a", "7"}});
  world.catalog.Publish("quotas", tampered);
  const Value drift = GetJson("/v1/drift?map=quotas");
  const Value map = drift.Find("maps")->as_array().at(0);
  const Value holder = map.Find("holders")->as_array().at(0);
  EXPECT_EQ(holder.StringOr("holder", ""), "daemon");
  EXPECT_EQ(holder.IntOr("keys", 0), 3);
  EXPECT_EQ(holder.IntOr("drifted", 0), 1);
  EXPECT_EQ(holder.Find("some")->as_array().at(0).StringOr("key", ""), "b");
  EXPECT_EQ(map.Find("overrides")->as_array().size(), 1u);
  EXPECT_TRUE(map.BoolOr("selfHeal", false));
  EXPECT_EQ(drift.Find("totals")->IntOr("driftedMaps", 0), 1);
  EXPECT_EQ(GetJson("/v1/drift").Find("maps")->as_array().size(), 2u);
  EXPECT_EQ(Get("/v1/drift?map=nobody").status, 404);
}

TEST_F(DriftRoutesTest, TheHistoryShowsWhatWas) {
  world.catalog.Publish("quotas", {});
  world.Pass(std::chrono::minutes(2));
  const Value drift = GetJson("/v1/drift");
  EXPECT_EQ(drift.Find("totals")->IntOr("driftedKeys", -1), 0) << "healed";
  double worst = 0;
  for (const Value& sample : drift.Find("history")->as_array())
    worst = std::max(worst, sample.Find("mapRate")->as_double());
  EXPECT_DOUBLE_EQ(worst, 0.5);
}

}  // namespace
}  // namespace portolan::controller
