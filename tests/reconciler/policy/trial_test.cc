#include "reconciler/policy/trial.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/policy_fixture.h"

namespace portolan::reconciler {
namespace {

constexpr char kPercent[] = R"yaml(  scope: plan
  level: soft
  match: {ops: [update]}
  params: {max: 10.0}
  rule: plan.percent <= params.max
  message: "'changes ' + string(plan.changed)"
  tests:
  - expect: allow
  - {name: many, vars: {plan: {percent: 10.5, changed: 21}}, expect: deny, message: changes 21}
  - {name: own limit, vars: {plan: {percent: 10.5}, params: {max: 11}}, expect: allow}
  - {name: no update, vars: {plan: {updates: 0}}, expect: skip}
  - {name: no number, vars: {plan: {percent: x}}, expect: error}
)yaml";

TEST(PolicyTrial, RunsThePolicysOwnTests) {
  const auto results = RunTests(*PolicyOf(kPercent));
  ASSERT_EQ(results.size(), 5u);
  for (const TrialResult& result : results) EXPECT_EQ(result.complaint, "") << result.test;
  EXPECT_EQ(results[1].message, "changes 21");
  EXPECT_NE(results[1].explanation.find("10.5"), std::string::npos) << results[1].explanation;
}

TEST(PolicyTrial, SaysWhatItExpectedAndFound) {
  const auto results = RunTests(
      *PolicyOf("  scope: plan\n  level: soft\n  rule: plan.first\n  message: plan.map\n  tests:\n"
                "  - {expect: allow}\n  - {expect: deny, message: other}\n"));
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].complaint, "expected allow, found deny: limits");
  EXPECT_EQ(results[1].complaint, "expected the message \"other\", found \"limits\"");
  EXPECT_FALSE(results[1].passed());
}

TEST(PolicyTrial, MakesPlanAndChangesOfTwoSides) {
  manifests::MemorySource source({{"p.yaml", manifests::Manifest("Policy", "p", R"(  scope: change
  level: soft
  rule: change.op != 'update' || change.new <= change.old
)")},
                                  {"q.yaml", manifests::Manifest("Policy", "q", R"(  scope: plan
  level: soft
  rule: plan.adds == 1 && plan.after == 2 && desired.b == 1 && !has(live.b)
)")},
                                  {"t.yaml", manifests::Manifest("PolicyTest", "t", R"(  cases:
  - {name: up, given: {live: {a: 1}, desired: {a: 2, b: 1}}, expect: {p: deny, q: allow}}
  - {name: down, given: {live: {a: 2}, desired: {a: 1}}, expect: {p: allow, q: deny}}
  - {name: first, given: {desired: {a: 1}}, expect: {p: allow}}
)")}});
  const auto state = manifests::Loader().Load(source.Get()).value();
  const CompiledSetResult result = CompileSet(state.policies, nullptr);
  EXPECT_EQ(manifests::FormatDiagnostics(result.diagnostics), "");
  ASSERT_EQ(result.trials.size(), 5u);
  EXPECT_EQ(result.trials[0].test, "t: up");
}

TEST(PolicyTrial, RefusesVariablesThatDoNotExist) {
  EXPECT_EQ(
      manifests::FormatDiagnostics(CheckVariables(
          manifests::ParseJson(R"({"plna":{},"plan":{"percnt":1}})").value(), "p.yaml", {3, 4})),
      "p.yaml:3:4: no variable `plan.percnt` for a test to set; did you mean \"percent\"?\n"
      "p.yaml:3:4: no variable `plna` for a test to set; did you mean \"plan\"?\n");
}

}  // namespace
}  // namespace portolan::reconciler
