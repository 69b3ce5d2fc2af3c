// The example policies and their cases, and those of a folder of specifications where it is
// present.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "controller/zones/zone_directory.h"
#include "manifests/directory_artifact.h"
#include "manifests/loader.h"
#include "reconciler/policy/compiled_set.h"
#include "tests/manifests/load_fixture.h"
#include "tests/source_tree.h"

namespace portolan::reconciler {
namespace {

void ExpectSound(const manifests::DesiredState& state, std::size_t policies, std::size_t cases) {
  EXPECT_FALSE(state.policies.incomplete) << manifests::FormatDiagnostics(state.diagnostics);
  const auto zones = controller::ZoneDirectory::Open();
  const CompiledSetResult result = CompileSet(state.policies, zones.ok() ? zones->get() : nullptr);
  for (const manifests::Diagnostic& diagnostic : result.diagnostics)
    EXPECT_EQ(diagnostic.severity, manifests::Diagnostic::Severity::kWarning)
        << manifests::FormatDiagnostic(diagnostic);
  EXPECT_NE(result.set, nullptr);
  EXPECT_EQ(state.policies.policies.size(), policies);
  EXPECT_GE(result.trials.size(), cases);
  for (const TrialResult& trial : result.trials)
    EXPECT_TRUE(trial.passed()) << trial.policy << ": " << trial.test << ": " << trial.complaint;
}

Result<manifests::DesiredState> LoadExamples() {
  PORTOLAN_TRY(const auto artifact, manifests::ReadDirectory(SourceTree() / "examples/policies"));
  return manifests::Loader().Load(artifact);
}

TEST(ExamplePolicies, PassTheirCases) {
  const auto state = LoadExamples();
  ASSERT_TRUE(state.ok()) << state.error().message;
  ExpectSound(*state, 25, 140);
  for (const auto& [name, policy] : state->policies.policies) {
    const auto count = [&](manifests::PolicyExpect expect) {
      return std::ranges::count(policy->tests, expect, &manifests::PolicyCase::expect);
    };
    EXPECT_GE(count(manifests::PolicyExpect::kAllow), 1) << name;
    EXPECT_GE(count(manifests::PolicyExpect::kDeny), 1) << name;
  }
}

// `portolan policy test --coverage`; that `policy lint --strict` is silent too is a test beside it.
TEST(ExamplePolicies, LeaveNoPartOfARuleToChance) {
  const auto state = LoadExamples();
  ASSERT_TRUE(state.ok()) << state.error().message;
  const auto zones = controller::ZoneDirectory::Open();
  const CompiledSetResult result = CompileSet(state->policies, zones.ok() ? zones->get() : nullptr);
  ASSERT_NE(result.set, nullptr) << manifests::FormatDiagnostics(result.diagnostics);
  EXPECT_EQ(manifests::FormatDiagnostics(result.diagnostics), "");
  for (const RuleGap& gap : CoverageGaps(state->policies, result.set->policies))
    ADD_FAILURE() << gap.policy << ": `" << gap.gap.text << "` " << gap.gap.missing;
}

TEST(SpecifiedPolicies, PassTheirCases) {
  const std::filesystem::path file =
      SourceTree() / ".." / "shared" / "specs" / "policies" / "policies.yaml";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no " << file;
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  const manifests::MemorySource source({{"policies.yaml", text.str()}});
  const auto state = manifests::Loader().Load(source.Get()).value();
  const auto zones = controller::ZoneDirectory::Open();
  ASSERT_TRUE(zones.ok()) << zones.error().message;
  const CompiledSetResult result = CompileSet(state.policies, zones->get());
  EXPECT_EQ(state.policies.policies.size(), 21u) << manifests::FormatDiagnostics(state.diagnostics);
  EXPECT_NE(result.set, nullptr);
  for (const manifests::Diagnostic& diagnostic : result.diagnostics)
    EXPECT_EQ(diagnostic.severity, manifests::Diagnostic::Severity::kWarning)
        << manifests::FormatDiagnostic(diagnostic);
  EXPECT_GE(result.trials.size(), 63u);
}

}  // namespace
}  // namespace portolan::reconciler
