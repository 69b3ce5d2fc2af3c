#pragma once

#include "controller/regulated/answer.h"
#include "controller/regulated/regulated_desk.h"
#include "tests/controller/api/api_fixture.h"
#include "tests/controller/signature/test_keys.h"

namespace portolan::controller {

// The map "flags", regulated and under policies, went from one version to the next by an approval
// and a signed answer.
class AuditedPlanTest : public ApiTest {
 protected:
  AuditedPlanTest() {
    api.external = &desk;
    api.sources["audited"] = &source.source;
    source.git.Push('a', Files("{a: 1, b: 1}"));
    source.LookLater();
    Answer();
    source.git.Push('b', Files("{a: 2, b: 1}"));
    source.LookLater();
    plan = Plan();
    Serve("POST", "/v1/plans/" + plan + "/approve", R"({"reason":"reviewed"})");
    Answer();
    EXPECT_EQ(world.Phase("flags"), "Healthy") << world.rollouts.Find("flags")->message;
  }
  static FileTexts Files(const std::string& entries) {
    FileTexts files = MapsOf({{"flags", entries}, {"routes", "{r: 1}"}});
    files["maps/flags.yaml"] += "  class: regulated\n";
    files["policies/few.yaml"] =
        "apiVersion: portolan/v1\nkind: Policy\nmetadata: {name: few, owner: o}\nspec:\n"
        "  scope: plan\n  level: soft\n  rule: plan.changed < 10 && size(maps) == 2\n";
    return files;
  }
  std::string Plan() const { return world.rollouts.Find("flags")->target->plan.ToString(); }
  void Answer() {
    const std::string text = manifests::CanonicalJson(
        manifests::Value::Object{{"apiVersion", kAnswerApiVersion},
                                 {"plan", Plan()},
                                 {"map", "flags"},
                                 {"decision", "approve"},
                                 {"at", FormatTime(world.clock.now().wall)}});
    const manifests::Value body = manifests::Value::Object{
        {"answer", text}, {"signature", regulator.Sign(text, std::string(kAnswerNamespace))}};
    Serve("POST", "/v1/plans/" + Plan() + "/answer", manifests::CanonicalJson(body));
    world.Pass(std::chrono::minutes(2));
  }
  // Lets the source work meanwhile, as its thread does in the daemon.
  Response Serve(const std::string& method, const std::string& target, const std::string& body = "",
                 const std::string& token = "root") {
    Response response = world.Serving([&] {
      Request request;
      request.method = method;
      request.target = target;
      request.body = body;
      request.peer.address = "127.0.0.1";
      request.headers.emplace_back("Authorization", "Bearer " + token);
      auto answered = std::async(std::launch::async, [&] { return router.Serve(request); });
      while (answered.wait_for(Duration(1)) != std::future_status::ready)
        source.source.Look(world.clock.now());
      return answered.get();
    });
    if (token == "root") {
      EXPECT_EQ(response.status, 200) << response.body;
    }
    return response;
  }
  static SourceSettings Settings() {
    SourceSettings settings = SettingsOf("audited");
    settings.environment.tier = "prod";
    return settings;
  }

  TestDirectory directory;
  TestSshKey regulator{directory, "regulator"};
  Signers signers{regulator.Allowed("audit@regulator.example"), {}};
  RegulatedDesk desk{
      {"http://h/", "/", "", std::chrono::seconds(1)},
      {nullptr, [this]() -> Result<Signers> { return signers; }, [](const reconciler::Event&) {}}};
  FollowedSource source{world, Settings(), &desk};
  std::string plan;
};

}  // namespace portolan::controller
