#include "tests/controller/api/api_fixture.h"

namespace portolan::controller {
namespace {

class WhyRoutesTest : public ApiTest {
 protected:
  static std::string FactsOf(const manifests::Value& why) { return WriteJson(*why.Find("facts")); }
};

TEST_F(WhyRoutesTest, TellsFactsEventsSamplesAndWhatIsNext) {
  StartRollout();
  const auto report = [&](const std::string& instance, mapcore::Arm arm,
                          const mapcore::VersionPtr& version, reconciler::ReportedSample sample) {
    reconciler::ReportItem item;
    item.digest = version->digest();
    item.arm = arm;
    item.step = 1;
    item.lookups = 7;
    item.subjects = 3;
    item.samples = {std::move(sample)};
    ASSERT_TRUE(world.rollouts.Report({{instance, 1, "limits", {std::move(item)}}}));
  };
  report("checkout-2", mapcore::Arm::kStable, world.limits_1, {"", "timeout"});
  report("checkout-1", mapcore::Arm::kCanary, world.limits_2, {"api/login", "rps is 0"});
  world.Process();
  const manifests::Value why = GetJson("/v1/maps/limits/why");
  EXPECT_TRUE(Contains(why.StringOr("summary", ""), "limits is Stepping"));
  EXPECT_TRUE(Contains(FactsOf(why), "7 lookups, 3 subjects"));
  EXPECT_FALSE(why.Find("next")->as_array().empty());
  const auto& samples = why.Find("samples")->as_array();
  ASSERT_EQ(samples.size(), 2u);
  const std::string now = FormatTime(world.clock.now().wall);
  EXPECT_EQ(WriteJson(samples[0]), R"({"arm":"canary","instance":"checkout-1","key":"api/login",)"
                                   R"("text":"rps is 0","at":")" +
                                       now + "\"}")
      << "the canary first";
  EXPECT_EQ(WriteJson(samples[1]), R"({"arm":"stable","instance":"checkout-2","key":"",)"
                                   R"("text":"timeout","at":")" +
                                       now + "\"}");
  EXPECT_EQ(why.Find("events")->as_array().back().StringOr("reason", ""), "StepStarted");
  EXPECT_EQ(why.Find("entry"), nullptr);
}

TEST_F(WhyRoutesTest, NamesTheCommitThatSetAKey) {
  edge.Push('a', MapsOf({{"flags", "{a: 1, b: 1}"}}));
  world.Pass(std::chrono::minutes(2));
  edge.Push('b', MapsOf({{"flags", "{a: 1, b: 2}"}}));
  world.Pass(std::chrono::minutes(2));
  const auto setter = [&](const std::string& key) {
    const manifests::Value body = GetJson("/v1/maps/flags/why?key=" + key);
    const manifests::Value* entry = body.Find("entry");
    return std::string(entry->StringOr("subject", "")) + " by " +
           std::string(entry->StringOr("author", "")) + ": " +
           std::to_string(entry->IntOr("value", -1));
  };
  EXPECT_EQ(setter("a"), "Commit a by Ana <ana@example.com>: 1");
  EXPECT_EQ(setter("b"), "Commit b by Ana <ana@example.com>: 2");
  EXPECT_EQ(Get("/v1/maps/flags/why?key=nope").status, 404);
}

TEST_F(WhyRoutesTest, NamesThePlanThatBroughtAKeysValueThoughNobodyApprovedIt) {
  const auto plan_of = [&] { return world.rollouts.Find("flags")->target->plan.ToString(); };
  const auto named = [&](const std::string& key) {
    const manifests::Value why = GetJson("/v1/maps/flags/why?key=" + key);
    EXPECT_TRUE(why.Find("entry")->Find("approver")->is_null());
    return std::string(why.Find("entry")->StringOr("plan", ""));
  };
  edge.Push('a', MapsOf({{"flags", "{a: 1, b: 1}"}}));
  const std::string first = plan_of();
  world.Pass(std::chrono::minutes(2));
  edge.Push('b', MapsOf({{"flags", "{a: 1, b: 2}"}}));
  const std::string second = plan_of();
  world.Pass(std::chrono::minutes(2));
  EXPECT_EQ(named("a"), first);
  EXPECT_EQ(named("b"), second);
  EXPECT_EQ(GetJson("/v1/plans/" + second).StringOr("map", ""), "flags");
  EXPECT_EQ(GetJson("/v1/maps/flags/history").Find("versions")->as_array()[0].StringOr("plan", ""),
            second);
}

