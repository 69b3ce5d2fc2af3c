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

CompiledSetResult CompileText(const std::string& policy, const std::string& test,
                              const TrialOptions& options = {}) {
  manifests::MemorySource source({{"p.yaml", manifests::Manifest("Policy", "p", policy)},
                                  {"t.yaml", manifests::Manifest("PolicyTest", "t", test)}});
  return CompileSet(manifests::Loader().Load(source.Get()).value().policies, nullptr, options);
}

TEST(PolicyTrial, GivesTheBuiltInVariablesToACaseThatSetsNone) {
  const auto result = CompileText(
      "  scope: plan\n  level: soft\n  rule: commit.author == 'ann' && now.getFullYear() == 2026\n",
      "  cases:\n  - {name: c, given: {live: {a: 1}, desired: {a: 2}}, expect: {p: allow}}\n");
  EXPECT_EQ(manifests::FormatDiagnostics(result.diagnostics), "");
}

// Allowed from 2027 on.
constexpr char kLater[] = R"yaml(  scope: plan
  level: soft
  rule: now.getFullYear() >= 2027
  tests:
  - {name: fixed, vars: {now: 2026-01-01T00:00:00Z}, expect: deny}
  - {name: open, expect: deny}
)yaml";
constexpr char kLaterCases[] = R"yaml(  defaults: {now: 2026-02-01T00:00:00Z}
  cases:
  - {name: dated, given: {vars: {now: 2027-02-01T00:00:00Z}}, expect: {p: allow}}
  - {name: by default, given: {vars: {plan: {first: true}}}, expect: {p: deny}}
)yaml";

TEST(PolicyTrial, MovesTheNowOfThoseThatSetNone) {
  EXPECT_EQ(manifests::FormatDiagnostics(CompileText(kLater, kLaterCases).diagnostics), "");
  TrialOptions options;
  options.now = ParseTime("2027-03-01T00:00:00Z").value();
  const auto moved = CompileText(kLater, kLaterCases, options);
  ASSERT_EQ(moved.trials.size(), 4u);
  for (const TrialResult& trial : moved.trials)
    EXPECT_EQ(trial.complaint, trial.test == "open" ? "expected deny, found allow" : "")
        << trial.test;
}

TEST(PolicyTrial, RunsOnlyWhatIsSelectedAndCountsAll) {
  std::vector<std::string> asked;
  TrialOptions options;
  options.selected = [&](const std::string& name) {
    asked.push_back(name);
    return name == "p/fixed" || name == "p/t: dated";
  };
  const auto chosen = CompileText(kLater, kLaterCases, options);
  EXPECT_EQ(asked,
            (std::vector<std::string>{"p/fixed", "p/open", "p/t: dated", "p/t: by default"}));
  ASSERT_EQ(chosen.trials.size(), 2u);
  EXPECT_EQ(chosen.trials[0].test, "fixed");
  EXPECT_EQ(chosen.trials[1].test, "t: dated");
}

TEST(PolicyTrial, ReportsGapsOnlyOfPoliciesWithASelectedTest) {
  manifests::MemorySource source(
      {{"p.yaml", manifests::Manifest("Policy", "p", kLater)},
       {"q.yaml", manifests::Manifest("Policy", "q",
                                      "  scope: plan\n  level: soft\n"
                                      "  rule: plan.first\n  tests: [{expect: deny}]\n")}});
  const auto policies = manifests::Loader().Load(source.Get()).value().policies;
  const auto compiled = CompileSet(policies, nullptr).set;
  ASSERT_NE(compiled, nullptr);
  EXPECT_EQ(CountTests(policies), 3u);
  EXPECT_EQ(CoverageGaps(policies, compiled->policies).size(), 2u);
  TrialOptions options;
  options.selected = [](const std::string& name) { return name.starts_with("q/"); };
  const auto gaps = CoverageGaps(policies, compiled->policies, options);
  ASSERT_EQ(gaps.size(), 1u);
  EXPECT_EQ(gaps[0].policy, "q");
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
