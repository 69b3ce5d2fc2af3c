#include "tests/controller/api/api_fixture.h"

namespace portolan::controller {
namespace {

class VerbRoutesTest : public ApiTest {};

TEST_F(VerbRoutesTest, AnswersWithWhatHappenedAndTheNewStatus) {
  StartRollout();
  const Response response =
      Send({"POST", "/v1/maps/limits/pause", R"({"reason":"lunch"})"}, "operator");
  EXPECT_EQ(response.status, 200);
  const manifests::Value body = Json(response);
  EXPECT_EQ(body.StringOr("map", ""), "limits");
  EXPECT_EQ(body.StringOr("verb", ""), "pause");
  EXPECT_EQ(body.StringOr("outcome", ""), "accepted");
  ASSERT_NE(body.Find("status"), nullptr);
  EXPECT_EQ(body.Find("status")->StringOr("phase", ""), "Paused");
  EXPECT_TRUE(Contains(body.Find("status")->StringOr("message", ""), "token:operator: lunch"));
}

TEST_F(VerbRoutesTest, RefusesWithWhyAndWhatToDo) {
  const Response response = Post("/v1/maps/limits/abort", "");
  EXPECT_EQ(response.status, 409);
  EXPECT_TRUE(
      Contains(Problem(response), "conflict: cannot abort: no rollout of limits is in flight"));
}

TEST_F(VerbRoutesTest, KnowsNoUnknownMapAndNoUnknownVerb) {
  EXPECT_EQ(Post("/v1/maps/nobody/pause", "").status, 404);
  EXPECT_EQ(Post("/v1/maps/limits/explode", "").status, 404);
}

TEST_F(VerbRoutesTest, EveryVerbReachesItsMap) {
  for (const std::string verb : {"promote", "pause", "resume", "skip", "abort", "retry", "rollback",
                                 "lock", "unlock", "prune"}) {
    const Response response = Post("/v1/maps/limits/" + verb, "");
    EXPECT_TRUE(response.status == 200 || response.status == 409) << verb << " " << response.status;
  }
}

TEST_F(VerbRoutesTest, PromotesInFullWhenTheBodySaysSo) {
  StartRollout();
  EXPECT_EQ(Post("/v1/maps/limits/promote", "{}").status, 409);
  EXPECT_EQ(Post("/v1/maps/limits/promote", R"({"full":true})").status, 200);
  EXPECT_EQ(world.Served("limits").weight, mapcore::kWeightMax);
}

TEST_F(VerbRoutesTest, RollsBackToAVersionByNumberOrDigest) {
  world.Settle("limits", world.limits_2);
  world.Settle("limits", world.limits_3);
  EXPECT_EQ(Post("/v1/maps/limits/rollback", R"({"to":99})").status, 409);
  EXPECT_EQ(Post("/v1/maps/limits/rollback", R"({"to":1})").status, 200);
  EXPECT_EQ(world.Served("limits").stable, world.limits_1->digest().ToString());
  EXPECT_EQ(Post("/v1/maps/limits/lock", R"({"to":")" + world.limits_2->digest().ToString() + "\"}")
                .status,
            200);
  EXPECT_EQ(world.Served("limits").stable, world.limits_2->digest().ToString());
}

TEST_F(VerbRoutesTest, ARepeatedRequestGetsTheFirstAnswerAndActsOnce) {
  StartRollout();
  const std::string body = R"({"requestId":"r-1"})";
  const Response first = Post("/v1/maps/limits/skip", body);
  const Response again = Post("/v1/maps/limits/skip", body);
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(Json(again).StringOr("message", "-"), Json(first).StringOr("message", ""));
  EXPECT_EQ(world.Served("limits").step, 2u);
  const Response header =
      Send({"POST", "/v1/maps/limits/skip", "", {{"Portolan-Request-Id", "r-1"}}});
  EXPECT_EQ(header.status, 200);
  EXPECT_EQ(world.Served("limits").step, 2u);
}

TEST_F(VerbRoutesTest, RefusesABodyItCannotRead) {
  const std::pair<std::string, std::string> cases[] = {
      {"[]", "expected an object"},
      {"{", "1:"},
      {R"({"reason":")" + std::string(1'001, 'x') + "\"}", "reason"},
      {R"({"requestId":")" + std::string(129, 'x') + "\"}", "requestId"},
  };
  for (const auto& [body, part] : cases) {
    const Response response = Post("/v1/maps/limits/pause", body);
    EXPECT_EQ(response.status, 400);
    EXPECT_TRUE(Contains(Problem(response), part)) << response.body;
  }
}

