#include "reconciler/change_view.h"
#include "tests/controller/api/api_fixture.h"

namespace portolan::controller {
namespace {

class MapRoutesTest : public ApiTest {
 protected:
  std::string Digest1() const { return world.limits_1->digest().ToString(); }
  std::string Digest2() const { return world.limits_2->digest().ToString(); }
};

TEST_F(MapRoutesTest, GivesAWholeMapWithItsDigestAsTag) {
  const Response response = Get("/v1/maps/limits");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.Header("ETag"), "\"" + Digest1() + "\"");
  EXPECT_EQ(response.Header("Portolan-Arm"), "stable");
  const manifests::Value body = Json(response);
  EXPECT_EQ(body.StringOr("map", ""), "limits");
  EXPECT_EQ(body.StringOr("digest", ""), Digest1());
  EXPECT_EQ(body.IntOr("step", -1), 0);
  EXPECT_EQ(body.Find("entries")->as_object().size(), 3u);
  EXPECT_EQ(body.Find("entries")->IntOr("api/login", 0), 10);
}

TEST_F(MapRoutesTest, AnswersNotModifiedToWhoKnowsTheTag) {
  const std::string tag = "\"" + Digest1() + "\"";
  const Response known = Send({"GET", "/v1/maps/limits", "", {{"If-None-Match", tag}}});
  EXPECT_EQ(known.status, 304);
  EXPECT_EQ(known.body, "");
  EXPECT_EQ(known.Header("ETag"), tag);
  EXPECT_EQ(Send({"GET", "/v1/maps/limits", "", {{"If-None-Match", "\"sha256:0\""}}}).status, 200);

  const std::string entry = "/v1/maps/limits/entries/api%2Flogin";
  const std::string entry_tag = "\"" + Digest1() + ".stable\"";
  EXPECT_EQ(Get(entry).Header("ETag"), entry_tag);
  EXPECT_EQ(Send({"GET", entry, "", {{"If-None-Match", entry_tag}}}).status, 304);
  world.Settle("limits", world.limits_2);
  EXPECT_EQ(Send({"GET", entry, "", {{"If-None-Match", entry_tag}}}).status, 200);
}

TEST_F(MapRoutesTest, GivesAnEntryWhoseKeyHasASlashOrAPercentSign) {
  const manifests::Value body = GetJson("/v1/maps/limits/entries/api%2Flogin");
  EXPECT_EQ(body.StringOr("key", ""), "api/login");
  EXPECT_EQ(body.IntOr("value", 0), 10);
  EXPECT_EQ(body.StringOr("reason", ""), "static");
  EXPECT_EQ(GetJson("/v1/maps/limits/entries/%25").StringOr("key", ""), "%");
  EXPECT_EQ(Get("/v1/maps/limits/entries/api/login").status, 404);
}

TEST_F(MapRoutesTest, TellsAMirrorWhatChangedForwardAndBack) {
  const std::string since = "/v1/maps/limits/changes?since=";
  manifests::Value body = GetJson(since + Digest1());
  EXPECT_EQ(manifests::WriteJson(*body.Find("set")), "{}");
  EXPECT_FALSE(body.BoolOr("whole", true));
  world.Settle("limits", world.limits_2);
  body = GetJson(since + Digest1());
  EXPECT_EQ(body.StringOr("since", ""), Digest2());
  EXPECT_FALSE(body.BoolOr("whole", true));
  manifests::Value expected;
  manifests::Value::Array erased;
  for (const mapcore::Difference& one : mapcore::Diff(*world.limits_1, *world.limits_2)) {
    if (one.after)
      expected.Set(one.key, *manifests::ParseJson(*one.after));
    else
      erased.emplace_back(one.key);
  }
  EXPECT_EQ(*body.Find("set"), expected);
  EXPECT_EQ(*body.Find("erased"), manifests::Value(erased));
  world.Settle("limits", world.limits_1);
  EXPECT_EQ(GetJson(since + Digest2()).StringOr("since", ""), Digest1());
}

TEST_F(MapRoutesTest, TellsAMirrorOfAnotherMapOrTimeEverything) {
  const std::string since = "/v1/maps/limits/changes?since=";
  const Digest other = mapcore::MapVersion::Empty()->digest();
  ASSERT_TRUE(world.versions.Put(mapcore::MapVersion::Empty()).ok());
  for (const std::string& held : {other.ToString(), Digest1() + "+0123456789ab"}) {
    const manifests::Value body = GetJson(since + held);
    EXPECT_TRUE(body.BoolOr("whole", false)) << held;
    EXPECT_EQ(body.Find("set")->as_object().size(), 3u);
    EXPECT_EQ(body.StringOr("since", ""), Digest1());
  }
  EXPECT_EQ(Get("/v1/maps/limits/changes").status, 400);
  EXPECT_EQ(Get("/v1/maps/nobody/changes?since=" + Digest1()).status, 404);
}

TEST_F(MapRoutesTest, SaysWhichKeyOrMapIsMissing) {
  const Response no_key = Get("/v1/maps/limits/entries/api%2Flogout");
  EXPECT_EQ(no_key.status, 404);
  EXPECT_TRUE(Contains(Problem(no_key), "api/logout"));
  for (const std::string target : {"/v1/maps/nobody", "/v1/maps/nobody/entries/a"}) {
    const Response no_map = Get(target);
    EXPECT_EQ(no_map.status, 404);
    EXPECT_TRUE(Contains(Problem(no_map), "not_found: no version of map \"nobody\""));
  }
  EXPECT_EQ(Post("/v1/maps/nobody/lookup", R"({"keys":["a"]})").status, 404);
}

TEST_F(MapRoutesTest, AssignsEachSubjectAsThePublishedFormulaSays) {
  world.strategy.steps[0].weight = 30'000;
  world.Want("limits", world.limits_2);
  const mapcore::TrafficSplit split{30'000, "limits"};
  int canary = 0;
  for (int i = 0; i < 40; ++i) {
    const std::string subject = "user-" + std::to_string(i);
    const mapcore::Assignment expected = mapcore::Assign(split, {subject});
    const bool new_version = expected.arm == mapcore::Arm::kCanary;
    canary += new_version ? 1 : 0;
    const manifests::Value entry =
        GetJson("/v1/maps/limits/entries/api%2Flogin?subject=" + subject);
    EXPECT_EQ(entry.StringOr("arm", ""), ArmName(expected.arm)) << subject;
    EXPECT_EQ(entry.StringOr("reason", ""), "split");
    EXPECT_EQ(entry.IntOr("value", 0), new_version ? 11 : 10);
    EXPECT_EQ(entry.StringOr("rollout", ""), "limits#2");
    EXPECT_EQ(entry.IntOr("step", 0), 1);
    const manifests::Value looked_up =
        Json(Post("/v1/maps/limits/lookup?subject=" + subject, R"({"keys":["api/login"]})"));
    EXPECT_EQ(looked_up.StringOr("arm", ""), ArmName(expected.arm));
    EXPECT_EQ(looked_up.StringOr("digest", ""), new_version ? Digest2() : Digest1());
    const manifests::Value whole = GetJson("/v1/maps/limits?subject=" + subject);
    EXPECT_EQ(whole.StringOr("digest", ""), new_version ? Digest2() : Digest1());
  }
  EXPECT_GT(canary, 0);
  EXPECT_LT(canary, 40);
  EXPECT_EQ(GetJson("/v1/maps/limits/entries/api%2Flogin").StringOr("reason", ""), "no-subject");
}

TEST_F(MapRoutesTest, GivesAnInstanceTheArmThatItWasChosenFor) {
  for (const std::string name : {"a", "b", "c"})
    Post("/v1/acks", R"({"instance":")" + name + R"(","items":[{"map":"limits","digest":")" +
                         Digest1() + R"(","status":"applied"}]})");
  world.Process();
  reconciler::Target target = world.TargetOf("limits", world.limits_2);
  target.split.mode = manifests::SplitMode::kInstance;
  world.Want("limits", target);
  const auto chosen = world.rollouts.Find("limits")->progress.canary_instances;
  ASSERT_EQ(chosen.size(), 1u);
  for (const std::string name : {"a", "b", "c"}) {
    const std::string arm = chosen.contains(name) ? "canary" : "stable";
    const std::string query = "?instance=" + name;
    EXPECT_EQ(GetJson("/v1/maps/limits" + query).StringOr("arm", ""), arm);
    EXPECT_EQ(GetJson("/v1/maps/limits/entries/api%2Flogin" + query).StringOr("arm", ""), arm);
    EXPECT_EQ(Json(Send({"GET", "/v1/maps/limits", "", {{"Portolan-Instance", name}}}))
                  .StringOr("arm", ""),
              arm);
    EXPECT_EQ(Json(Post("/v1/maps/limits/lookup", R"({"keys":["a"],"instance":")" + name + R"("})"))
                  .StringOr("arm", ""),
              arm);
  }
  EXPECT_EQ(GetJson("/v1/maps/limits?subject=user-1").StringOr("arm", ""), "stable");
}

