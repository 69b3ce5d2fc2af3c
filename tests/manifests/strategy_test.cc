#include "manifests/strategy.h"

#include <gtest/gtest.h>

namespace portolan::manifests {
namespace {

Strategy Full() {
  AnalysisTemplate errors{.name = "errors", .metrics = {ReportMetric{.name = "m", .bad = "oops"}}};
  errors.metrics[0].max_ratio = 1.5;
  errors.metrics[0].require = "safe";
  Strategy strategy;
  strategy.name = "full";
  Step wait{.weight = 500, .soak = Duration(2'500), .pause = Pause{}, .analysis = {errors}};
  wait.pause->deadline = std::chrono::hours(2);
  wait.pause->on_deadline = OnDeadline::kPromote;
  Step timed{.weight = 50'000, .soak = Duration(0), .pause = Pause{}, .analysis = {}};
  timed.pause->duration = Duration(9);
  strategy.steps = {
      wait, timed, {.weight = 100'000, .soak = Duration(0), .pause = {}, .analysis = {}}};
  strategy.analysis = {errors, errors};
  strategy.min_lookups = 7;
  strategy.on_no_data = OnNoData::kAdvanceAfterSoak;
  strategy.early_advance = true;
  strategy.bake = Duration(1);
  strategy.holdback = 50'000;
  strategy.progress_deadline = Duration(2);
  strategy.on_new_revision = OnNewRevision::kQueue;
  strategy.match = {{.subject = "beta-*", .attribute = "", .in = {}},
                    {.subject = "", .attribute = "region", .in = {"eu", "us"}}};
  strategy.converge = {0.0, std::chrono::minutes(2)};
  strategy.shadow = Shadow{.share = 10'000,
                           .soak = std::chrono::hours(1),
                           .tolerance = 0.5,
                           .max_lookups_ratio = 0.1,
                           .max_outputs_ratio = 0.01,
                           .require = ShadowRequire::kOutputs};
  strategy.rollback_window_versions = 3;
  strategy.rollback_window_age = Duration(4);
  return strategy;
}

TEST(Strategy, SurvivesItsRecord) {
  const Strategy full = Full();
  const auto parsed = ParseJson(CanonicalJson(StrategyToValue(full)));
  ASSERT_TRUE(parsed.ok());
  const auto back = StrategyFromValue(*parsed);
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(CanonicalJson(StrategyToValue(*back)), CanonicalJson(StrategyToValue(full)));
  EXPECT_EQ(back->name, "full");
  EXPECT_EQ(back->steps.at(0).soak, Duration(2'500));
  EXPECT_EQ(back->steps.at(0).pause->on_deadline, OnDeadline::kPromote);
  EXPECT_EQ(back->steps.at(0).pause->deadline, std::chrono::hours(2));
  EXPECT_FALSE(back->steps.at(0).pause->duration.has_value());
  EXPECT_EQ(back->steps.at(1).pause->duration, Duration(9));
  EXPECT_EQ(back->steps.at(0).analysis.at(0).metrics, full.analysis.at(0).metrics);
  EXPECT_EQ(back->analysis.size(), 2u);
  EXPECT_EQ(back->on_no_data, OnNoData::kAdvanceAfterSoak);
  EXPECT_EQ(back->on_new_revision, OnNewRevision::kQueue);
  EXPECT_EQ(back->match, full.match);
  EXPECT_EQ(back->min_lookups, 7);
  EXPECT_TRUE(back->early_advance);
  EXPECT_EQ(back->holdback, 50'000u);
  EXPECT_EQ(back->converge.share, 0.0);
  EXPECT_EQ(back->converge.timeout, std::chrono::minutes(2));
  EXPECT_EQ(back->rollback_window_age, Duration(4));
}

TEST(Strategy, RefusesARecordThatHoldsBackMoreThanTheStepsLeave) {
  Strategy strategy = DefaultStrategy();
  strategy.holdback = LargestHoldback(strategy.steps);
  EXPECT_EQ(strategy.holdback, kHoldbackMax);
  strategy.steps[1].weight = 70'000;
  EXPECT_FALSE(StrategyFromValue(StrategyToValue(strategy)).ok());
  strategy.holdback = 30'000;
  EXPECT_TRUE(StrategyFromValue(StrategyToValue(strategy)).ok());
}

TEST(BuiltInStrategy, FastIsTenSecondsOfOnePercentAndNeedsNoData) {
  const auto fast = BuiltInStrategy("fast");
  ASSERT_TRUE(fast.has_value());
  ASSERT_EQ(fast->steps.size(), 2u);
  EXPECT_EQ(fast->steps[0].weight, 1'000u);
  EXPECT_EQ(fast->steps[0].soak, std::chrono::seconds(10));
  EXPECT_EQ(fast->min_lookups, 0);
  EXPECT_EQ(fast->on_no_data, OnNoData::kAdvanceAfterSoak);
  EXPECT_EQ(fast->converge.share, 0.0);
  EXPECT_EQ(BuiltInStrategy("default")->name, "default");
  EXPECT_FALSE(BuiltInStrategy("slow").has_value());
}

TEST(Strategy, ReadsAnEmptyRecordAsTheDefault) {
  const auto strategy = StrategyFromValue(Value::Object{});
  ASSERT_TRUE(strategy.ok());
  EXPECT_EQ(CanonicalJson(StrategyToValue(*strategy)),
            CanonicalJson(StrategyToValue(DefaultStrategy())));
}

TEST(Strategy, ByDefaultGoesToAllInThreeSteps) {
  const Strategy strategy = DefaultStrategy();
  ASSERT_EQ(strategy.steps.size(), 3u);
  EXPECT_EQ(strategy.steps[0].weight, 5'000u);
  EXPECT_EQ(strategy.steps[1].weight, 20'000u);
  EXPECT_EQ(strategy.steps[2].weight, 100'000u);
  EXPECT_EQ(strategy.steps[0].soak, std::chrono::minutes(1));
  EXPECT_EQ(strategy.bake, std::chrono::minutes(5));
}

TEST(Strategy, FailsOnARecordThatIsNotItsOwn) {
  for (const char* text :
       {"[]", R"({"bakeMs":"1m"})", R"({"onNoData":"shrug"})", R"({"steps":{}})", R"({"steps":[]})",
        R"({"steps":[{"weight":5000}]})", R"({"steps":[{"weight":100000},{"weight":5000}]})",
        R"({"steps":[{"weight":200000}]})", R"({"match":[{"in":[1]}]})",
        R"({"analysis":[{"metrics":[1]}]})"}) {
    const auto strategy = StrategyFromValue(*ParseJson(text));
    ASSERT_FALSE(strategy.ok()) << text;
    EXPECT_EQ(strategy.error().code, ErrorCode::kCorrupt) << text;
  }
}

}  // namespace
}  // namespace portolan::manifests
