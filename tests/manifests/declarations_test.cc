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

TEST(Declarations, ResolveTheStrategiesOfRulesAndSayWhichIsMissing) {
  Declarations declarations;
  MapSpec spec;
  spec.rollout_rules = {{{"kill/*"}, {"fast", {}, ""}}, {{"b"}, {"fst", {4, 9}, "rules[1]"}}};
  spec.map.file = "m.yaml";
  const auto rules = declarations.RuleStrategiesOf(spec);
  ASSERT_EQ(rules.size(), 2u);
  EXPECT_EQ(rules[0]->strategy.name, "fast");
  EXPECT_EQ(rules[0], declarations.RuleStrategiesOf(spec)[0]);
  ASSERT_EQ(rules[1]->reasons.size(), 1u);
  EXPECT_EQ(FormatDiagnostic(rules[1]->reasons[0]),
            "m.yaml:4:9: rules[1]: no RolloutStrategy named \"fst\"");
}

TEST(Declarations, LetASourceDeclareItsOwnFastStrategy) {
  Declarations declarations;
  Add(declarations, Manifest("RolloutStrategy", "fast", "  steps: [{setWeight: 100%}]\n"),
      "s.yaml");
  MapSpec spec;
  spec.strategy.name = "fast";
  EXPECT_EQ(declarations.StrategyOf(spec)->strategy.steps.size(), 1u);
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
