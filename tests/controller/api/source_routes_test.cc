#include "controller/http/hmac.h"
#include "tests/controller/api/api_fixture.h"

namespace portolan::controller {
namespace {

class SourceRoutesTest : public ApiTest {
 protected:
  // The answer of a request that waits until the source has looked.
  Response SendWhileLooking(const Call& call) {
    auto answer = std::async(std::launch::async, [&] {
      Request request;
      request.method = call.method;
      request.target = call.target;
      request.body = call.body;
      request.headers = {{"Authorization", "Bearer root"}};
      return router.Serve(request);
    });
    edge.source.Wait(std::chrono::minutes(10));
    edge.Look();
    return answer.get();
  }

  // Looks as often as the source is due; true when that asked the remote.
  bool LooksNow() {
    const int before = edge.git.fetches;
    edge.Look();
    return edge.git.fetches > before;
  }

  Response Hook(const std::string& target, const std::string& body, HeaderList headers,
                const std::string& from) {
    Request request;
    request.method = "POST";
    request.target = target;
    request.body = body;
    request.headers = std::move(headers);
    request.peer.address = from;
    return router.Serve(request);
  }
};

TEST_F(SourceRoutesTest, ListsTheSources) {
  edge.Push('a', MapsOf({{"flags", "{a: 1}"}}));
  const manifests::Value body = GetJson("/v1/sources");
  ASSERT_EQ(body.Find("sources")->as_array().size(), 1u);
  const manifests::Value& source = body.Find("sources")->as_array()[0];
  EXPECT_EQ(source.StringOr("name", ""), "edge");
  EXPECT_EQ(source.StringOr("revision", ""), "main@sha1:" + ScriptedGit::Name('a'));
}

TEST_F(SourceRoutesTest, SyncAnswersAfterTheLookWithThePhaseOfEachMap) {
  edge.Push('a', MapsOf({{"flags", "{a: 1}"}}));
  FileTexts files = MapsOf({{"flags", "{a: 1}"}, {"odd", "{a: 1, a: 2}"}});
  edge.git.Push('b', files);
  const Response response = SendWhileLooking({"POST", "/v1/sources/edge/sync"});
  EXPECT_EQ(response.status, 200);
  const manifests::Value body = Json(response);
  EXPECT_EQ(body.StringOr("revision", ""), "main@sha1:" + ScriptedGit::Name('b'));
  ASSERT_EQ(body.Find("maps")->as_array().size(), 2u);
  EXPECT_EQ(body.Find("maps")->as_array()[0].StringOr("phase", ""), world.Phase("flags"));
  EXPECT_EQ(body.Find("maps")->as_array()[1].StringOr("phase", ""), "Rejected");
}

TEST_F(SourceRoutesTest, AcceptFollowsTheTipThatWaits) {
  edge.Push('a', MapsOf({{"flags", "{a: 1}"}}));
  EXPECT_EQ(Post("/v1/sources/edge/accept", R"({"revision":"bbbbbbbbbb"})").status, 409);
  edge.Push('b', MapsOf({{"flags", "{a: 2}"}}), reconciler::BranchMove::kRewritten);
  EXPECT_EQ(Post("/v1/sources/edge/accept", "{}").status, 400);
  const Response response =
      SendWhileLooking({"POST", "/v1/sources/edge/accept", R"({"revision":"bbbbbbbbbb"})"});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(edge.source.status().followed, ScriptedGit::Name('b'));
}

TEST_F(SourceRoutesTest, KnowsNoUnknownSource) {
  EXPECT_EQ(Post("/v1/sources/nobody/sync", "").status, 404);
  EXPECT_EQ(Post("/v1/sources/nobody/accept", R"({"revision":"bbbbbbbbbb"})").status, 404);
  EXPECT_EQ(Post("/v1/hooks/git?source=nobody", "").status, 404);
}

TEST_F(SourceRoutesTest, AHookMakesTheSourceLook) {
  edge.Push('a', MapsOf({{"flags", "{a: 1}"}}));
  ASSERT_FALSE(LooksNow());
  EXPECT_EQ(Hook("/v1/hooks/git?source=edge", "not even JSON", {}, "127.0.0.1").status, 202);
  EXPECT_TRUE(LooksNow());
  EXPECT_EQ(Hook("/v1/hooks/git", "", {}, "::1").status, 202);
  EXPECT_TRUE(LooksNow());
}

TEST_F(SourceRoutesTest, AnUnsignedHookOfAnotherMachineIsDenied) {
  edge.Push('a', MapsOf({{"flags", "{a: 1}"}}));
  EXPECT_EQ(Hook("/v1/hooks/git", "", {}, "192.0.2.7").status, 403);
  EXPECT_FALSE(LooksNow());
}

TEST_F(SourceRoutesTest, WithASecretOnlyASignedHookCounts) {
  edge.Push('a', MapsOf({{"flags", "{a: 1}"}}));
  api.hook_secret = "s3cret";
  const std::string body = R"({"ref":"refs/heads/main"})";
  const std::string good = "sha256=" + HmacSha256Hex("s3cret", body);
  const std::string header = "X-Hub-Signature-256";
  EXPECT_EQ(Hook("/v1/hooks/git", body, {}, "127.0.0.1").status, 401);
  EXPECT_EQ(Hook("/v1/hooks/git", body, {{header, good.substr(7)}}, "127.0.0.1").status, 401);
  EXPECT_EQ(Hook("/v1/hooks/git", body + " ", {{header, good}}, "127.0.0.1").status, 401);
  EXPECT_EQ(Hook("/v1/hooks/git", body, {{header, "sha256=" + HmacSha256Hex("other", body)}}, "::1")
                .status,
            401);
  EXPECT_FALSE(LooksNow());
  EXPECT_EQ(Hook("/v1/hooks/git", body, {{header, good}}, "192.0.2.7").status, 202);
  EXPECT_TRUE(LooksNow());
}

TEST_F(SourceRoutesTest, RollBackPoliciesHoldsAPlanForAnOwner) {
  const auto files = [](const std::string& rule) {
    FileTexts texts = MapsOf({{"flags", "{a: 1}"}});
    texts["few.yaml"] =
        "apiVersion: portolan/v1\nkind: Policy\nmetadata: {name: few, owner: o}\nspec:\n"
        "  scope: plan\n  level: hard\n  rule: " +
        rule + "\n";
    return texts;
  };
  const auto send = [&](const std::string& to) {
    return SendWhileLooking({"POST", "/v1/sources/edge/policies/rollback",
                             R"({"to":")" + to + R"(","reason":"too loose"})"});
  };
  for (const char commit : {'a', 'b'}) {
    edge.Push(commit, files(commit == 'a' ? "plan.changed < 2" : "plan.changed < 9"));
    const auto plan = edge.source.status().policy_plan;
    ASSERT_TRUE(plan);
    auto approved = edge.source.ApprovePolicies({plan->id, "token:boss", "reviewed"});
    edge.Look();
    ASSERT_TRUE(approved.get().ok());
    world.clock.Advance(std::chrono::minutes(11));
    edge.Look();
  }
  ASSERT_EQ(edge.source.status().policies, ScriptedGit::Name('b'));
  const Response response = send("previous");
  ASSERT_EQ(response.status, 200) << response.body;
  const manifests::Value body = Json(response);
  EXPECT_EQ(body.StringOr("plan", ""), edge.source.status().policy_plan->id.ToString());
  EXPECT_TRUE(Contains(std::string(body.StringOr("message", "")), "wait for an owner"));
  const manifests::Value& policies = *body.Find("status")->Find("policies");
  EXPECT_EQ(policies.Find("pending")->Find("rollback")->StringOr("by", ""), "token:root");
  EXPECT_EQ(policies.Find("accepted")->as_array().size(), 2u);
  EXPECT_FALSE(policies.BoolOr("rolledBack", true));
  EXPECT_EQ(send("ccccccc").status, 404);
}

TEST_F(SourceRoutesTest, RollBackPoliciesWantsATargetAReasonAndTheScopeOperate) {
  const std::string target = "/v1/sources/edge/policies/rollback";
  EXPECT_EQ(Post(target, R"({"reason":"r"})").status, 400);
  EXPECT_EQ(Post(target, R"({"to":"previous"})").status, 400);
  EXPECT_EQ(Post("/v1/sources/odd/policies/rollback", R"({"to":"previous","reason":"r"})").status,
            404);
  EXPECT_EQ(Send({"POST", target, R"({"to":"previous","reason":"r"})"}, "boss").status, 403);
}

}  // namespace
}  // namespace portolan::controller
