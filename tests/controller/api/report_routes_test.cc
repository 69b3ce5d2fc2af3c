#include "tests/controller/api/api_fixture.h"

namespace portolan::controller {
namespace {

class ReportRoutesTest : public ApiTest {
 protected:
  ReportRoutesTest() { StartRollout(); }

  // An item with these members instead of, or besides, good ones.
  manifests::Value Item(const manifests::Value::Object& members = {}) const {
    manifests::Value item;
    item.Set("map", "limits");
    item.Set("digest", world.limits_2->digest().ToString());
    item.Set("arm", "canary");
    item.Set("step", 1);
    item.Set("lookups", 40);
    item.Set("subjects", 12);
    for (const auto& [name, value] : members) item.Set(name, value);
    return item;
  }
  manifests::Value StableItem() const {
    return Item({{"arm", "stable"}, {"digest", world.limits_1->digest().ToString()}});
  }
  static std::string Body(manifests::Value::Array items, int batch = 1) {
    manifests::Value body;
    body.Set("instance", "checkout-7f");
    body.Set("batch", batch);
    body.Set("items", std::move(items));
    return WriteJson(body);
  }
  // "accepted/ignored" of an answer.
  std::string Answer(const std::string& body) {
    const Response response = Post("/v1/reports", body);
    EXPECT_EQ(response.status, 202) << response.body;
    const manifests::Value value = Json(response);
    world.Process();
    return std::to_string(value.IntOr("accepted", -1)) + "/" +
           std::to_string(value.IntOr("ignored", -1));
  }
  // The answer while the control loop is busy: nothing that waits is taken up meanwhile.
  Response PostToBusy(const std::string& target, const std::string& body) {
    Request request;
    request.method = "POST";
    request.target = target;
    request.body = body;
    request.headers.emplace_back("Authorization", "Bearer root");
    request.peer.address = "127.0.0.1";
    return router.Serve(request);
  }
  // Leaves no room for reports.
  void FillInbox() {
    reconciler::Report huge = world.ReportOf("limits", world.limits_2, 1, 7);
    huge.items[0].samples.push_back({"", std::string(kInboxBytesMax, 'x')});
    ASSERT_TRUE(world.rollouts.Report({huge}));
  }
  reconciler::StepEvidence Evidence() const {
    return world.rollouts.Find("limits")->progress.evidence;
  }
};

TEST_F(ReportRoutesTest, CountsWhatClientsSaw) {
  const auto bad =
      *manifests::ParseJson(R"({"errors":{"count":3,"subjectHashes":["9f86d081884c7d65"]}})");
  const auto samples =
      *manifests::ParseJson(R"([{"key":"api/login","text":"rps is 0"},"user-17 waits"])");
  EXPECT_EQ(Answer(Body({Item({{"bad", bad}, {"samples", samples}})})), "1/0");
  const reconciler::StepEvidence evidence = Evidence();
  EXPECT_EQ(evidence.canary.lookups, 40);
  EXPECT_EQ(evidence.canary.subjects, 12);
  EXPECT_EQ(evidence.canary.bad, 3);
  EXPECT_EQ(evidence.canary.bad_subjects, (std::set<std::uint64_t>{0x9f86d081884c7d65}));
  ASSERT_EQ(evidence.samples.size(), 2u);
  EXPECT_EQ(evidence.samples[0].key, "api/login");
  EXPECT_EQ(evidence.samples[0].text, "rps is 0");
  EXPECT_EQ(evidence.samples[0].instance, "checkout-7f");
  EXPECT_EQ(evidence.samples[1].key, "");
  EXPECT_EQ(evidence.samples[1].text, "user-17 waits");
}

TEST_F(ReportRoutesTest, ABatchThatThereIsNoRoomForIsRefusedAsAWholeAndCountsWhenItComesAgain) {
  FillInbox();
  const std::string batch = Body({StableItem(), Item()}, 9);
  const Response refused = PostToBusy("/v1/reports", batch);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.Header("Retry-After"), "1");
  EXPECT_EQ(Json(refused).StringOr("code", ""), "too_much_waits");
  EXPECT_EQ(world.rollouts.InboxStates().at("reports").refused, 1u);