TEST_F(WhyRoutesTest, NamesWhoApprovedThePlanThatSetAKey) {
  edge.Push('a', MapsOf({{"flags", "{a: 1, b: 1, c: 1, d: 1, e: 1}"}}));
  world.Pass(std::chrono::minutes(2));
  edge.Push('b', MapsOf({{"flags", "{a: 2}"}}));
  const std::string plan = world.rollouts.Find("flags")->target->plan.ToString();
  const std::string despite = R"({"reason":"cleanup","despite":"mass-delete-guard"})";
  ASSERT_EQ(Send({"POST", "/v1/plans/" + plan + "/approve", despite}, "boss").status, 200);
  world.Pass(std::chrono::minutes(2));
  const manifests::Value why = GetJson("/v1/maps/flags/why?key=a");
  EXPECT_EQ(why.Find("entry")->StringOr("plan", ""), plan);
  EXPECT_EQ(why.Find("entry")->StringOr("approver", ""), "token:boss");
}

TEST_F(WhyRoutesTest, TellsTheStepsWithTheirTimesAndWhatFired) {
  StartRollout();
  world.Pass(std::chrono::seconds(10));
  manifests::Value why = GetJson("/v1/maps/limits/why");
  ASSERT_EQ(why.Find("steps")->as_array().size(), 2u);
  EXPECT_EQ(why.Find("steps")->as_array()[0].StringOr("endedBy", ""), "StepStarted");
  EXPECT_TRUE(why.Find("steps")->as_array()[1].Find("endedAt")->is_null());
  EXPECT_TRUE(why.Find("fired")->is_null());
  EXPECT_FALSE(why.StringOr("nextAt", "").empty());
  ASSERT_EQ(Post("/v1/maps/limits/abort", R"({"reason":"wrong"})").status, 200);
  world.Process();
  why = GetJson("/v1/maps/limits/why");
  EXPECT_EQ(why.Find("steps")->as_array()[1].StringOr("endedBy", ""), "RollingBack");
  EXPECT_EQ(why.Find("fired")->Find("data")->StringOr("cause", ""), "Aborted");
}

TEST_F(WhyRoutesTest, TellsWhatPoliciesSaidAndWhoApproved) {
  edge.Push('a', MapsOf({{"flags", "{a: 1, b: 1, c: 1, d: 1, e: 1}"}}));
  world.Pass(std::chrono::minutes(2));
  edge.Push('b', MapsOf({{"flags", "{a: 2}"}}));
  manifests::Value why = GetJson("/v1/maps/flags/why");
  const std::string plan(why.StringOr("plan", ""));
  EXPECT_TRUE(Contains(WriteJson(*why.Find("policies")), "mass-delete-guard"));
  ASSERT_EQ(
      Send({"POST", "/v1/plans/" + plan + "/approve", R"({"reason":"reviewed"})"}, "boss").status,
      200);
  why = GetJson("/v1/maps/flags/why");
  EXPECT_EQ(why.Find("approvals")->as_array().at(0).StringOr("reason", ""), "reviewed");
}

TEST_F(WhyRoutesTest, KeepsThePlanAndItsPoliciesOfWhatIsServed) {
  edge.Push('a', MapsOf({{"flags", "{a: 1}"}}));
  const std::string plan(GetJson("/v1/maps/flags/why").StringOr("plan", ""));
  world.Pass(std::chrono::minutes(10));
  const manifests::Value why = GetJson("/v1/maps/flags/why");
  ASSERT_EQ(why.Find("target")->is_null(), true);
  EXPECT_EQ(why.StringOr("plan", ""), plan);
  EXPECT_TRUE(Contains(WriteJson(*why.Find("policies")), "mass-delete-guard"));
}