TEST_F(VerbRoutesTest, AnAbortThatCannotBeStoredSaysThatItIsServed) {
  StartRollout();
  world.store.FailWrites(DiskFull());
  const Response response = Post("/v1/maps/limits/abort", "");
  EXPECT_EQ(response.status, 507);
  const manifests::Value body = Json(response);
  EXPECT_TRUE(body.BoolOr("served", false));
  EXPECT_EQ(body.StringOr("code", ""), "exhausted");
  EXPECT_TRUE(Contains(body.StringOr("detail", ""), "the disk is full"));
  EXPECT_EQ(world.Served("limits").canary, "-");
}

TEST_F(VerbRoutesTest, APromoteThatCannotBeStoredDoesNotSayThatItIsServed) {
  StartRollout();
  world.store.FailWrites(DiskFull());
  const Response response = Post("/v1/maps/limits/promote", R"({"full":true})");
  EXPECT_EQ(response.status, 507);
  EXPECT_FALSE(Json(response).BoolOr("served", false));
  EXPECT_EQ(world.Served("limits").weight, 5'000u);
}

TEST_F(VerbRoutesTest, ARefusedOverrideDoesNotShowWhatIsMaskedThoughGitMarksItNoMore) {
  FileTexts files = MarkedMaps("flags", "'beside ' + live['db/password']");
  edge.Push('a', files);
  auto approved = edge.source.ApprovePolicies(
      {edge.source.status().policy_plan.value().id, "user:sre", "reviewed"});
  edge.Look();
  ASSERT_TRUE(approved.get().ok());
  world.Pass(std::chrono::minutes(2));
  Post("/v1/maps/flags/pause", "");
  files["maps/flags.yaml"] = MapText("flags", "{a: 1}");
  edge.Push('b', files);
  ASSERT_EQ(world.Phase("flags"), "Held");
  const Response refused = Send({"POST", "/v1/maps/flags/override",
                                 R"({"key":"a","value":2,"forMs":3600000,"reason":"incident"})"},
                                "operator");
  EXPECT_EQ(refused.status, 403) << refused.body;
  EXPECT_TRUE(Contains(refused.body, "beside «sensitive")) << refused.body;
}

class ApproveTest : public VerbRoutesTest {
 protected:
  // "flags" goes from six keys to two, which waits for an approval.
  ApproveTest() {
    edge.Push('a', MapsOf({{"flags", "{a: 1, b: 1, c: 1, d: 1, e: 1, f: 1}"}}));
    world.Pass(std::chrono::minutes(2));
    edge.Push('b', MapsOf({{"flags", "{a: 1, b: 1}"}}));
    EXPECT_EQ(world.Phase("flags"), "Held");
    plan = world.rollouts.Find("flags")->target->plan.ToString();
  }
  std::string plan;
};

TEST_F(ApproveTest, StartsTheRolloutThatWaitedForIt) {
  EXPECT_EQ(Send({"POST", "/v1/plans/" + plan + "/approve"}, "operator").status, 403);
  const Response response = Send({"POST", "/v1/plans/" + plan + "/approve",
                                  R"({"reason":"cleanup","despite":"mass-delete-guard"})"},
                                 "boss");
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(Json(response).StringOr("plan", ""), plan);
  EXPECT_EQ(Json(response).StringOr("map", ""), "flags");
  EXPECT_EQ(world.Phase("flags"), "Stepping");
  EXPECT_EQ(Post("/v1/plans/" + plan + "/approve", "").status, 409);
  const manifests::Value shown = GetJson("/v1/plans/" + plan);
  ASSERT_EQ(shown.Find("approvals")->as_array().size(), 1u);
  EXPECT_EQ(shown.Find("approvals")->as_array()[0].StringOr("actor", ""), "token:boss");
  EXPECT_EQ(shown.Find("approvals")->as_array()[0].StringOr("reason", ""), "cleanup");
}

TEST_F(ApproveTest, APromoteBeforeItIsDenied) {
  const Response response = Post("/v1/maps/flags/promote", R"({"requestId":"r1"})");
  EXPECT_EQ(response.status, 403);
  EXPECT_TRUE(Contains(Problem(response), "denied: the plan waits for an approval: portolan"));
  EXPECT_EQ(Post("/v1/maps/flags/promote", R"({"requestId":"r1"})").status, 403);
}

TEST_F(ApproveTest, RefusesAPlanThatNobodyWaitsForAnyMore) {
  edge.Push('c', MapsOf({{"flags", "{a: 1}"}}));
  EXPECT_EQ(Post("/v1/plans/" + plan + "/approve", "").status, 409);
  EXPECT_EQ(world.Phase("flags"), "Held");
}

TEST_F(ApproveTest, KnowsNoUnknownPlan) {
  EXPECT_EQ(Post("/v1/plans/" + Sha256Of("x").ToString() + "/approve", "").status, 404);
  EXPECT_EQ(Post("/v1/plans/sha256:12/approve", "").status, 400);
}

}  // namespace
}  // namespace portolan::controller