  world.Process();
  EXPECT_EQ(Evidence().canary.lookups, 7) << "what was taken is counted, what was refused is not";
  EXPECT_EQ(Evidence().stable.lookups, 0);
  EXPECT_EQ(Answer(batch), "2/0");
  EXPECT_EQ(Evidence().canary.lookups, 47);
  EXPECT_EQ(Evidence().stable.lookups, 40);
  EXPECT_EQ(world.rollouts.InboxStates().at("reports").bytes, 0u);
}

TEST_F(ReportRoutesTest, ReportsThatWaitDoNotKeepAcknowledgementsOut) {
  FillInbox();
  EXPECT_EQ(PostToBusy("/v1/reports", Body({Item()})).status, 429);
  EXPECT_EQ(Post("/v1/acks", R"({"instance":"checkout-7f","items":[{"map":"limits","digest":")" +
                                 world.limits_2->digest().ToString() +
                                 R"(","status":"rejected","reason":"a value is missing"}]})")
                .status,
            202);
  world.Process();
  world.Process();
  EXPECT_EQ(world.Phase("limits"), "RolledBack");
}

TEST_F(ReportRoutesTest, CountsBothArmsOfOneBatch) {
  EXPECT_EQ(Answer(Body({StableItem(), Item()})), "2/0");
  EXPECT_EQ(Evidence().stable.lookups, 40);
  EXPECT_EQ(Evidence().canary.lookups, 40);
}

TEST_F(ReportRoutesTest, CountsABatchThatIsSentAgainOnce) {
  Answer(Body({StableItem(), Item()}, 5));
  Answer(Body({StableItem(), Item()}, 5));
  Answer(Body({Item()}, 4));
  EXPECT_EQ(Evidence().canary.lookups, 40);
  EXPECT_EQ(Evidence().stable.lookups, 40);
  Answer(Body({Item()}, 6));
  EXPECT_EQ(Evidence().canary.lookups, 80);
}

TEST_F(ReportRoutesTest, BothArmsOfABatchAreOneReporter) {
  Answer(Body({StableItem(), Item()}, 5));
  EXPECT_EQ(Evidence().reporters, (std::map<std::string, std::uint64_t>{{"checkout-7f", 5}}));
}

TEST_F(ReportRoutesTest, MergesSketchesOfSubjects) {
  reconciler::SubjectSketch sketch;
  for (std::uint64_t i = 0; i < 30; ++i) sketch.Add(reconciler::SubjectHash(std::to_string(i)));
  const auto item = [&] {
    return Item({{"subjects", manifests::Value::Object{{"hll", sketch.ToBase64()}}}});
  };
  Answer(Body({item()}, 1));
  Answer(Body({item()}, 2));
  EXPECT_EQ(Evidence().canary.SubjectsAtMost(), 30);
}

TEST_F(ReportRoutesTest, LeavesMatchedSubjectsOutOfTheEvidence) {
  const auto bad =
      *manifests::ParseJson(R"({"errors":{"count":3,"subjectHashes":["9f86d081884c7d65"]}})");
  Answer(Body({Item({{"bad", bad}, {"matched", true}})}));
  EXPECT_EQ(Evidence().canary.lookups, 40);
  EXPECT_EQ(Evidence().canary.bad, 3);
  EXPECT_EQ(Evidence().canary.SubjectsAtMost(), 0);
  EXPECT_TRUE(Evidence().canary.bad_subjects.empty());
}

TEST_F(ReportRoutesTest, IgnoresWhatIsNotOfTheRunningStep) {
  EXPECT_EQ(Answer(Body({Item({{"step", 2}})})), "0/1");
  EXPECT_EQ(Answer(Body({Item({{"digest", world.limits_3->digest().ToString()}})})), "0/1");
  EXPECT_EQ(Answer(Body({Item({{"map", "nobody"}})})), "0/1");
  EXPECT_EQ(Answer(Body({Item({{"map", "nobody"}}), Item()}, 2)), "1/1");
  EXPECT_EQ(Evidence().canary.lookups, 40);
  ASSERT_EQ(Post("/v1/maps/limits/abort", "").status, 200);
  EXPECT_EQ(Answer(Body({Item()}, 3)), "0/1");
}

TEST_F(ReportRoutesTest, ManyFailuresOnTheCanaryRollBack) {
  manifests::Value::Array hashes;
  for (int i = 0; i < 25; ++i) hashes.emplace_back("00000000000000" + std::to_string(10 + i));
  manifests::Value errors;
  errors.Set("count", 25);
  errors.Set("subjectHashes", hashes);
  manifests::Value bad;
  bad.Set("errors", errors);
  Answer(Body({Item({{"subjects", 30}, {"bad", bad}})}));
  EXPECT_TRUE(world.Phase("limits") == "RollingBack" || world.Phase("limits") == "RolledBack");
  EXPECT_EQ(world.Served("limits").canary, "-");
}

