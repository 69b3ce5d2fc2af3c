#include "reconciler/policy/variables.h"

#include <gtest/gtest.h>

#include "reconciler/policy/cel/text.h"
#include "tests/reconciler/policy/policy_fixture.h"

namespace portolan::reconciler {
namespace {

std::string TextOf(PlanVariables& variables, Variable variable) {
  return cel::TextOf(variables.table()[static_cast<std::size_t>(variable)], 4000);
}

TEST(PlanVariables, DescribeThePlan) {
  Scene scene({{"a", "1"}, {"b", "2"}}, {{"a", "3"}});
  scene.declared().attributes =
      manifests::ParseJson(R"({"license":"MIT","roles":[{"name":"r"}]})").value();
  scene.declared().annotations = {{"owner", "ops@corp.example"}};
  scene.context.approvals = {{"bob", "sha256:x", {"sre"}, scene.context.now}};
  scene.context.commit = {{"ann@corp.example"}, {"maps/a.yaml"}, false};
  scene.Prepare();
  const MapPlan plan = scene.Plan();
  PlanVariables variables(plan, scene.context);
  const std::string text = TextOf(variables, Variable::kPlan);
  for (const char* part :
       {"'adds': 0", "'updates': 1", "'deletes': 1", "'changed': 2", "'total': 2", "'after': 1",
        "'percent': 100.0", "'first': false", "'map': 'limits'", "'old': 2, 'op': 'delete'"})
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  EXPECT_EQ(TextOf(variables, Variable::kDesired), "{'a': 3}");
  EXPECT_EQ(TextOf(variables, Variable::kLive), "{'a': 1, 'b': 2}");
  EXPECT_EQ(TextOf(variables, Variable::kMaps), "{'limits': {'a': 3}}");
  EXPECT_EQ(TextOf(variables, Variable::kNow), "timestamp('2026-07-20T10:00:00Z')");
  EXPECT_EQ(TextOf(variables, Variable::kTarget),
            "{'name': 'prod-eu', 'regions': ['eu-1'], 'tier': 'prod'}");
  EXPECT_NE(TextOf(variables, Variable::kApprovals).find("'groups': ['sre']"), std::string::npos);
  EXPECT_NE(TextOf(variables, Variable::kCommit).find("'descendsFromLive': false"),
            std::string::npos);
  const std::string manifest = TextOf(variables, Variable::kManifest);
  EXPECT_NE(manifest.find("'license': 'MIT'"), std::string::npos) << manifest;
  EXPECT_NE(manifest.find("'owner': 'ops@corp.example'"), std::string::npos);
  EXPECT_NE(manifest.find("'roles': [{'name': 'r'}]"), std::string::npos);
  EXPECT_NE(manifest.find("'dependencies': []"), std::string::npos);
}

TEST(PlanVariables, WriteWeightsInPercent) {
  Scene scene({}, {{"a", "1"}});
  scene.declared().strategy.steps = {StepTo(500, std::chrono::minutes(1)), StepTo(100'000, {})};
  scene.Prepare();
  const MapPlan plan = scene.Plan();
  PlanVariables variables(plan, scene.context);
  const std::string rollout = TextOf(variables, Variable::kRollout);
  EXPECT_NE(rollout.find("'pause': duration('60s'), 'regions': [], 'weight': 0.5"),
            std::string::npos)
      << rollout;
  EXPECT_NE(rollout.find("'weight': 100}"), std::string::npos) << rollout;
  EXPECT_NE(rollout.find("'strategy': 'canary'"), std::string::npos);
  EXPECT_NE(rollout.find("'metrics': ['client-errors']"), std::string::npos);
}

TEST(PlanVariables, OfAServedMapHaveNoPlan) {
  Scene scene({{"a", "1"}}, {{"a", "2"}});
  scene.Prepare();
  PlanVariables variables(scene.declared(), scene.context);
  EXPECT_EQ(TextOf(variables, Variable::kLive), "{'a': 1}");
  EXPECT_EQ(TextOf(variables, Variable::kPlan), "null");
}

TEST(TableFromTree, ReadsTimes) {
  const auto tree = manifests::ParseJson(
                        R"({"now":"2026-07-20T10:00:00Z","commit":{"time":"2026-07-20T09:00:00Z"},
                            "drift":{"total":1}})")
                        .value();
  cel::Arena arena;
  const VariableTable table = TableFromTree(tree, arena);
  EXPECT_TRUE(table[static_cast<std::size_t>(Variable::kNow)].is(cel::Kind::kTimestamp));
  EXPECT_EQ(cel::TextOf(table[static_cast<std::size_t>(Variable::kCommit)], 100),
            "{'time': timestamp('2026-07-20T09:00:00Z')}");
  EXPECT_TRUE(table[static_cast<std::size_t>(Variable::kParams)].is(cel::Kind::kNull));
}

}  // namespace
}  // namespace portolan::reconciler
