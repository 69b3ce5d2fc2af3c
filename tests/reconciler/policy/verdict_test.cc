#include "reconciler/policy/verdict.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/reconciler/policy/policy_fixture.h"

namespace portolan::reconciler {
namespace {

Pairs Keys(int count, const std::string& value) {
  Pairs pairs;
  for (int i = 0; i < count; ++i) pairs.emplace_back("k" + std::to_string(100 + i), value);
  return pairs;
}

TEST(PolicyVerdict, DeniesWithMessageAndValues) {
  Scene scene(Keys(10, "1"), Keys(10, "2"));
  const PolicyVerdict verdict = scene.Judge(
      PolicyOf("  {scope: plan, level: soft, rule: plan.first || plan.percent <= 10.0, message: "
               "\"'changes ' + string(plan.changed)\"}\n"));
  EXPECT_EQ(verdict.outcome, Outcome::kDeny);
  EXPECT_EQ(verdict.message, "changes 10");
  EXPECT_EQ(verdict.place, "p.yaml:3");
  EXPECT_GT(verdict.cost, 0u);
  const VerdictValue percent{14, "plan.percent", "100.0"};
  EXPECT_NE(std::ranges::find(verdict.values, percent), verdict.values.end());
  EXPECT_NE(verdict.explanation.find("100.0"), std::string::npos) << verdict.explanation;
}

TEST(PolicyVerdict, GroupsTheKeysThatAChangeRuleDenies) {
  Scene scene(Keys(30, "1"), Keys(30, "9"));
  const PolicyVerdict verdict = scene.Judge(PolicyOf(
      "  {scope: change, level: hard, rule: change.new <= change.old * 2, message: change.key}\n"));
  EXPECT_EQ(verdict.outcome, Outcome::kDeny);
  EXPECT_EQ(verdict.denied, 30);
  ASSERT_EQ(verdict.keys.size(), kDeniedKeysMax);
  EXPECT_EQ(verdict.keys[1].key, "k101");
  EXPECT_EQ(verdict.keys[1].message, "k101");
  EXPECT_EQ(verdict.message, "k100");
  EXPECT_FALSE(verdict.values.empty());
}

TEST(PolicyVerdict, IsAnErrorWhenNothingCanBeJudged) {
  Scene scene({{"a", "1"}}, {{"a", R"("x")"}});
  const PolicyVerdict verdict =
      scene.Judge(PolicyOf("  {scope: change, level: hard, rule: change.new > 0}\n"));
  EXPECT_EQ(verdict.outcome, Outcome::kError);
  EXPECT_TRUE(verdict.keys.at(0).error);
  EXPECT_TRUE(verdict.blocks());
  EXPECT_NE(verdict.message.find("does not apply to string and int"), std::string::npos)
      << verdict.message;
}

TEST(PolicyVerdict, SkipsWhatTheMatchDoesNotCover) {
  const auto outcome = [](const std::string& match) {
    Scene scene({{"a", "1"}}, {{"a", "2"}});
    return scene
        .Judge(PolicyOf("  {scope: change, level: hard, rule: \"false\", match: " + match + "}\n"))
        .outcome;
  };
  EXPECT_EQ(outcome("{maps: [limits]}"), Outcome::kDeny);
  EXPECT_EQ(outcome("{maps: [\"routes*\"]}"), Outcome::kSkipped);
  EXPECT_EQ(outcome("{targets: {tier: [dev]}}"), Outcome::kSkipped);
  EXPECT_EQ(outcome("{targets: {tier: [prod], region: [\"eu-*\"]}}"), Outcome::kDeny);
  EXPECT_EQ(outcome("{targets: {name: [\"prod-*\"]}}"), Outcome::kDeny);
  EXPECT_EQ(outcome("{ops: [add, delete]}"), Outcome::kSkipped);
  EXPECT_EQ(outcome("{ops: [update]}"), Outcome::kDeny);
}

TEST(PolicyVerdict, SkipsAPlanWithoutTheOperation) {
  Scene scene({{"a", "1"}}, {{"a", "2"}});
  EXPECT_EQ(scene
                .Judge(PolicyOf(
                    "  {scope: plan, level: hard, rule: \"false\", match: {ops: [delete]}}\n"))
                .outcome,
            Outcome::kSkipped);
  EXPECT_EQ(scene.Judge(PolicyOf("  {scope: plan, level: disabled, rule: \"false\"}\n")).outcome,
            Outcome::kSkipped);
}

TEST(PolicyVerdict, HidesSensitiveValuesFromMessagesAndExplanations) {
  Scene scene({{"token", R"("hunter2")"}}, {{"token", R"("hunter3")"}});
  scene.declared().sensitive = {"token"};
  const PolicyVerdict verdict = scene.Judge(
      PolicyOf("  {scope: change, level: hard, rule: change.new == change.old, message: \"'was ' + "
               "change.old + ' now ' + string(live['token']) + string(plan.changes[0].new)\"}\n"));
  EXPECT_EQ(verdict.outcome, Outcome::kDeny);
  EXPECT_EQ(verdict.message.find("hunter"), std::string::npos) << verdict.message;
  EXPECT_NE(verdict.message.find("«sensitive sha256:"), std::string::npos) << verdict.message;
  EXPECT_TRUE(verdict.values.empty());
  EXPECT_TRUE(verdict.explanation.empty());
  const PolicyVerdict error =
      scene.Judge(PolicyOf("  {scope: change, level: hard, rule: int(change.new) > 0}\n"));
  EXPECT_EQ(error.outcome, Outcome::kError);
  EXPECT_EQ(error.message.find("hunter"), std::string::npos) << error.message;
}

TEST(PolicyVerdict, HidesWhatMasksAnotherMapWhereItIsServed) {
  Scene scene({{"a", "1"}}, {{"a", "2"}});
  auto other = Desired("other", Version({{"token", R"("hunter2")"}, {"db", R"("hunter3")"}}));
  other.sensitive = {"token"};
  scene.Add(other);
  const auto policy = PolicyOf(
      "  {scope: plan, level: hard, rule: \"false\", message: \"maps['other']['token'] + "
      "maps['other']['db']\"}\n");
  const std::string by_git_alone = scene.Judge(policy).message;
  EXPECT_EQ(by_git_alone.find("hunter2"), std::string::npos) << by_git_alone;
  EXPECT_NE(by_git_alone.find("hunter3"), std::string::npos) << by_git_alone;
  scene.context.masked = {{"other", {"db"}}};
  const std::string message = scene.Judge(policy).message;
  EXPECT_EQ(message.find("hunter"), std::string::npos) << message;
}

TEST(PolicyVerdict, ExplainsARuleThatReadsNoSensitiveValue) {
  Scene scene({{"token", R"("hunter2")"}}, {{"token", R"("hunter3")"}});
  scene.declared().sensitive = {"token"};
  const PolicyVerdict verdict =
      scene.Judge(PolicyOf("  {scope: change, level: hard, rule: change.op == 'add'}\n"));
  ASSERT_FALSE(verdict.values.empty());
  for (const VerdictValue& value : verdict.values)
    EXPECT_EQ(value.value.find("hunter"), std::string::npos) << value.text << " " << value.value;
  EXPECT_EQ(verdict.explanation.find("hunter"), std::string::npos) << verdict.explanation;
}

TEST(PolicyVerdict, ErrsOnceTheBudgetOfThePlanIsUsedUp) {
  Scene scene(Keys(3, "1"), Keys(3, "2"));
  scene.Prepare();
  const auto policy = PolicyOf("  {scope: change, level: soft, rule: change.key != ''}\n");
  const MapPlan plan = scene.Plan();
  PlanVariables variables(plan, scene.context);
  CostBudget budget{5, 0};
  const PolicyVerdict verdict = JudgePolicy(*policy, {.map = "limits",
                                                      .changes = &plan.changes,
                                                      .target = scene.context.target,
                                                      .table = variables.table(),
                                                      .access = variables.access(),
                                                      .budget = budget});
  EXPECT_EQ(verdict.outcome, Outcome::kError);
  EXPECT_NE(verdict.keys.back().message.find("cost limit"), std::string::npos)
      << verdict.keys.back().message;
  EXPECT_EQ(CostBudget::ForChanges(1'000).limit, 12'000'000u);
}

}  // namespace
}  // namespace portolan::reconciler
