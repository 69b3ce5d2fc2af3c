#include "tests/controller/api/api_fixture.h"

namespace portolan::controller {
namespace {

using manifests::Value;

class ShadowRoutesTest : public ApiTest {
 protected:
  ShadowRoutesTest() {
    world.strategy.shadow = manifests::Shadow{
        .share = 100'000, .soak = std::chrono::minutes(1), .max_outputs_ratio = 0.5};
    world.Want("limits", world.limits_2);
    EXPECT_EQ(world.Phase("limits"), "Shadow");
  }

  // An item with these members instead of, or besides, good ones.
  Value Item(const Value::Object& members = {}) const {
    Value item;
    item.Set("map", "limits");
    item.Set("digest", world.limits_2->digest().ToString());
    item.Set("key", "api/login");
    item.Set("subject", "user-17");
    item.Set("stable", *manifests::ParseJson("[0.5, 0.5]"));
    item.Set("canary", *manifests::ParseJson("[0.5, 0.5]"));
    for (const auto& [name, value] : members) item.Set(name, value);
    return item;
  }
  static Value Without(const Value& item, std::string_view member) {
    Value::Object rest;
    for (const auto& [name, value] : item.as_object())
      if (name != member) rest.emplace_back(name, value);
    return rest;
  }
  static std::string Body(Value::Array items, int batch = 1) {
    Value body;
    body.Set("instance", "scorer-1");
    body.Set("batch", batch);
    body.Set("items", std::move(items));
    return WriteJson(body);
  }
  // "accepted/disagreeing/ignored" of an answer.
  std::string Answer(const std::string& body) {
    const Response response = Post("/v1/shadow", body);
    EXPECT_EQ(response.status, 202) << response.body;
    const Value value = Json(response);
    world.Process();
    return std::to_string(value.IntOr("accepted", -1)) + "/" +
           std::to_string(value.IntOr("disagreeing", -1)) + "/" +
           std::to_string(value.IntOr("ignored", -1));
  }
  reconciler::ShadowEvidence Evidence() const {
    return world.rollouts.Find("limits")->progress.shadow;
  }
  Value Vector(const std::string& json) const { return *manifests::ParseJson(json); }
};

TEST_F(ShadowRoutesTest, ComparesVectorsByTheirDistance) {
  EXPECT_EQ(Answer(Body(
                {Item(), Item({{"subject", "user-18"}, {"canary", Vector("[0.500006, 0.500006]")}}),
                 Item({{"subject", "user-19"}, {"canary", Vector("[0.50001, 0.50001]")}})})),
            "3/1/0");
  const reconciler::ShadowEvidence evidence = Evidence();
  EXPECT_EQ(evidence.outputs.compared, 3);
  EXPECT_EQ(evidence.outputs.Subjects(), 3);
  EXPECT_EQ(evidence.outputs.BadSubjects(), 1);
  const reconciler::ShadowKey& key = evidence.keys.at("api/login");
  EXPECT_NEAR(key.distance, 1.414e-5, 1e-8);
  EXPECT_EQ(key.subject, reconciler::HashText(reconciler::SubjectHash("user-19")));
  EXPECT_EQ(key.canary, "[0.50001,0.50001]");
  EXPECT_TRUE(key.planned);
}

TEST_F(ShadowRoutesTest, SaysWhichKeysDisagreeThoughThePlanDoesNotChangeThem) {
  Answer(Body({Item(), Item({{"subject", "b"}}),
               Item({{"subject", "c"}, {"key", "api/search"}, {"canary", "dog"}})}));
  EXPECT_FALSE(Evidence().keys.at("api/search").planned);
  EXPECT_EQ(world.Phase("limits"), "Shadow");
}

TEST_F(ShadowRoutesTest, AnErrorInPlaceOfAnOutputDisagrees) {
  Value failed = Without(Item({{"error", "panic: index out of range"}}), "canary");
  EXPECT_EQ(Answer(Body({Item({{"subject", "b"}}), Item({{"subject", "c"}}), failed})), "3/1/0");
  EXPECT_EQ(Evidence().outputs.failed, 1);
  EXPECT_EQ(Evidence().keys.at("api/login").canary, "error: panic: index out of range");
}

TEST_F(ShadowRoutesTest, RollsBackWhenTooManyDisagree) {
  Value::Array items;
  for (int i = 0; i < 20; ++i)
    items.push_back(Item({{"subject", "user-" + std::to_string(i)}, {"canary", i}}));
  EXPECT_EQ(Answer(Body(items)), "20/20/0");
  world.Process();
  EXPECT_EQ(world.Phase("limits"), "RolledBack");
  EXPECT_EQ(world.rollouts.Find("limits")->reason, "Disagreement");
  EXPECT_EQ(Answer(Body({Item()}, 2)), "0/0/1") << "the dual run is over";
}

TEST_F(ShadowRoutesTest, CountsABatchThatIsSentAgainOnce) {
  Answer(Body({Item()}, 5));
  Answer(Body({Item()}, 5));
  Answer(Body({Item()}, 4));
  EXPECT_EQ(Evidence().outputs.compared, 1);
  Answer(Body({Item()}, 6));
  EXPECT_EQ(Evidence().outputs.compared, 2);
}

TEST_F(ShadowRoutesTest, IgnoresOtherMapsAndVersions) {
  EXPECT_EQ(Answer(Body({Item({{"map", "nosuch"}}),
                         Item({{"digest", world.limits_1->digest().ToString()}}), Item()})),
            "1/0/2");
}

TEST_F(ShadowRoutesTest, RefusesAReportWholeByTheNameOfTheField) {
  const auto refusal = [&](const Value& item) {
    return Problem(Post("/v1/shadow", Body({Item(), item})));
  };
  EXPECT_EQ(refusal(Item({{"map", ""}})), "invalid: items[1].map: expected the map's name");
  EXPECT_EQ(refusal(Item({{"digest", "x"}})),
            "invalid: items[1].digest: expected the digest of the new version");
  EXPECT_EQ(refusal(Item({{"key", std::string(513, 'k')}})),
            "invalid: items[1].key: expected a text of 1 to 512 bytes");
  EXPECT_EQ(refusal(Item({{"subject", ""}})),
            "invalid: items[1].subject: expected a text of 1 to 512 bytes");
  const std::string outputs =
      "invalid: items[1]: expected the output of each version in stable and canary, or an error in "
      "place of canary";
  EXPECT_EQ(refusal(Without(Item(), "stable")), outputs);
  EXPECT_EQ(refusal(Without(Item(), "canary")), outputs);
  EXPECT_EQ(refusal(Item({{"error", "both"}})), outputs);
  EXPECT_EQ(refusal(Value(1)), "invalid: items[1]: expected an object");
  world.Process();
  EXPECT_EQ(Evidence().outputs.compared, 0);
}

TEST_F(ShadowRoutesTest, NeedsTheScopeReport) {
  EXPECT_EQ(Send({"POST", "/v1/shadow", Body({Item()})}, "client").status, 202);
  EXPECT_EQ(Send({"POST", "/v1/shadow", Body({Item()}, 2)}, "reader").status, 403);
  EXPECT_EQ(Send({"POST", "/v1/shadow", Body({Item()}, 2)}, "").status, 401);
}

TEST_F(ShadowRoutesTest, LookupsAreComparedAndServedFromStable) {
  const Value answer = Json(
      Post("/v1/maps/limits/lookup", R"({"keys": ["api/login", "api/search"], "subject": "a"})"));
  EXPECT_EQ(answer.StringOr("arm", ""), "stable");
  EXPECT_EQ(answer.IntOr("step", -1), 0);
  EXPECT_EQ(answer.Find("values")->IntOr("api/login", 0), 10);
  EXPECT_EQ(Get("/v1/maps/limits/entries/api%2Flogin?subject=a").status, 200);
  EXPECT_EQ(Get("/v1/maps/limits/entries/nosuch?subject=a").status, 404);
  world.Pass(std::chrono::seconds(1));
  const reconciler::ShadowEvidence evidence = Evidence();
  EXPECT_EQ(evidence.lookups, 4);
  EXPECT_EQ(evidence.differing, 2);
  EXPECT_EQ(evidence.keys.at("api/login").differing, 2);
}

TEST_F(ShadowRoutesTest, WhoAsksForAnArmByNameComparesByHimself) {
  const Value canary = GetJson("/v1/maps/limits/entries/api%2Flogin?arm=canary");
  EXPECT_EQ(canary.IntOr("value", 0), 11);
  EXPECT_EQ(canary.StringOr("digest", ""), world.limits_2->digest().ToString());
  world.Pass(std::chrono::seconds(1));
  EXPECT_EQ(Evidence().lookups, 0);
}

TEST_F(ShadowRoutesTest, WhyShowsTheDualRunItsKeysAndWhatEndsIt) {
  auto target = world.TargetOf("limits", world.limits_3);
  target.version.sensitive = {"api/*"};
  world.Want("limits", target);
  Answer(Body({Item({{"digest", world.limits_3->digest().ToString()}, {"canary", 7}}),
               Item({{"digest", world.limits_3->digest().ToString()}, {"subject", "b"}}),
               Item({{"digest", world.limits_3->digest().ToString()}, {"subject", "c"}})}));
  const Value why = GetJson("/v1/maps/limits/why");
  EXPECT_EQ(why.Find("shadow")->Find("outputs")->IntOr("disagreeing", 0), 1);
  EXPECT_EQ(why.Find("steps")->as_array().at(0).StringOr("step", ""), "shadow");
  EXPECT_TRUE(Contains(WriteJson(*why.Find("next")), "portolan skip limits"));
  EXPECT_TRUE(Contains(WriteJson(*why.Find("facts")), "1 disagree"));
  const auto example = [](const Value& whole) {
    return *whole.Find("shadow")->Find("keys")->as_array().at(0).Find("example");
  };
  EXPECT_EQ(example(why).StringOr("canary", ""), "7");
  const Value reader = Json(Send({"GET", "/v1/maps/limits/why"}, "reader"));
  EXPECT_TRUE(example(reader).BoolOr("masked", false));
}

TEST_F(ShadowRoutesTest, ReportsOfAStepAreIgnored) {
  Value item;
  item.Set("map", "limits");
  item.Set("digest", world.limits_2->digest().ToString());
  item.Set("arm", "canary");
  item.Set("step", 1);
  item.Set("lookups", 5);
  EXPECT_EQ(Json(Post("/v1/reports", Body({item}))).IntOr("ignored", 0), 1);
}

}  // namespace
}  // namespace portolan::controller
