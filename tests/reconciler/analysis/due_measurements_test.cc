#include "reconciler/analysis/due_measurements.h"

#include <gtest/gtest.h>

#include "tests/reconciler/analysis/metrics_fixture.h"

namespace portolan::reconciler {
namespace {

using namespace std::chrono_literals;

std::string Text(const MetricKey& key) {
  return (key.background ? "background " : "") + key.analysis + "/" + key.metric;
}

class DueMeasurementsTest : public testing::Test {
 protected:
  std::vector<MeasurementRequest> Due() { return DueMeasurements(strategy, scope, runs, now); }
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (const MeasurementRequest& request : Due()) names.push_back(Text(request.key));
    return names;
  }
  bool Take(const Measurement& measurement) {
    return TakeMeasurement(strategy, scope, runs, measurement, now);
  }
  std::optional<Duration> wait() const { return UntilDue(strategy, scope, runs, now.mono); }

  manifests::Strategy strategy = MeasuredStrategy();
  AnalysisScope scope = FirstStep();
  MetricRuns runs;
  Now now;
};

TEST_F(DueMeasurementsTest, AsksOnceForEveryMetricOfTheStepAndTheBackground) {
  EXPECT_EQ(wait(), 0s);
  EXPECT_EQ(Names(),
            (std::vector<std::string>{"each/errors", "each/p95", "background slow/errors"}));
  EXPECT_EQ(Names(), std::vector<std::string>{});
  EXPECT_EQ(wait(), 33s) << "then the asks are given up";
}

TEST_F(DueMeasurementsTest, ATemplateNamedTwiceInAStepIsAskedOnce) {
  scope.step = 1;
  EXPECT_EQ(Names().size(), 3u);
}

TEST_F(DueMeasurementsTest, WithoutAStableArmNothingIsCompared) {
  scope.stable.reset();
  EXPECT_EQ(Names(), (std::vector<std::string>{"each/errors", "background slow/errors"}));
}

TEST_F(DueMeasurementsTest, InTheBakeOnlyTheBackgroundGoesOn) {
  scope.baking = true;
  EXPECT_EQ(Names(), std::vector<std::string>{"background slow/errors"});
}

TEST_F(DueMeasurementsTest, SaysWhatFillsInTheQueriesOfBothArms) {
  const auto due = Due();
  EXPECT_EQ(due[1].map, "limits");
  EXPECT_EQ(due[1].rollout, "limits#7");
  EXPECT_EQ(due[1].step, 1u);
  EXPECT_EQ(due[1].number, 1u);
  EXPECT_EQ(due[1].metric, CompareMetric("p95"));
  EXPECT_EQ(due[1].canary.map, "limits");
  EXPECT_EQ(due[1].canary.arm, "canary");
  EXPECT_EQ(due[1].canary.digest, scope.canary.ToString());
  EXPECT_EQ(due[1].stable.arm, "stable");
  EXPECT_EQ(due[1].stable.digest, scope.stable->ToString());
}

TEST_F(DueMeasurementsTest, TheWindowIsTheRangeElseTheIntervalElseAMinute) {
  auto due = Due();
  EXPECT_EQ(due[0].canary.window, "1m");
  auto& metric = strategy.analysis[0].provider_metrics[0];
  metric.interval = 45s;
  runs.clear();
  EXPECT_EQ(Due()[2].canary.window, "45s");
  std::get<manifests::PrometheusSource>(metric.source).range = manifests::RangeQuery{90s, 10s};
  runs.clear();
  EXPECT_EQ(Due()[2].canary.window, "1m30s");
}

TEST_F(DueMeasurementsTest, TakesAnAnswerOnce) {
  const auto due = Due();
  EXPECT_TRUE(Take(AnswerTo(due[0], 3)));
  EXPECT_FALSE(Take(AnswerTo(due[0], 3)));
  EXPECT_EQ(runs.at(due[0].key).successful, 1);
}

TEST_F(DueMeasurementsTest, TakesNoAnswerToSomethingElse) {
  const auto due = Due();
  Measurement other_rollout = AnswerTo(due[0], 3);
  other_rollout.rollout = "limits#6";
  EXPECT_FALSE(Take(other_rollout));
  Measurement other_step = AnswerTo(due[0], 3);
  other_step.step = 2;
  EXPECT_FALSE(Take(other_step));
  Measurement older = AnswerTo(due[0], 3);
  older.number = 0;
  EXPECT_FALSE(Take(older));
  Measurement unknown = AnswerTo(due[0], 3);
  unknown.key.metric = "else";
  EXPECT_FALSE(Take(unknown));
  EXPECT_EQ(runs.at(due[0].key).counted(), 0);
}

TEST_F(DueMeasurementsTest, TheAnswerToARequestThatWasGivenUpIsTooLate) {
  const auto first = Due();
  now.mono = 40s;
  const auto second = Due();
  ASSERT_EQ(second.size(), 3u);
  EXPECT_EQ(second[0].number, 2u);
  EXPECT_FALSE(Take(AnswerTo(first[0], 3)));
  EXPECT_TRUE(Take(AnswerTo(second[0], 3)));
}

TEST_F(DueMeasurementsTest, TheNextStepMeasuresAnewWhileTheBackgroundGoesOn) {
  const auto due = Due();
  for (const MeasurementRequest& request : due) EXPECT_TRUE(Take(AnswerTo(request, 1)));
  scope.step = 1;
  EndStepRuns(runs);
  EXPECT_EQ(runs.size(), 1u);
  EXPECT_EQ(Names(), (std::vector<std::string>{"each/errors", "each/p95"}));
  EXPECT_FALSE(Take(AnswerTo(due[0], 1))) << "an answer of the step before";
  now.mono = 60s;
  EXPECT_EQ(Names().back(), "background slow/errors");
}

TEST_F(DueMeasurementsTest, ABackgroundAnswerSurvivesTheChangeOfSteps) {
  const auto due = Due();
  scope.step = 1;
  EndStepRuns(runs);
  EXPECT_TRUE(Take(AnswerTo(due[2], 1)));
}

TEST_F(DueMeasurementsTest, TellsWhereEveryMetricStands) {
  const auto due = Due();
  Take(AnswerTo(due[0], 11));
  Take(AnswerTo(due[1], 1, 1));
  const auto standings = Standings(strategy, scope, runs, false);
  ASSERT_EQ(standings.size(), 3u);
  EXPECT_EQ(standings[0].verdict.phase, RunPhase::kFailed);
  EXPECT_EQ(standings[1].verdict.phase, RunPhase::kSuccessful);
  EXPECT_EQ(standings[2].verdict.phase, RunPhase::kRunning);
  EXPECT_EQ(Standings(strategy, scope, runs, true)[2].verdict.phase, RunPhase::kInconclusive);
  EXPECT_EQ(Standings(strategy, scope, {}, true)[0].verdict.phase, RunPhase::kInconclusive);
}

TEST_F(DueMeasurementsTest, NothingIsDueWhenEverythingIsJudged) {
  strategy.analysis.clear();
  for (const MeasurementRequest& request : Due()) EXPECT_TRUE(Take(AnswerTo(request, 1)));
  EXPECT_EQ(wait(), std::nullopt);
  EXPECT_TRUE(Due().empty());
}

}  // namespace
}  // namespace portolan::reconciler
