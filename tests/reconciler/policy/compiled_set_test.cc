#include "reconciler/policy/compiled_set.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/policy_fixture.h"

namespace portolan::reconciler {
namespace {

CompiledSetResult SetOf(const std::string& policy, const std::string& more = "") {
  manifests::MemorySource source({{"p.yaml", manifests::Manifest("Policy", "p", policy) + more}});
  return CompileSet(manifests::Loader().Load(source.Get()).value().policies, nullptr);
}

constexpr char kSound[] = "  {scope: plan, level: soft, rule: plan.adds < 5}\n";

TEST(CompiledSet, HoldsTheFloorBesideThePolicies) {
  const auto result = SetOf(kSound);
  ASSERT_NE(result.set, nullptr) << manifests::FormatDiagnostics(result.diagnostics);
  EXPECT_NE(result.set->Find("p"), nullptr);
  EXPECT_NE(result.set->Find("no-secret-in-clear"), nullptr);
  EXPECT_EQ(result.set->Find("q"), nullptr);
}

TEST(CompiledSet, LetsAPolicyReplaceOneOfTheFloor) {
  manifests::MemorySource source(
      {{"p.yaml", manifests::Manifest("Policy", "no-secret-in-clear", kSound)}});
  const auto result = CompileSet(manifests::Loader().Load(source.Get()).value().policies, nullptr);
  EXPECT_EQ(result.set->Find("no-secret-in-clear")->manifest->rule.text, "plan.adds < 5");
}

TEST(CompiledSet, IsRefusedWhenATestFails) {
  const auto result =
      SetOf("  {scope: plan, level: soft, rule: plan.adds < 5, tests: [{expect: deny}]}\n");
  EXPECT_EQ(result.set, nullptr);
  EXPECT_EQ(manifests::FormatDiagnostics(result.diagnostics),
            "p.yaml:5:59: test \"case 1\" of policy \"p\" failed: expected deny, found allow\n");
}

TEST(CompiledSet, IsRefusedWhenAnyPartIsWrong) {
  EXPECT_EQ(SetOf("  {scope: plan, level: soft, rule: plan.ads < 5}\n").set, nullptr);
  EXPECT_EQ(SetOf("  {scope: plan, level: hrad, rule: \"true\"}\n").set, nullptr);
  EXPECT_EQ(SetOf("  {scope: plan, level: soft, rule: \"true\", tests: [{vars: {pln: {}}, expect: "
                  "allow}]}\n")
                .set,
            nullptr);
  manifests::PolicySet incomplete;
  incomplete.incomplete = true;
  EXPECT_EQ(CompileSet(incomplete, nullptr).set, nullptr);
}

TEST(CompiledSet, HasADigestOfAllThatJudges) {
  const Digest floor = FloorSet()->digest;
  const Digest digest = SetOf(kSound).set->digest;
  EXPECT_NE(digest, floor);
  EXPECT_EQ(digest, SetOf(kSound).set->digest);
  EXPECT_NE(digest, SetOf("  {scope: plan, level: hard, rule: plan.adds < 5}\n").set->digest);
  EXPECT_EQ(CompileSet({}, nullptr).set->digest, floor);
}

}  // namespace
}  // namespace portolan::reconciler
