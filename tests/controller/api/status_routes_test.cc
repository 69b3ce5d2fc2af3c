#include "tests/controller/api/api_fixture.h"

namespace portolan::controller {
namespace {

class StatusRoutesTest : public ApiTest {};

TEST_F(StatusRoutesTest, SaysEverythingAtOnce) {
  edge.Push('a', MapsOf({{"flags", "{a: 1}"}}));
  const manifests::Value body = GetJson("/v1/status");
  EXPECT_EQ(body.Find("daemon")->StringOr("version", ""), "1.2.3");
  EXPECT_EQ(body.Find("daemon")->StringOr("storeId", ""), "0123456789abcdef");
  EXPECT_TRUE(body.Find("daemon")->BoolOr("ready", false));
  EXPECT_EQ(body.Find("maps")->as_array().size(), 2u);
  EXPECT_EQ(body.Find("sources")->as_array().size(), 1u);
}

TEST_F(StatusRoutesTest, TheStatusOfAMapHasTheFieldsOfTheContract) {
  StartRollout();
  const manifests::Value body = GetJson("/v1/maps/limits/status");
  for (const std::string_view field :
       {"map",        "source",     "phase",    "reason", "message",  "sync",
        "syncReason", "conditions", "stable",   "target", "desired",  "rollout",
        "strategy",   "step",       "steps",    "weight", "soakMs",   "soakRequiredMs",
        "metrics",    "since",      "arms",     "plan",   "findings", "quarantine",
        "lock",       "paused",     "rejected", "now",    "nextAt"})
    EXPECT_NE(body.Find(field), nullptr) << field;
  EXPECT_EQ(body.StringOr("phase", ""), "Stepping");
  EXPECT_EQ(body.IntOr("weight", 0), 5'000);
  EXPECT_EQ(body.IntOr("step", 0), 1);
  EXPECT_EQ(body.Find("stable")->StringOr("digest", ""), world.limits_1->digest().ToString());
}

TEST_F(StatusRoutesTest, NamesTheKeysThatAreQuarantined) {
  StartRollout();
  EXPECT_EQ(Post("/v1/maps/limits/abort", "").status, 200);
  const manifests::Value body = GetJson("/v1/maps/limits/status");
  ASSERT_EQ(body.Find("quarantine")->as_array().size(), 1u);
  EXPECT_EQ(WriteJson(*body.Find("quarantine")->as_array()[0].Find("keys")), R"(["api/login"])");
}

TEST_F(StatusRoutesTest, SaysWhyTheNewestDeclarationOfAMapIsRejected) {
  edge.Push('a', MapsOf({{"flags", "{a: 1}"}}));
  edge.Push('b', MapsOf({{"flags", "{a: 1, a: 2}"}}));
  const manifests::Value body = GetJson("/v1/maps/flags/status");
  ASSERT_FALSE(body.Find("rejected")->as_array().empty());
  EXPECT_EQ(body.StringOr("sync", ""), "Diverged") << "git says something else than what is served";
  EXPECT_TRUE(Contains(body.Find("rejected")->as_array()[0].as_string(), "maps/flags.yaml:"));
}

TEST_F(StatusRoutesTest, ListsTheHistoryNewestFirst) {
  StartRollout();
  const manifests::Value body = GetJson("/v1/maps/limits/history");
  const auto& versions = body.Find("versions")->as_array();
  ASSERT_EQ(versions.size(), 2u);
  EXPECT_EQ(versions[0].IntOr("number", 0), 2);
  EXPECT_EQ(versions[0].StringOr("outcome", ""), "in-flight");
  EXPECT_EQ(versions[1].StringOr("outcome", ""), "live");
  EXPECT_TRUE(versions[1].BoolOr("knownGood", false));
}

TEST_F(StatusRoutesTest, GivesThePlanThatRunsOrNone) {
  edge.Push('a', MapsOf({{"flags", "{a: 1}"}}));
  const manifests::Value plan = GetJson("/v1/maps/flags/plan");
  EXPECT_EQ(plan.StringOr("map", ""), "flags");
  EXPECT_EQ(GetJson("/v1/plans/" + std::string(plan.StringOr("id", "")))
                .Find("approvals")
                ->as_array()
                .size(),
            0u);
  EXPECT_EQ(Get("/v1/maps/limits/plan").status, 404);
  EXPECT_EQ(Get("/v1/plans/" + Sha256Of("x").ToString()).status, 404);
  EXPECT_EQ(Get("/v1/plans/nonsense").status, 400);
}

TEST_F(StatusRoutesTest, KnowsNoUnknownMap) {
  for (const std::string what : {"status", "history", "plan", "why"})
    EXPECT_EQ(Get("/v1/maps/nobody/" + what).status, 404) << what;
}

}  // namespace
}  // namespace portolan::controller