TEST_F(ReportRoutesTest, RefusesABadItemNamingItsField) {
  const auto json = [](std::string_view text) { return *manifests::ParseJson(text); };
  const manifests::Value::Array six(6, manifests::Value("x"));
  manifests::Value::Object kinds;
  for (int i = 0; i < 17; ++i) kinds.emplace_back("kind-" + std::to_string(i), json("{}"));
  const manifests::Value::Array hashes(1'001, manifests::Value("9f86d081884c7d65"));
  manifests::Value many;
  many.Set("errors", manifests::Value::Object{{"subjectHashes", hashes}});
  struct Case {
    std::string field;
    manifests::Value value;
    std::string named;
  };
  const Case cases[] = {
      {"map", "", "items[0].map"},
      {"map", 1, "items[0].map"},
      {"digest", "sha256:12", "items[0].digest"},
      {"arm", "blue", "items[0].arm"},
      {"step", -1, "items[0].step"},
      {"step", "1", "items[0].step"},
      {"lookups", -1, "items[0].lookups"},
      {"lookups", 1.5, "items[0].lookups"},
      {"lookups", 1'000'000'001, "items[0].lookups"},
      {"subjects", "many", "items[0].subjects"},
      {"subjects", manifests::Value::Object{}, "items[0].subjects"},
      {"subjects", json(R"({"hll":"AAAA"})"), "items[0].subjects.hll"},
      {"bad", manifests::Value::Array{}, "items[0].bad"},
      {"bad", kinds, "items[0].bad"},
      {"bad", json(R"({"errors":3})"), "items[0].bad.errors"},
      {"bad", json(R"({"errors":{"count":-3}})"), "items[0].bad.errors.count"},
      {"bad", json(R"({"errors":{"subjectHashes":"9f86d081884c7d65"}})"),
       "items[0].bad.errors.subjectHashes"},
      {"bad", json(R"({"errors":{"subjectHashes":["9f86d081884c7d6"]}})"),
       "items[0].bad.errors.subjectHashes"},
      {"bad", json(R"({"errors":{"subjectHashes":["9f86d081884c7d6z"]}})"),
       "items[0].bad.errors.subjectHashes"},
      {"bad", json(R"({"errors":{"subjectHashes":[7]}})"), "items[0].bad.errors.subjectHashes"},
      {"bad", many, "items[0].bad.errors.subjectHashes"},
      {"samples", six, "items[0].samples"},
      {"samples", manifests::Value::Array{1}, "items[0].samples"},
      {"samples", *manifests::ParseJson(R"([{"key":"a"}])"), "items[0].samples"},
      {"samples",
       manifests::Value::Array{
           manifests::Value::Object{{"key", std::string(513, 'k')}, {"text", "x"}}},
       "items[0].samples"},
      {"samples", manifests::Value::Array{std::string(257, 'x')}, "items[0].samples"},
  };
  for (const Case& bad : cases) {
    const Response response = Post("/v1/reports", Body({Item({{bad.field, bad.value}}), Item()}));
    EXPECT_EQ(response.status, 400) << bad.named;
    EXPECT_TRUE(Contains(Problem(response), "invalid: " + bad.named + ": expected"))
        << response.body;
  }
  world.Process();
  EXPECT_EQ(Evidence().canary.lookups, 0) << "a report with one bad item counted";
}

TEST_F(ReportRoutesTest, RefusesABadReportNamingItsField) {
  std::string many = R"({"instance":"a","batch":1,"items":[1)";
  for (int i = 0; i < 1'000; ++i) many += ",1";
  const std::pair<std::string, std::string> cases[] = {
      {"", "instance"},
      {R"({"instance":"","batch":1,"items":[]})", "instance"},
      {R"({"instance":")" + std::string(129, 'x') + R"(","batch":1,"items":[]})", "instance"},
      {R"({"instance":"a","items":[]})", "batch"},
      {R"({"instance":"a","batch":-1,"items":[]})", "batch"},
      {R"({"instance":"a","batch":"1","items":[]})", "batch"},
      {R"({"instance":"a","batch":1})", "items"},
      {R"({"instance":"a","batch":1,"items":{}})", "items"},
      {R"({"instance":"a","batch":1,"items":[1]})", "items[0]"},
      {many + "]}", "items"},
  };
  for (const auto& [body, field] : cases) {
    const Response response = Post("/v1/reports", body);
    EXPECT_EQ(response.status, 400) << field;
    EXPECT_TRUE(Contains(Problem(response), "invalid: " + field + ": expected")) << response.body;
  }
}

}  // namespace
}  // namespace portolan::controller