TEST_F(MapRoutesTest, ChoosesAnArmWhenAsked) {
  EXPECT_EQ(Get("/v1/maps/limits?arm=canary").status, 404);
  StartRollout();
  EXPECT_EQ(GetJson("/v1/maps/limits?arm=canary").StringOr("digest", ""), Digest2());
  EXPECT_EQ(GetJson("/v1/maps/limits?arm=stable").StringOr("digest", ""), Digest1());
  const Response wrong = Get("/v1/maps/limits?arm=blue");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_TRUE(Contains(Problem(wrong), "arm"));
}

TEST_F(MapRoutesTest, LooksUpManyKeysAndSaysWhichAreMissing) {
  const manifests::Value body =
      Json(Post("/v1/maps/limits/lookup",
                R"({"keys":["api/search","nope","api/login","api/search"],"subject":"u"})"));
  EXPECT_EQ(body.Find("values")->as_object().size(), 2u);
  EXPECT_EQ(body.Find("values")->IntOr("api/search", 0), 20);
  EXPECT_EQ(body.Find("values")->IntOr("api/login", 0), 10);
  ASSERT_EQ(body.Find("missing")->as_array().size(), 1u);
  EXPECT_EQ(body.Find("missing")->as_array()[0].as_string(), "nope");
}

TEST_F(MapRoutesTest, MatchesByAttributesOfALookup) {
  world.strategy.match = {{.attribute = "plan", .in = {"beta"}}};
  world.strategy.steps[0].weight = 1;
  world.Want("limits", world.limits_2);
  const auto arm = [&](const std::string& plan) {
    const std::string body =
        R"({"keys":["api/login"],"subject":"u","attributes":{"plan":")" + plan + "\"}}";
    const manifests::Value value = Json(Post("/v1/maps/limits/lookup", body));
    return std::string(value.StringOr("arm", "")) + " " + std::string(value.StringOr("reason", ""));
  };
  EXPECT_EQ(arm("beta"), "canary match");
  EXPECT_EQ(arm("free"), "stable split");
}