TEST_F(WhyRoutesTest, TellsOverridesAndSuspensionsAndWhenTheyEnd) {
  edge.Push('a', MapsOf({{"flags", "{a: 1}"}}));
  world.Pass(std::chrono::minutes(2));
  Post("/v1/maps/flags/override", R"({"key":"a","value":7,"forMs":3600000,"reason":"incident"})");
  Post("/v1/maps/flags/suspend", R"({"forMs":3600000,"reason":"sale"})");
  const manifests::Value why = GetJson("/v1/maps/flags/why?key=a");
  EXPECT_TRUE(Contains(FactsOf(why), "incident"));
  EXPECT_TRUE(Contains(FactsOf(why), "sale"));
  EXPECT_TRUE(Contains(WriteJson(*why.Find("next")), "a is as git says again at"));
  EXPECT_EQ(why.Find("entry")->Find("override")->StringOr("actor", ""), "token:root");
}

TEST_F(WhyRoutesTest, MasksWordsOnSensitiveEntriesForReadersWithoutTheRight) {
  auto target = world.TargetOf("limits", world.limits_2);
  target.version.sensitive = {"token/*"};
  world.Want("limits", target);
  reconciler::ReportItem item;
  item.digest = world.limits_2->digest();
  item.arm = mapcore::Arm::kCanary;
  item.step = 1;
  item.lookups = item.subjects = 40;
  item.samples = {
      {"", "value of token/edge: s3cret"}, {"token/core", "s3cret too"}, {"", "plain words"}};
  ASSERT_TRUE(world.rollouts.Report({{"checkout-1", 1, "limits", {std::move(item)}}}));
  world.Process();
  const Response masked = Send({"GET", "/v1/maps/limits/why"}, "reader");
  ASSERT_EQ(masked.status, 200);
  EXPECT_FALSE(Contains(masked.body, "s3cret")) << masked.body;
  EXPECT_TRUE(Contains(masked.body, "plain words"));
  EXPECT_TRUE(Contains(Get("/v1/maps/limits/why").body, "s3cret"));
}

TEST_F(WhyRoutesTest, TellsADualRunOfItsOwnRolloutOnly) {
  world.strategy.shadow = manifests::Shadow{};
  world.Want("limits", world.limits_2);
  ASSERT_EQ(world.Phase("limits"), "Shadow");
  EXPECT_TRUE(Contains(FactsOf(GetJson("/v1/maps/limits/why")), "dual run"));
  Post("/v1/maps/limits/promote", R"({"full":true})");
  world.Pass(std::chrono::minutes(2));
  Post("/v1/maps/limits/pause", "");
  world.Want("limits", world.limits_3);
  ASSERT_EQ(world.Phase("limits"), "Held");
  const manifests::Value why = GetJson("/v1/maps/limits/why");
  EXPECT_FALSE(Contains(FactsOf(why), "dual run"));
  EXPECT_TRUE(why.Find("shadow")->is_null());
}

TEST_F(WhyRoutesTest, ForgetsTheSamplesWithTheMarksOfTheVersionThatTheyWereOf) {
  auto first = world.TargetOf("limits", world.limits_1);
  first.version.sensitive = {"token/*"};
  world.Want("limits", first);
  StartRollout();
  Post("/v1/maps/limits/promote", R"({"full":true})");
  ASSERT_EQ(world.Phase("limits"), "Baking");
  reconciler::ReportItem item;
  item.digest = world.limits_1->digest();
  item.arm = mapcore::Arm::kStable;
  item.step = world.Served("limits").step;
  item.lookups = item.subjects = 1;
  item.samples = {{"token/core", "s3cret"}};
  ASSERT_TRUE(world.rollouts.Report({{"checkout-1", 1, "limits", {std::move(item)}}}));
  world.Process();
  ASSERT_EQ(GetJson("/v1/maps/limits/why").Find("samples")->as_array().size(), 1u);
  world.Pass(std::chrono::minutes(2));
  ASSERT_EQ(world.Phase("limits"), "Healthy");
  EXPECT_TRUE(GetJson("/v1/maps/limits/why").Find("samples")->as_array().empty());
  EXPECT_FALSE(Contains(Send({"GET", "/v1/maps/limits/why"}, "reader").body, "s3cret"));
}

}  // namespace
}  // namespace portolan::controller
