#include "manifests/declarations.h"

#include <gtest/gtest.h>

#include "tests/manifests/load_fixture.h"

namespace portolan::manifests {
namespace {

void Add(Declarations& declarations, const std::string& text, const std::string& path) {
  for (const DeclarationPtr& declaration :
       DecodeManifestFile(ReadText(text, path, 1 << 20), path).declarations)
    declarations.Add(declaration);
}

TEST(Declarations, NameBothPlacesOfADuplicateStrategy) {
  Declarations declarations;
  const std::string text = Manifest("RolloutStrategy", "s", "  steps: [{setWeight: 100%}]\n");
  Add(declarations, text, "a.yaml");
  Add(declarations, text, "b.yaml");
  const auto diagnostics = declarations.RecipeDiagnostics();
  ASSERT_EQ(diagnostics.size(), 2u);
  EXPECT_EQ(FormatDiagnostic(diagnostics[0]),
            "a.yaml:3:18: RolloutStrategy \"s\" is declared twice, also at b.yaml:3:18");
  MapSpec spec;
  spec.strategy.name = "s";
  EXPECT_FALSE(declarations.StrategyOf(spec)->reasons.empty());
}

TEST(Declarations, GiveEveryMapTheSameBuiltInStrategy) {
  Declarations declarations;
  MapSpec spec;
  spec.strategy.name = "default";
  const StrategyPtr first = declarations.StrategyOf(spec);
  EXPECT_EQ(first->strategy.steps.size(), 3u);
  EXPECT_EQ(first, declarations.StrategyOf(spec));
}

TEST(Declarations, MakeAStrategyUnusableWhenItsTemplateIs) {
  Declarations declarations;
  Add(declarations, Manifest("AnalysisTemplate", "t", "  metrics: []\n"), "t.yaml");
  Add(declarations,
      Manifest("RolloutStrategy", "s",
               "  steps: [{setWeight: 100%}]\n  analysis: [{template: t}]\n"),
      "s.yaml");
  MapSpec spec;
  spec.strategy.name = "s";
  const auto strategy = declarations.StrategyOf(spec);
  ASSERT_EQ(strategy->reasons.size(), 3u);
  EXPECT_EQ(strategy->reasons[1].message, "AnalysisTemplate \"t\" has errors");
}

}  // namespace
}  // namespace portolan::manifests