TEST_F(MapRoutesTest, MatchesByAttributesOfAQuery) {
  world.strategy.match = {{.attribute = "plan", .in = {"beta"}}};
  world.strategy.steps[0].weight = 1;
  world.Want("limits", world.limits_2);
  const std::string target = "/v1/maps/limits/entries/api%2Flogin?subject=u&attribute.plan=";
  EXPECT_EQ(GetJson(target + "beta").StringOr("reason", ""), "match");
  EXPECT_EQ(GetJson(target + "free").StringOr("reason", ""), "split");
}

TEST_F(MapRoutesTest, MasksSensitiveValuesForCallersWithoutTheRight) {
  reconciler::Target marked = world.TargetOf("limits", world.limits_1);
  marked.version.sensitive = {"api/l*"};
  world.Want("limits", marked);
  const auto read = [&](const std::string& token, Call call) {
    return Json(Send(std::move(call), token));
  };
  const Call whole{"GET", "/v1/maps/limits"};
  const Call entry{"GET", "/v1/maps/limits/entries/api%2Flogin"};
  const Call lookup{"POST", "/v1/maps/limits/lookup", R"({"keys":["api/login","api/search"]})"};

  const Call changes{"GET", "/v1/maps/limits/changes?since=" + Sha256Of("none").ToString()};

  const std::string mask = reconciler::MaskedValue("10");
  EXPECT_EQ(read("reader", changes).Find("set")->StringOr("api/login", ""), mask);
  EXPECT_EQ(manifests::WriteJson(*read("reader", changes).Find("masked")), R"(["api/login"])");
  EXPECT_EQ(read("reader", whole).Find("entries")->StringOr("api/login", ""), mask);
  EXPECT_EQ(read("reader", whole).Find("entries")->IntOr("api/search", 0), 20);
  EXPECT_EQ(manifests::WriteJson(*read("reader", whole).Find("masked")), R"(["api/login"])");
  EXPECT_EQ(read("reader", entry).StringOr("value", ""), mask);
  EXPECT_TRUE(read("reader", entry).BoolOr("masked", false));
  EXPECT_EQ(read("reader", lookup).Find("values")->StringOr("api/login", ""), mask);
  EXPECT_EQ(read("reader", lookup).Find("values")->IntOr("api/search", 0), 20);
  const Call why{"GET", "/v1/maps/limits/why?key=api%2Flogin"};
  EXPECT_EQ(read("reader", why).Find("entry")->StringOr("value", ""), mask);

  for (const Call& call : {whole, entry, lookup})
    EXPECT_FALSE(Contains(Send(call, "root").body, "sensitive")) << call.target;
  EXPECT_EQ(read("root", why).Find("entry")->IntOr("value", 0), 10);
}

