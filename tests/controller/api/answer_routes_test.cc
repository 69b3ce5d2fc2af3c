#include "controller/regulated/answer.h"
#include "controller/regulated/regulated_desk.h"
#include "tests/controller/api/api_fixture.h"
#include "tests/controller/signature/test_keys.h"

namespace portolan::controller {
namespace {

// "flags", a regulated map, waits for the answer to its first plan.
class AnswerRoutesTest : public ApiTest {
 protected:
  AnswerRoutesTest() {
    api.external = &desk;
    api.sources["regulated"] = &source.source;
    source.git.Push('a', Regulated("{a: 1}"));
    source.LookLater();
    EXPECT_EQ(world.Phase("flags"), "Held");
    plan = world.rollouts.Find("flags")->target->plan.ToString();
  }
  static FileTexts Regulated(const std::string& entries) {
    FileTexts files = MapsOf({{"flags", entries}});
    files["maps/flags.yaml"] += "  class: regulated\n";
    return files;
  }
  static SourceSettings Settings() {
    SourceSettings settings = SettingsOf("regulated");
    settings.people = std::make_shared<const People>(
        std::vector<KnownIdentity>{{"token:ana", {"ana@example.com"}, {}, {}}});
    return settings;
  }
  std::string Text(const std::string& of, Duration ago = Duration(0),
                   const std::string& decision = "approve") const {
    return manifests::CanonicalJson(
        manifests::Value::Object{{"apiVersion", kAnswerApiVersion},
                                 {"plan", of},
                                 {"map", "flags"},
                                 {"decision", decision},
                                 {"at", FormatTime(world.clock.now().wall - ago)}});
  }
  Response Answer(const std::string& text, const std::string& signature) {
    const std::string body = manifests::CanonicalJson(
        manifests::Value::Object{{"answer", text}, {"signature", signature}});
    return world.Serving([&] {
      Request request;
      request.method = "POST";
      request.target = "/v1/plans/" + plan + "/answer";
      request.body = body;
      request.peer.address = "127.0.0.1";
      request.headers.emplace_back("Authorization", "Bearer boss");
      // The daemon's source judges on its own thread.
      auto answered = std::async(std::launch::async, [&] { return router.Serve(request); });
      while (answered.wait_for(Duration(1)) != std::future_status::ready)
        source.source.Look(world.clock.now());
      return answered.get();
    });
  }
  Response Answer(const std::string& text) {
    return Answer(text, regulator.Sign(text, std::string(kAnswerNamespace)));
  }
  void ExpectRefused(const Response& response, int status, const std::string& part) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_TRUE(Contains(response.body, part)) << response.body;
    EXPECT_EQ(world.Phase("flags"), "Held");
  }

  TestDirectory directory;
  TestSshKey regulator{directory, "regulator"};
  TestSshKey eve{directory, "eve"};
  std::string allowed = regulator.Allowed("audit@regulator.example");
  RegulatedDesk desk{{"http://h/", "/", "", std::chrono::seconds(1)},
                     {nullptr,
                      [this]() -> Result<Signers> {
                        return Signers{allowed, {}};
                      },
                      [](const reconciler::Event&) {}}};
  FollowedSource source{world, Settings(), &desk};
  std::string plan;
};

TEST_F(AnswerRoutesTest, ASignedAnswerReleasesThePlan) {
  const Response response = Answer(Text(plan));
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(Json(response).StringOr("plan", ""), plan);
  EXPECT_EQ(world.Phase("flags"), "Baking");
  const manifests::Value stored = GetJson("/v1/plans/" + plan);
  const manifests::Value& approval = stored.Find("approvals")->as_array().at(0);
  EXPECT_EQ(approval.StringOr("actor", ""), "signer:audit@regulator.example");
  EXPECT_EQ(approval.StringOr("answer", ""), Text(plan));
  EXPECT_TRUE(Contains(approval.StringOr("signature", ""), "BEGIN SSH SIGNATURE"));
}

TEST_F(AnswerRoutesTest, AWrongSignatureSignerPlanAgeOrDecisionIsRefused) {
  const std::string text = Text(plan);
  const std::string name_space(kAnswerNamespace);
  ExpectRefused(Answer(text, regulator.Sign(text + " ", name_space)), 403, "BadSignature");
  ExpectRefused(Answer(text, regulator.Sign(text, "git")), 403, "BadSignature");
  ExpectRefused(Answer(text, eve.Sign(text, name_space)), 403, "UnknownSigner");
  ExpectRefused(Answer(Text(Sha256Of("another").ToString())), 403, "OtherPlan");
  ExpectRefused(Answer(Text(plan, std::chrono::hours(25))), 403, "TooOld");
  ExpectRefused(Answer(Text(plan, -std::chrono::hours(1))), 403, "FromTheFuture");
  ExpectRefused(Answer(Text(plan, Duration(0), "reject")), 403, "NotApproved");
  ExpectRefused(Answer("approve"), 400, "is no JSON");
  ExpectRefused(Post("/v1/plans/" + plan + "/answer", "{}"), 400, "expected");
}

TEST_F(AnswerRoutesTest, AnOrdinaryApprovalIsRefused) {
  const Response response =
      Post("/v1/plans/" + plan + "/approve", R"({"despite":"regulated","reason":"I say so"})");
  ExpectRefused(response, 403, "only a signed answer releases a regulated map");
}

TEST_F(AnswerRoutesTest, ASignerWhoWroteTheCommitIsRefused) {
  allowed = regulator.Allowed("ana@example.com");
  ExpectRefused(Answer(Text(plan)), 403, "who wrote the commit");
}

TEST_F(AnswerRoutesTest, AnAnswerThatServedARolloutServesNoOther) {
  const std::string text = Text(plan);
  EXPECT_EQ(Answer(text).status, 200);
  const Response again = Answer(text);
  EXPECT_EQ(again.status, 409);
  EXPECT_TRUE(Contains(again.body, "served rollout flags#1 already")) << again.body;
}

TEST_F(AnswerRoutesTest, NobodyAnswersADaemonWithoutTheConfiguration) {
  api.external = nullptr;
  ExpectRefused(Answer(Text(plan)), 403, "has no \\\"regulated\\\"");
}

TEST_F(AnswerRoutesTest, NeedsTheScopeApprove) {
  EXPECT_EQ(Send({"POST", "/v1/plans/" + plan + "/answer", "{}"}, "operator").status, 403);
}

}  // namespace
}  // namespace portolan::controller
