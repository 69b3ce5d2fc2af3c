#include "manifests/policy_test_manifest.h"

#include <gtest/gtest.h>

#include "tests/manifests/policy_fixture.h"

namespace portolan::manifests {
namespace {

DesiredState LoadPolicyTest(const std::string& spec) {
  return LoadPolicies(MemorySource({{"t/p_test.yaml", Manifest("PolicyTest", "t", spec)},
                                    {"p.yaml", Manifest("Policy", "p", kMaxPercent)},
                                    {"t/live.json", R"({"a": 1})"}}));
}

TEST(PolicyTestManifest, ReadsVariablesAndFiles) {
  const DesiredState state = LoadPolicyTest(
      "  policies: [../p.yaml]\n"
      "  defaults: {plan: {total: 200}}\n"
      "  cases:\n"
      "  - {name: one, given: {livefile: live.json, desired: {a: 2}, vars: {actor: {}},"
      " sensitive: [a]}, expect: {p: deny}, message: m}\n");
  EXPECT_EQ(FormatDiagnostics(state.diagnostics), "");
  ASSERT_EQ(state.policies.tests.size(), 1u);
  const PolicyTest& test = *state.policies.tests[0];
  EXPECT_EQ(CanonicalJson(test.defaults), R"({"plan":{"total":200}})");
  ASSERT_EQ(test.cases.size(), 1u);
  const PolicyTestCase& item = test.cases[0];
  EXPECT_EQ(item.name, "one");
  EXPECT_EQ(CanonicalJson(*item.live.entries), R"({"a":1})");
  EXPECT_EQ(CanonicalJson(*item.desired.entries), R"({"a":2})");
  EXPECT_EQ(item.sensitive, std::vector<std::string>{"a"});
  ASSERT_EQ(item.expect.size(), 1u);
  EXPECT_EQ(item.expect[0].first.name, "p");
  EXPECT_EQ(item.expect[0].second, PolicyExpect::kDeny);
  EXPECT_EQ(item.message, "m");
}

TEST(PolicyTestManifest, RefusesACaseThatExpectsNothingOrHasOneSide) {
  const std::string errors =
      Errors(LoadPolicyTest("  cases: [{expect: {}}, {given: {live: {}}, expect: {p: alow}}]\n"));
  EXPECT_NE(errors.find("expected an object such as {my-policy: deny}"), std::string::npos);
  EXPECT_NE(errors.find("live without desired"), std::string::npos) << errors;
  EXPECT_NE(errors.find("did you mean \"allow\"?"), std::string::npos) << errors;
  EXPECT_NE(Errors(LoadPolicyTest("  cases: []\n")).find("1 to 256 cases"), std::string::npos);
}

TEST(PolicyTestManifest, RefusesAFileThatIsNotThere) {
  const std::string errors = Errors(LoadPolicyTest(
      "  policies: [q.yaml]\n  cases: [{given: {desiredfile: x.json}, expect: {p: deny}}]\n"));
  EXPECT_NE(errors.find("no file \"q.yaml\" that declares a policy"), std::string::npos) << errors;
  EXPECT_NE(errors.find("\"x.json\": no such file in this source"), std::string::npos) << errors;
}

}  // namespace
}  // namespace portolan::manifests