TEST_F(MapRoutesTest, WhoHoldsOtherValuesThanTheyMaySeeNowIsToldEverything) {
  const std::string tag = std::string(Send({"GET", "/v1/maps/limits"}, "reader").Header("ETag"));
  reconciler::Target marked = world.TargetOf("limits", world.limits_1);
  marked.version.sensitive = {"api/l*"};
  world.Want("limits", marked);
  const auto ask = [&](const std::string& token) {
    return Send({"GET", "/v1/maps/limits", "", {{"If-None-Match", tag}}}, token).status;
  };
  EXPECT_EQ(ask("reader"), 200);
  EXPECT_EQ(ask("root"), 304);

  const auto since = [&](const std::string& token, std::string_view place) {
    const std::string target = "/v1/maps/limits/changes?since=" + std::string(place);
    return Json(Send({"GET", target}, token));
  };
  const manifests::Value masked = since("reader", Digest1());
  EXPECT_TRUE(masked.BoolOr("whole", false));
  const std::string_view place = masked.StringOr("since", "");
  EXPECT_FALSE(since("reader", place).BoolOr("whole", true));
  EXPECT_TRUE(since("root", place).BoolOr("whole", false));
  EXPECT_FALSE(since("root", Digest1()).BoolOr("whole", true));
}

TEST_F(MapRoutesTest, ACommitCannotUncoverValuesThatAreLive) {
  reconciler::Target marked = world.TargetOf("limits", world.limits_1);
  marked.version.sensitive = {"api/login"};
  world.Want("limits", marked);
  world.Want("limits", world.limits_2);
  ASSERT_EQ(world.Phase("limits"), "Stepping");
  const Call stable{"GET", "/v1/maps/limits?arm=stable"};
  EXPECT_TRUE(Contains(Send(stable, "reader").body, "«sensitive"));
}

TEST_F(MapRoutesTest, RefusesALookupThatItCannotRead) {
  std::string many = R"({"keys":["a")";
  for (int i = 0; i < 1'000; ++i) many += ",\"a\"";
  const std::pair<std::string, std::string> cases[] = {
      {"{}", "keys"},
      {R"({"keys":"a"})", "keys"},
      {R"({"keys":[1]})", "keys"},
      {many + "]}", "1001 keys"},
      {R"({"keys":[],"attributes":[]})", "attributes"},
      {R"({"keys":[],"attributes":{"plan":1}})", "attributes.plan"},
      {"[]", "expected an object"},
      {"{", "1:"},
  };
  for (const auto& [body, part] : cases) {
    const Response response = Post("/v1/maps/limits/lookup", body);
    EXPECT_EQ(response.status, 400) << body.substr(0, 60);
    EXPECT_TRUE(Contains(Problem(response), part)) << response.body;
  }
}

TEST_F(MapRoutesTest, ListsTheMapsThatWereAdmitted) {
  world.Want("flags", world.limits_3);
  const manifests::Value body = GetJson("/v1/maps");
  ASSERT_EQ(body.Find("maps")->as_array().size(), 2u);
  EXPECT_EQ(body.Find("maps")->as_array()[0].StringOr("map", ""), "flags");
  EXPECT_EQ(body.Find("maps")->as_array()[1].StringOr("phase", ""), "Healthy");
  EXPECT_NE(body.Find("maps")->as_array()[1].Find("rejected"), nullptr);
}

TEST_F(MapRoutesTest, APrunedMapIsNotFound) {
  world.rollouts.Wish({"edge", {}, {"limits"}});
  world.Process();
  EXPECT_EQ(Get("/v1/maps/limits").status, 200);
  ASSERT_EQ(Post("/v1/maps/limits/prune", "").status, 200);
  EXPECT_EQ(Get("/v1/maps/limits").status, 404);
  EXPECT_EQ(GetJson("/v1/maps").Find("maps")->as_array().size(), 0u);
}

TEST_F(MapRoutesTest, LooksUpKeysOfSeveralMapsAtOnce) {
  world.Settle("prices", world.limits_3);
  const manifests::Value answer = Json(
      Post("/v1/lookup", R"({"maps":{"limits":["api/login","nope"],"prices":["api/login"]}})"));
  const auto& maps = answer.Find("maps")->as_array();
  ASSERT_EQ(maps.size(), 2u);
  EXPECT_EQ(maps[0].Find("values")->IntOr("api/login", 0), 10);
  EXPECT_EQ(maps[0].Find("missing")->as_array().size(), 1u);
  EXPECT_EQ(maps[1].StringOr("map", ""), "prices");
  EXPECT_EQ(maps[1].Find("values")->IntOr("api/login", 0), 12);
  EXPECT_EQ(Post("/v1/lookup", R"({"maps":{"limits":[],"nobody":["a"]}})").status, 404);
  EXPECT_EQ(Post("/v1/lookup", R"({"maps":["limits"]})").status, 400);
  EXPECT_EQ(Post("/v1/lookup", R"({"maps":{"limits":"api/login"}})").status, 400);
}

}  // namespace
}  // namespace portolan::controller
