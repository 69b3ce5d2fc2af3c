#include "manifests/policy_set_builder.h"

#include <gtest/gtest.h>

#include "tests/manifests/policy_fixture.h"

namespace portolan::manifests {
namespace {

MemorySource Source() {
  return MemorySource({{"policies/p.yaml", Manifest("Policy", "max-percent", kMaxPercent)},
                       {"maps/limits.yaml", Manifest("Map", "limits", "  entries: {a: 1}\n")}});
}

std::string WaiverFile(const std::string& policy, const std::string& more) {
  return Manifest("Waiver", "inc-1",
                  "  policy: " + policy + "\n  reason: r\n  approvedBy: [dan]\n" + more);
}

TEST(PolicySetBuilder, BelongsToTheCommitBesideItsMaps) {
  const DesiredState state = LoadPolicies(Source());
  EXPECT_EQ(FormatDiagnostics(state.diagnostics), "");
  EXPECT_TRUE(state.policies.usable());
  EXPECT_EQ(state.policies.policies.size(), 1u);
  EXPECT_EQ(state.maps.size(), 1u);
}

TEST(PolicySetBuilder, RefusesAWaiverOfAnUnknownPolicyOrMap) {
  MemorySource source = Source();
  source["w.yaml"] = WaiverFile("max-prcent", "  maps: [limit]\n  until: 2026-09-01T00:00:00Z\n");
  const DesiredState state = LoadPolicies(source);
  EXPECT_FALSE(state.policies.usable());
  EXPECT_EQ(Errors(state),
            "w.yaml:3:18: spec.maps[0]: no map named \"limit\"; did you mean \"limits\"?\n"
            "w.yaml:3:18: spec.policy: no policy named \"max-prcent\"; did you mean "
            "\"max-percent\"?\n");
}

TEST(PolicySetBuilder, LetsAWaiverNameTheFloorButNotItsHardPolicy) {
  MemorySource source = Source();
  source["w.yaml"] =
      WaiverFile("mass-delete-guard", "  maps: [\"*\"]\n  until: 2026-09-01T00:00:00Z\n");
  EXPECT_EQ(Errors(LoadPolicies(source)), "");
  source["w.yaml"] =
      WaiverFile("no-secret-in-clear", "  maps: [\"*\"]\n  until: 2026-09-01T00:00:00Z\n");
  EXPECT_NE(Errors(LoadPolicies(source)).find("accepts no waivers"), std::string::npos);
}

TEST(PolicySetBuilder, RefusesKeysForAPolicyThatJudgesWholeMaps) {
  MemorySource source = Source();
  source["w.yaml"] =
      WaiverFile("max-percent", "  maps: [limits]\n  keys: [a]\n  until: 2026-09-01T00:00:00Z\n");
  EXPECT_NE(Errors(LoadPolicies(source)).find("judges whole maps, not keys"), std::string::npos);
}

TEST(PolicySetBuilder, MeasuresWaiversAgainstTheTimeOfTheCommit) {
  MemorySource source = Source();
  source["w.yaml"] = WaiverFile("max-percent", "  maps: [limits]\n  until: 9999-01-01T00:00:00Z\n");
  EXPECT_EQ(Errors(LoadPolicies(source)), "");
  Artifact artifact = source.Get();
  artifact.revision.time = ParseTime("2026-07-20T10:00:00Z").value();
  EXPECT_NE(Errors(LoadPolicies(artifact)).find("at most 90 days"), std::string::npos);
}

TEST(PolicySetBuilder, RefusesTwoPoliciesOfOneName) {
  MemorySource source = Source();
  source["policies/q.yaml"] = Manifest("Policy", "max-percent", kMaxPercent);
  const DesiredState state = LoadPolicies(source);
  EXPECT_FALSE(state.policies.usable());
  EXPECT_TRUE(state.policies.policies.empty());
  EXPECT_NE(Errors(state).find("is declared twice"), std::string::npos);
}

TEST(PolicySetBuilder, RefusesLevelsWrittenTwice) {
  MemorySource source = Source();
  source["policies/p.yaml"] = Manifest(
      "Policy", "p", "  scope: plan\n  level: hard\n  rule: \"false\"\n  level: disabled\n");
  const DesiredState state = LoadPolicies(source);
  EXPECT_FALSE(state.policies.usable());
  EXPECT_NE(Errors(state).find("duplicate key"), std::string::npos) << Errors(state);
}

TEST(PolicySetBuilder, IsIncompleteWhenAPolicyMayBeHidden) {
  MemorySource source = Source();
  source["policies/q.yaml"] = "apiVersion: portolan/v1\nkind: Policy\nmetadata: {}\nspec: {}\n";
  DesiredState state = LoadPolicies(source);
  EXPECT_TRUE(state.policies.incomplete);
  EXPECT_FALSE(state.incomplete);
  source["policies/q.yaml"] = "a: [";
  EXPECT_TRUE(LoadPolicies(source).policies.incomplete);
  source.Erase("policies/q.yaml");
  source.Refuse({"policies/x.yaml", "SymlinkRefused", "symbolic links are not followed"});
  EXPECT_TRUE(LoadPolicies(source).policies.incomplete);
}

TEST(PolicySetBuilder, RefusesATestOfAnUnknownPolicy) {
  MemorySource source = Source();
  source["t_test.yaml"] = Manifest("PolicyTest", "t", "  cases: [{expect: {max-prcent: deny}}]\n");
  EXPECT_NE(Errors(LoadPolicies(source)).find("did you mean \"max-percent\"?"), std::string::npos);
}

}  // namespace
}  // namespace portolan::manifests
