#include "manifests/policy_manifest.h"

#include <gtest/gtest.h>

#include "tests/manifests/policy_fixture.h"

namespace portolan::manifests {
namespace {

DesiredState LoadPolicy(const std::string& spec) {
  return LoadPolicies(MemorySource({{"p.yaml", Manifest("Policy", "p", spec)}}));
}

std::string ErrorsOf(const std::string& spec) {
  return Errors(LoadPolicy(spec));
}

TEST(PolicyManifest, NamesWhoMayApproveDespiteItUnlessItIsHard) {
  const DesiredState state =
      LoadPolicy("  {scope: plan, level: soft, rule: \"true\", overrideGroups: [sre, leads]}\n");
  ASSERT_TRUE(state.policies.usable()) << Errors(state);
  EXPECT_EQ(state.policies.policies.at("p")->override_groups,
            (std::vector<std::string>{"sre", "leads"}));
  EXPECT_NE(ErrorsOf("  {scope: plan, level: hard, rule: \"true\", overrideGroups: [sre]}\n")
                .find("nobody approves despite a hard policy"),
            std::string::npos);
}

TEST(PolicyManifest, ReadsEveryField) {
  const DesiredState state = LoadPolicy(
      "  scope: change\n  level: hard\n  waivable: true\n"
      "  match: {maps: [\"limits*\"], targets: {tier: [prod], region: [\"eu-*\"]}, ops: [delete]}\n"
      "  params: {keys: [a]}\n"
      "  variables: {first: \"params.keys[0]\", second: variables.first}\n"
      "  rule: change.key != variables.second\n"
      "  tests: [{name: n, vars: {change: {key: a}}, expect: deny}, {expect: skip}]\n");
  EXPECT_EQ(Errors(state), "");
  ASSERT_TRUE(state.policies.usable());
  const Policy& policy = *state.policies.policies.at("p");
  EXPECT_EQ(policy.scope, PolicyScope::kChange);
  EXPECT_EQ(policy.level, PolicyLevel::kHard);
  EXPECT_TRUE(policy.waivable);
  EXPECT_EQ(policy.match.maps, std::vector<std::string>{"limits*"});
  ASSERT_EQ(policy.match.targets.size(), 2u);
  EXPECT_EQ(policy.match.targets[0].first, "tier");
  EXPECT_EQ(policy.match.targets[1].second, std::vector<std::string>{"eu-*"});
  EXPECT_EQ(policy.match.ops, std::vector<std::string>{"delete"});
  EXPECT_EQ(CanonicalJson(policy.params), R"({"keys":["a"]})");
  ASSERT_EQ(policy.variables.size(), 2u);
  EXPECT_EQ(policy.variables[1].second.text, "variables.first");
  EXPECT_EQ(policy.rule.text, "change.key != variables.second");
  EXPECT_EQ(policy.rule.position.line, 11);
  EXPECT_EQ(policy.rule.position.column, 9);
  EXPECT_TRUE(policy.rule.plain);
  EXPECT_FALSE(policy.message);
  ASSERT_EQ(policy.tests.size(), 2u);
  EXPECT_EQ(policy.tests[0].expect, PolicyExpect::kDeny);
  EXPECT_EQ(policy.tests[1].name, "case 2");
  EXPECT_EQ(policy.tests[1].expect, PolicyExpect::kSkip);
}

TEST(PolicyManifest, SaysEverythingThatIsWrongAtOnce) {
  EXPECT_EQ(ErrorsOf("  scop: plan\n  level: hrad\n  match: {ops: [drop]}\n"
                     "  variables: {\"a-b\": x}\n  tests: [{expect: allow, message: m}]\n"),
            "p.yaml:5:3: unknown field \"spec.scop\"; did you mean \"scope\"?\n"
            "p.yaml:5:3: spec: missing required field \"rule\"\n"
            "p.yaml:5:3: spec: missing required field \"scope\"\n"
            "p.yaml:6:10: spec.level: expected \"disabled\", \"advisory\", \"soft\" or \"hard\", "
            "found \"hrad\"; did you mean \"hard\"?\n"
            "p.yaml:7:17: spec.match.ops[0]: expected \"add\", \"update\" or \"delete\", found "
            "\"drop\"\n"
            "p.yaml:8:22: spec.variables.a-b: expected a name of letters, digits and '_', found "
            "\"a-b\"\n"
            "p.yaml:9:36: spec.tests[0].message: only a denial has a message\n");
}

TEST(PolicyManifest, AcceptsNoWaiversWhenHardUnlessItSaysSo) {
  EXPECT_FALSE(LoadPolicy("  {scope: plan, level: hard, rule: \"true\"}\n")
                   .policies.policies.at("p")
                   ->waivable);
  EXPECT_TRUE(LoadPolicy("  {scope: plan, level: soft, rule: \"true\"}\n")
                  .policies.policies.at("p")
                  ->waivable);
}

TEST(PolicyManifest, RefusesOperationsForMapsThatAreServed) {
  EXPECT_NE(ErrorsOf("  {scope: live, level: soft, rule: \"true\", match: {ops: [add]}}\n")
                .find("scope live judges no change"),
            std::string::npos);
}

TEST(PolicyManifest, RecordsWhatVerdictsDependOnAndNotItsTests) {
  const auto record = [](const std::string& spec) {
    return CanonicalJson(PolicyToValue(*LoadPolicy(spec).policies.policies.at("p")));
  };
  const std::string base = "  {scope: plan, level: soft, rule: \"true\"";
  EXPECT_EQ(record(base + "}\n"), record(base + ", tests: [{expect: allow}]}\n"));
  EXPECT_NE(record(base + "}\n"), record(base + ", match: {maps: [a]}}\n"));
  EXPECT_NE(record(base + "}\n"), record(base + ", params: {a: 1}}\n"));
  EXPECT_NE(record(base + ", variables: {a: \"1\", b: \"2\"}}\n"),
            record(base + ", variables: {b: \"2\", a: \"1\"}}\n"));
}

TEST(PolicyManifest, AValidatorTakesThePlaceOfTheRule) {
  const Policy policy =
      *LoadPolicy("  {scope: plan, level: soft, validator: conftest}\n").policies.policies.at("p");
  EXPECT_EQ(policy.validator, "conftest");
  EXPECT_EQ(policy.rule.text, "");
  EXPECT_NE(CanonicalJson(PolicyToValue(policy)).find(R"("validator":"conftest")"),
            std::string::npos);
}

TEST(PolicyManifest, AValidatorJudgesWholePlansAloneAndWithoutTests) {
  EXPECT_NE(ErrorsOf("  {scope: plan, level: soft, validator: v, rule: \"true\"}\n")
                .find("either a rule or a validator"),
            std::string::npos);
  EXPECT_NE(ErrorsOf("  {scope: change, level: soft, validator: v}\n")
                .find("the scope must be plan or live"),
            std::string::npos);
  EXPECT_NE(ErrorsOf("  {scope: plan, level: soft, validator: v, tests: [{expect: allow}]}\n")
                .find("they cannot run a validator"),
            std::string::npos);
}

}  // namespace
}  // namespace portolan::manifests
