#include "manifests/strategy_manifest.h"

#include <gtest/gtest.h>

#include "tests/manifests/decode_fixture.h"

namespace portolan::manifests {
namespace {

std::optional<StrategySpec> DecodeSteps(const std::string& yaml) {
  Decoding d(yaml);
  auto spec = DecodeStrategy("s", d.field(), d.report);
  EXPECT_EQ(d.Text(), "");
  return spec;
}

std::string StrategyErrors(const std::string& yaml) {
  Decoding d(yaml);
  EXPECT_FALSE(DecodeStrategy("s", d.field(), d.report).has_value()) << yaml;
  return d.Text();
}

bool Refuses(const std::string& yaml, std::string_view why) {
  const std::string errors = StrategyErrors(yaml);
  if (errors.find(why) != std::string::npos) return true;
  ADD_FAILURE() << yaml << " gives " << errors;
  return false;
}

TEST(StrategyManifest, ReadsEveryFieldAndFoldsPausesIntoTheirStep) {
  const auto spec = DecodeSteps(R"(
steps:
  - setWeight: 5%
  - pause: {duration: 1m}
  - analysis: {template: errors}
  - pause: {duration: 30s}
  - pause: {deadline: 2h, onDeadline: promote}
  - setWeight: 20
  - pause: {}
  - setWeight: 100%
analysis: [{template: errors}, {template: slow}]
minLookups: 50
onNoData: abort
bake: 3s
progressDeadline: 2h
onNewRevision: queue
match: [{subject: "beta-*"}, {attribute: region, in: [eu]}]
rollbackWindow: {versions: 3, age: 24h}
)");
  ASSERT_TRUE(spec.has_value());
  const Strategy& s = spec->strategy;
  ASSERT_EQ(s.steps.size(), 3u);
  EXPECT_EQ(s.steps[0].weight, 5'000u);
  EXPECT_EQ(s.steps[0].soak, std::chrono::seconds(90));
  EXPECT_EQ(s.steps[0].pause->deadline, std::chrono::hours(2));
  EXPECT_EQ(s.steps[0].pause->on_deadline, OnDeadline::kPromote);
  EXPECT_EQ(s.steps[0].analysis.at(0).name, "errors");
  EXPECT_EQ(s.steps[1].pause->deadline, std::chrono::hours(24));
  EXPECT_EQ(s.analysis.size(), 2u);
  EXPECT_EQ(spec->templates.size(), 3u);
  EXPECT_EQ(s.min_lookups, 50);
  EXPECT_EQ(s.on_no_data, OnNoData::kAbort);
  EXPECT_EQ(s.bake, std::chrono::seconds(3));
  EXPECT_EQ(s.progress_deadline, std::chrono::hours(2));
  EXPECT_EQ(s.on_new_revision, OnNewRevision::kQueue);
  ASSERT_EQ(s.match.size(), 2u);
  EXPECT_EQ(s.match[1].in, std::vector<std::string>{"eu"});
  EXPECT_EQ(s.rollback_window_versions, 3);
  EXPECT_EQ(s.rollback_window_age, std::chrono::hours(24));
}

TEST(StrategyManifest, WantsWeightsThatRiseToAll) {
  EXPECT_TRUE(Refuses("steps: [{setWeight: 5%}]", "the last weight must be 100%"));
  EXPECT_TRUE(Refuses("steps: []", "the last weight must be 100%"));
  EXPECT_TRUE(Refuses("steps: [{setWeight: 20%}, {setWeight: 20%}, {setWeight: 100%}]",
                      "weights must rise"));
  EXPECT_TRUE(Refuses("steps: [{setWeight: 5000}, {setWeight: 100%}]", "did you mean 5%?"));
}

TEST(StrategyManifest, WantsPausesBetweenWeights) {
  EXPECT_TRUE(Refuses("steps: [{pause: {duration: 1s}}, {setWeight: 100%}]",
                      "the first step must be a setWeight"));
  EXPECT_TRUE(Refuses("steps: [{setWeight: 100%}, {pause: {duration: 1s}}]", "nothing may follow"));
  EXPECT_TRUE(
      Refuses("steps: [{setWeight: 5%}, {pause: {}}, {pause: {duration: 1s}}, {setWeight: 100%}]",
              "ends its step"));
  EXPECT_TRUE(
      Refuses("steps: [{setWeight: 5%}, {pause: {duration: 1s, deadline: 1h}}, {setWeight: 100%}]",
              "only for a pause without duration"));
  EXPECT_TRUE(Refuses("steps: [{setWeight: 5%, pause: {duration: 1s}}, {setWeight: 100%}]",
                      "write each as an item of its own"));
}

TEST(StrategyManifest, SaysNothingAboutWhatFollowsABadWeight) {
  EXPECT_EQ(StrategyErrors("steps: [{setWeight: x}, {pause: {duration: 1s}}, {setWeight: 100%}]"),
            "t.yaml:1:21: steps[0].setWeight: expected a weight above 0% and up to 100%, such as "
            "5% or 0.5%, "
            "found \"x\"\n");
}

TEST(StrategyManifest, RefusesWhatComesLater) {
  EXPECT_TRUE(Refuses("steps: [{setWeight: 100%}]\nhardLimits: {}", "not supported yet"));
}

TEST(StrategyManifest, HoldsNoMoreBackThanTheLastStepLeaves) {
  EXPECT_EQ(DecodeSteps("steps: [{setWeight: 100%}]")->strategy.holdback, 0u);
  EXPECT_EQ(
      DecodeSteps("steps: [{setWeight: 99%}, {setWeight: 100%}]\nholdback: 1%")->strategy.holdback,
      1'000u);
  EXPECT_EQ(
      StrategyErrors("steps: [{setWeight: 99%}, {setWeight: 100%}]\nholdback: 2%"),
      "t.yaml:2:11: holdback: expected at most 1%, found \"2%\"; the bake may not have less than "
      "the last step\n");
  EXPECT_EQ(StrategyErrors("steps: [{setWeight: 100%}]\nholdback: 60%"),
            "t.yaml:2:11: holdback: expected at most 50%, found \"60%\"\n");
  EXPECT_TRUE(Refuses("steps: [{setWeight: 100%}]\nholdback: few", "a weight above 0%"));
}

// The weights with their soaks, "20%:360".
std::string StepsOf(const std::string& yaml) {
  const auto spec = DecodeSteps(yaml);
  std::string text;
  for (const Step& step : spec->strategy.steps)
    text += std::to_string(step.weight / 1'000) + "%:" + std::to_string(step.soak.count() / 1'000) +
            " ";
  return text;
}

TEST(StrategyManifest, WritesLinearGrowthOutAsSteps) {
  EXPECT_EQ(StepsOf("steps: [linear: 20%/6m]"), "20%:360 40%:360 60%:360 80%:360 100%:0 ");
  EXPECT_EQ(StepsOf("steps: [linear: {by: 40%, every: 1m}]"), "40%:60 80%:60 100%:0 ");
  EXPECT_EQ(StepsOf("steps: [{setWeight: 1%}, {pause: {duration: 9s}}, {linear: 50%/1m}]"),
            "1%:9 51%:60 100%:0 ");
}

TEST(StrategyManifest, SaysWhatIsWrongWithLinearGrowth) {
  EXPECT_TRUE(Refuses("steps: [linear: 20%]", "expected a duration"));
  EXPECT_TRUE(Refuses("steps: [{setWeight: 100%}]\nlinear: 20%/6m", "stands in the list of steps"));
  EXPECT_TRUE(Refuses("steps: [linear: x/6m]", "expected a weight"));
  EXPECT_TRUE(Refuses("steps: [linear: {by: 20%}]", "every"));
  EXPECT_TRUE(Refuses("steps: [linear: 0.1%/1s]", "expected at most 100 weights"));
  EXPECT_TRUE(Refuses("steps: [{setWeight: 100%}, {linear: 20%/6m}]", "nothing may follow"));
}

TEST(StrategyManifest, ReadsHowMuchOfTheFleetHasToConverge) {
  const auto spec = DecodeSteps("steps: [{setWeight: 100%}]\nconverge: {share: 50%, timeout: 2m}");
  EXPECT_EQ(spec->strategy.converge.share, 0.5);
  EXPECT_EQ(spec->strategy.converge.timeout, std::chrono::minutes(2));
  EXPECT_EQ(
      DecodeSteps("steps: [{setWeight: 100%}]\nconverge: {share: 0%}")->strategy.converge.share,
      0.0);
  EXPECT_TRUE(Refuses("steps: [{setWeight: 100%}]\nconverge: {share: 150%}", "converge.share"));
}

TEST(StrategyManifest, ReadsWhetherSafetyEndsASoakEarly) {
  Decoding d("steps: [{setWeight: 100%}]\nearlyAdvance: true");
  const auto spec = DecodeStrategy("s", d.field(), d.report);
  ASSERT_TRUE(spec.has_value()) << d.Text();
  EXPECT_TRUE(spec->strategy.early_advance);
  EXPECT_TRUE(Refuses("steps: [{setWeight: 100%}]\nearlyAdvance: maybe", "earlyAdvance"));
}

TEST(StrategyManifest, WantsOneFormOfMatch) {
  EXPECT_TRUE(Refuses("steps: [{setWeight: 100%}]\nmatch: [{subject: a, attribute: b}]",
                      "expected either"));
  EXPECT_TRUE(Refuses("steps: [{setWeight: 100%}]\nmatch: [{attribute: b}]", "expected either"));
  EXPECT_TRUE(Refuses("steps: [{setWeight: 100%}]\nmatch: [{}]", "expected either"));
}

TEST(ResolveStrategy, PutsTemplatesInPlaceOfNames) {
  const auto spec = DecodeSteps(
      "steps: [{setWeight: 5%}, {analysis: {template: e}}, {setWeight: 100%}]\n"
      "analysis: [{template: e}]\n");
  ASSERT_TRUE(spec.has_value());
  const AnalysisTemplate errors{.name = "e", .metrics = {ReportMetric{.name = "m", .bad = "oops"}}};
  const Strategy strategy = ResolveStrategy(*spec, [&](const std::string&) { return &errors; });
  EXPECT_EQ(strategy.analysis.at(0).metrics.at(0).bad, "oops");
  EXPECT_EQ(strategy.steps.at(0).analysis.at(0).metrics.at(0).bad, "oops");
}

}  // namespace
}  // namespace portolan::manifests
