#include "controller/reconcile/policy_gate.h"

#include <gtest/gtest.h>

#include "reconciler/policy/compiled_set.h"

namespace portolan::controller {
namespace {

reconciler::MapPlan PlanOf(std::int64_t updated) {
  reconciler::MapPlan plan;
  plan.map = "limits";
  plan.base = Sha256Of("base");
  plan.target = Sha256Of("target");
  plan.changes.updated = updated;
  for (std::int64_t i = 0; i < updated; ++i)
    plan.changes.changes.push_back({std::to_string(i), reconciler::Action::kUpdated, "1", "2"});
  plan.size_before = plan.size_after = 10;
  plan.strategy = manifests::DefaultStrategy();
  return plan;
}

manifests::DesiredState WithPolicy(const std::string& rule) {
  auto policy = std::make_shared<manifests::Policy>();
  policy->name = "few";
  policy->level = manifests::PolicyLevel::kSoft;
  policy->rule.text = rule;
  manifests::DesiredState desired;
  desired.policies.policies["few"] = std::move(policy);
  return desired;
}

std::string Findings(const PolicyGate& gate, const reconciler::MapPlan& plan) {
  std::string text;
  for (const reconciler::Finding& finding : gate.Judge(plan, {}).findings)
    text += finding.policy + " " + finding.level + "; ";
  return text;
}

TEST(PolicyGate, TheFloorJudgesUntilASetIsAccepted) {
  PolicyGate gate({"prod", "prod", {}});
  EXPECT_FALSE(gate.pending());
  EXPECT_EQ(Findings(gate, PlanOf(5)), "");
  reconciler::MapPlan at_once = PlanOf(5);
  at_once.strategy.steps = {at_once.strategy.steps.back()};
  EXPECT_EQ(Findings(gate, at_once), "canary-for-prod soft; ");
}

TEST(PolicyGate, ASetThatIsNotAcceptedYetDeniesNothingUnlessBothJudge) {
  PolicyGate gate({"test", "dev", {}});
  ASSERT_TRUE(gate.Take(WithPolicy("plan.changed < 3")).ok());
  EXPECT_TRUE(gate.pending());
  EXPECT_EQ(Findings(gate, PlanOf(5)), "");
  gate.JudgeBoth(true);
  EXPECT_EQ(Findings(gate, PlanOf(2)), "");
  EXPECT_EQ(Findings(gate, PlanOf(5)), "few soft; ");
  gate.Accept();
  EXPECT_FALSE(gate.pending());
  EXPECT_EQ(Findings(gate, PlanOf(2)), "");
  EXPECT_EQ(Findings(gate, PlanOf(5)), "few soft; ");
}

TEST(PolicyGate, ARefusedSetLeavesTheOneBeforeInForce) {
  PolicyGate gate({"test", "dev", {}});
  ASSERT_TRUE(gate.Take(WithPolicy("plan.changed < 3")).ok());
  gate.Accept();
  const Status taken = gate.Take(WithPolicy("plan.chnaged < 30"));
  ASSERT_FALSE(taken.ok());
  EXPECT_TRUE(taken.error().message.starts_with("PolicyRejected: ")) << taken.error().message;
  EXPECT_EQ(Findings(gate, PlanOf(5)), "few soft; ");
}

TEST(PolicyGate, DeniesEverythingWhenItsPoliciesAreNotKnown) {
  PolicyGate gate({"test", "dev", {}});
  gate.DenyAll("cannot be read");
  EXPECT_EQ(Findings(gate, PlanOf(1)), "policies hard; ");
  ASSERT_TRUE(gate.Take(WithPolicy("plan.changed < 3")).ok());
  gate.Accept();
  EXPECT_EQ(Findings(gate, PlanOf(1)), "");
}

}  // namespace
}  // namespace portolan::controller
