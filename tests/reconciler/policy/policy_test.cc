#include "reconciler/policy/policy.h"

#include <gtest/gtest.h>

#include "reconciler/policy/fixture.h"
#include "tests/reconciler/policy/policy_fixture.h"

namespace portolan::reconciler {
namespace {

RuleResult Evaluated(const CompiledPolicy& policy, const RuleOptions& options = {}) {
  cel::Arena arena, scratch;
  const VariableTable table = TableFromTree(TestVariables(), arena);
  return RunRule(policy, table, scratch, options);
}

TEST(Policy, SaysWhereAPlainExpressionIsWrong) {
  EXPECT_EQ(CompileText("  scope: plan\n  level: soft\n  rule: plan.percnt > 1.0\n"),
            "p.yaml:7:14: spec.rule: at 1:6 of the expression: no such field `plan.percnt`; did "
            "you mean `percent`?\n");
}

TEST(Policy, CountsWithinABlockScalar) {
  const std::string text =
      CompileText("  scope: plan\n  level: soft\n  rule: |\n    plan.first ||\n    plan.frist\n");
  EXPECT_EQ(text.substr(0, 40), "p.yaml:7:9: spec.rule: at 2:6 of the exp") << text;
}

TEST(Policy, DemandsABooleanAndAText) {
  EXPECT_NE(CompileText("  {scope: plan, level: soft, rule: plan.map}\n").find("bool"),
            std::string::npos);
  EXPECT_NE(CompileText("  {scope: plan, level: soft, rule: \"true\", message: plan.adds}\n")
                .find("string"),
            std::string::npos);
}

TEST(Policy, KnowsOnlyTheVariablesOfItsScope) {
  EXPECT_NE(CompileText("  {scope: plan, level: soft, rule: change.key == ''}\n").find("change"),
            std::string::npos);
  EXPECT_NE(CompileText("  {scope: live, level: soft, rule: plan.first}\n").find("plan"),
            std::string::npos);
  EXPECT_EQ(CompileText("  {scope: change, level: soft, rule: change.key != ''}\n"), "");
}

TEST(Policy, KnowsItsParamsByName) {
  EXPECT_NE(CompileText("  {scope: plan, level: soft, params: {limit: 1}, rule: plan.adds < "
                        "params.limt}\n")
                .find("did you mean `limit`?"),
            std::string::npos);
}

TEST(Policy, EvaluatesItsVariablesOnceAndOnlyWhenAsked) {
  const auto policy = PolicyOf(
      "  scope: plan\n  level: soft\n"
      "  variables: {all: plan.adds + plan.updates, bad: 1 / (plan.adds), twice: variables.all * "
      "2}\n"
      "  rule: variables.twice == 2 && variables.all == 1 || variables.bad == 1\n");
  EXPECT_EQ(Evaluated(*policy).answer, RuleAnswer::kAllow);
  const auto broken = PolicyOf(
      "  {scope: plan, level: soft, variables: {bad: 1 / plan.adds}, rule: "
      "variables.bad == 1}\n");
  const RuleResult result = Evaluated(*broken);
  EXPECT_EQ(result.answer, RuleAnswer::kError);
  EXPECT_NE(result.error.find("variables.bad: "), std::string::npos) << result.error;
}

TEST(Policy, CountsTheCostOfVariables) {
  const auto direct =
      PolicyOf("  {scope: plan, level: soft, rule: plan.adds + plan.updates == 1}\n");
  const auto named = PolicyOf(
      "  {scope: plan, level: soft, variables: {n: plan.adds + plan.updates}, rule: variables.n == "
      "1}\n");
  EXPECT_GE(Evaluated(*named).cost, Evaluated(*direct).cost);
}

TEST(Policy, ErrsPastItsCostAndItsTime) {
  const auto policy =
      PolicyOf("  {scope: plan, level: soft, rule: \"range(0, 1000).all(i, i >= 0)\"}\n");
  const RuleResult dear = Evaluated(*policy, {.cost_limit = 100});
  EXPECT_EQ(dear.answer, RuleAnswer::kError);
  EXPECT_NE(dear.error.find("cost limit (100 units) exceeded"), std::string::npos) << dear.error;
  const std::function<bool()> late = [] { return true; };
  RuleOptions options;
  options.expired = &late;
  EXPECT_EQ(Evaluated(*policy, options).answer, RuleAnswer::kError);
  EXPECT_EQ(Evaluated(*policy).answer, RuleAnswer::kAllow);
}

TEST(Policy, SaysItsMessageOrElseItsRule) {
  cel::Arena arena, scratch;
  const VariableTable table = TableFromTree(TestVariables(), arena);
  const std::string base = "  {scope: plan, level: soft, rule: plan.adds > 0";
  EXPECT_EQ(RunMessage(*PolicyOf(base + ", message: \"'map ' + plan.map\"}\n"), table, scratch),
            "map limits");
  EXPECT_EQ(RunMessage(*PolicyOf(base + "}\n"), table, scratch), "not satisfied: plan.adds > 0");
  EXPECT_EQ(RunMessage(*PolicyOf(base + ", message: \"string(1 / plan.adds)\"}\n"), table, scratch),
            "not satisfied: plan.adds > 0");
  const std::string longer = RunMessage(
      *PolicyOf(base + ", message: \"range(0, 3000).map(i, 'éé').join('')\"}\n"), table, scratch);
  EXPECT_LE(longer.size(), kMessageBytesMax + 3);
  EXPECT_TRUE(longer.ends_with("…"));
}

TEST(Policy, WarnsOfPatternsThatAreNotRaw) {
  EXPECT_NE(
      CompileText("  {scope: change, level: soft, rule: \"change.key.matches('\\\\\\\\.')\"}\n")
          .find("r'"),
      std::string::npos);
}

TEST(Policy, HasADigestOfWhatItSays) {
  const std::string base = "  {scope: plan, level: soft, rule: plan.first";
  EXPECT_EQ(PolicyOf(base + "}\n")->digest,
            PolicyOf(base + ", tests: [{expect: allow}]}\n")->digest);
  EXPECT_NE(PolicyOf(base + "}\n")->digest, PolicyOf(base + " }\n", "q")->digest);
}

}  // namespace
}  // namespace portolan::reconciler
