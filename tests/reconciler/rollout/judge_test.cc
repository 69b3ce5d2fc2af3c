#include "reconciler/rollout/judge.h"

#include <gtest/gtest.h>

#include <cmath>

#include "reconciler/rollout/record.h"
#include "tests/reconciler/analysis/metrics_fixture.h"
#include "tests/reconciler/rollout/rollout_fixture.h"

namespace portolan::reconciler {
namespace {

using mapcore::Arm;
using std::chrono::seconds;

class JudgeTest : public testing::Test {
 protected:
  JudgeTest() {
    driver.strategy.analysis = {
        {.name = "errors", .metrics = {{.name = "client-errors", .bad = "errors"}}}};
    driver.strategy.min_lookups = 10;
    driver.Settle("one");
    driver.Want("two");
  }
  // Both arms at the split's weight; the canary's first `bad` subjects fail.
  Transition Hear(std::int64_t subjects, std::int64_t bad) {
    const std::int64_t canary = subjects * ServingOf(driver.rollout).split.weight / 100'000;
    return driver.Hear({driver.ReportOf(Arm::kStable, subjects - canary, 0),
                        driver.ReportOf(Arm::kCanary, canary, bad)});
  }
  // Three times as many subjects on the canary as its weight says.
  void BreakTheSplit() {
    driver.Hear({driver.ReportOf(Arm::kStable, 850, 0), driver.ReportOf(Arm::kCanary, 150, 0)});
  }

  Driver driver;
};

TEST_F(JudgeTest, RollsBackWhenAMetricFails) {
  Hear(1'000, 2);
  EXPECT_EQ(driver.rollout.phase, Phase::kStepping);
  const Transition turned = Hear(1'000, 8);
  EXPECT_EQ(driver.rollout.phase, Phase::kRollingBack);
  EXPECT_EQ(driver.rollout.reason, reason::kAnalysisFailed);
  EXPECT_TRUE(driver.rollout.message.starts_with("client-errors: E = ")) << driver.rollout.message;
  EXPECT_TRUE(turned.safe_direction);
}

TEST_F(JudgeTest, AlsoRollsBackWhileAnOperatorPausedTheStep) {
  driver.Do(Verb::kPause);
  Hear(1'000, 10);
  EXPECT_EQ(driver.rollout.phase, Phase::kRollingBack);
}

TEST_F(JudgeTest, EvidenceSurvivesARestart) {
  Hear(1'000, 2);
  const StepJudgement before = JudgementOf(driver.rollout);
  auto again = RolloutFromValue(RolloutToValue(driver.rollout));
  ASSERT_TRUE(again.ok());
  const StepJudgement after = JudgementOf(*again);
  ASSERT_EQ(after.metrics.size(), 1u);
  EXPECT_EQ(after.metrics[0].message, before.metrics[0].message);
  EXPECT_EQ(after.metrics[0].numbers, before.metrics[0].numbers);
}

TEST_F(JudgeTest, PausesWhenTheSplitIsNotAsItSaysForAWhileAndGoesOnByItself) {
  BreakTheSplit();
  for (int i = 0; i < 29; ++i) driver.Pass(seconds(1));
  EXPECT_EQ(driver.rollout.phase, Phase::kStepping);
  EXPECT_EQ(driver.rollout.progress.step, 0u) << "no step ends on counts that are in doubt";
  driver.Pass(seconds(1));
  EXPECT_EQ(driver.rollout.phase, Phase::kPaused);
  EXPECT_EQ(driver.rollout.reason, reason::kInconclusive);
  driver.Hear({driver.ReportOf(Arm::kStable, 3'000, 0)});
  EXPECT_EQ(driver.rollout.phase, Phase::kStepping);
}

TEST_F(JudgeTest, AnInconclusiveStepThatIsResumedIsNotPausedAgain) {
  BreakTheSplit();
  driver.Pass(seconds(30));
  ASSERT_EQ(driver.rollout.reason, reason::kInconclusive);
  driver.Do(Verb::kResume);
  EXPECT_EQ(driver.rollout.phase, Phase::kStepping);
  driver.Hear({driver.ReportOf(Arm::kStable, 10, 0), driver.ReportOf(Arm::kCanary, 10, 0)});
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(driver.rollout.phase, Phase::kStepping);
    driver.Pass(seconds(1));
  }
  EXPECT_EQ(driver.rollout.progress.step, 1u);
  EXPECT_FALSE(driver.rollout.progress.inconclusive_accepted) << "for one step only";
}

TEST_F(JudgeTest, AnInconclusivePauseEndsAtTheProgressDeadline) {
  BreakTheSplit();
  driver.Pass(seconds(30));
  driver.Pass(std::chrono::minutes(61));
  EXPECT_EQ(driver.rollout.phase, Phase::kRollingBack);
  EXPECT_EQ(driver.rollout.reason, reason::kProgressDeadline);
}

TEST_F(JudgeTest, AStepThatNeedsSafetyWaitsForIt) {
  driver.Do(Verb::kAbort);
  driver.strategy.analysis[0].metrics[0].require = "safe";
  driver.Want("three");
  Hear(1'000, 0);
  for (int i = 0; i < 20; ++i) driver.Pass(seconds(1));
  EXPECT_EQ(driver.rollout.progress.step, 0u) << "50 clean subjects prove nothing";
  Hear(7'000, 0);
  driver.Pass(seconds(1));
  EXPECT_EQ(driver.rollout.progress.step, 1u);
}

TEST_F(JudgeTest, EvidenceOfSafetyMayEndASoakEarly) {
  driver.Do(Verb::kAbort);
  driver.strategy.early_advance = true;
  driver.Want("three");
  Hear(1'000, 0);
  driver.Pass(seconds(1));
  EXPECT_EQ(driver.rollout.progress.step, 0u);
  const Transition turned = Hear(7'000, 0);
  EXPECT_EQ(driver.rollout.progress.step, 1u) << "1 of 10 s";
  ASSERT_FALSE(turned.events.empty());
  EXPECT_EQ(turned.events[0].reason, "SafeEarly");
}

TEST_F(JudgeTest, TheEventThatEndsAStepTellsWhatItsMetricsSaid) {
  Hear(1'000, 0);
  const Transition left = driver.Do(Verb::kSkip);
  const auto started = std::find_if(left.events.begin(), left.events.end(), [](const Event& event) {
    return event.reason == "StepStarted";
  });
  ASSERT_NE(started, left.events.end());
  const manifests::Value* metrics = started->data.Find("metrics");
  ASSERT_NE(metrics, nullptr);
  EXPECT_EQ(metrics->as_array().at(0).StringOr("verdict", ""), "Successful");
  EXPECT_NE(metrics->as_array().at(0).StringOr("message", "").find("0 of 50 on canary"),
            std::string::npos)
      << metrics->as_array().at(0).StringOr("message", "");
}

TEST_F(JudgeTest, ARegressionInTheBakeRollsBack) {
  Hear(2'000, 0);
  driver.Do(Verb::kPromote);
  Observation full;
  full.command = Command{};
  full.command->verb = Verb::kPromote;
  full.command->full = true;
  driver.Apply(std::move(full));
  ASSERT_EQ(driver.rollout.phase, Phase::kBaking);
  driver.Hear({driver.ReportOf(Arm::kCanary, 2'000, 40)});
  EXPECT_EQ(driver.rollout.phase, Phase::kRollingBack);
  EXPECT_EQ(driver.rollout.reason, reason::kAnalysisFailed);
}

TEST_F(JudgeTest, TheUnitFollowsTheSplit) {
  EXPECT_EQ(UnitOf(driver.rollout), EvidenceUnit::kSubject);
  driver.rollout.target->split.mode = manifests::SplitMode::kInstance;
  EXPECT_EQ(UnitOf(driver.rollout), EvidenceUnit::kInstance);
  EXPECT_TRUE(JudgementOf(Rollout{}).metrics.empty());
}

// Rollouts whose metrics a provider measures: `errors` must stay below 10.
class MeasuredRolloutTest : public testing::Test {
 protected:
  // In the first step of "two"; the metric counts in that step, or in the background.
  void Start(bool background, const manifests::ProviderMetric& metric = MaxMetric("errors")) {
    driver.Settle("one");
    const manifests::AnalysisTemplate server{
        .name = "server", .metrics = {}, .provider_metrics = {metric}};
    if (background) {
      driver.strategy.analysis = {server};
    } else {
      driver.strategy.steps[0].analysis = {server};
    }
    asked = driver.Want("two").measure;
  }
  Transition Answer(double value) {
    Observation seen;
    for (const MeasurementRequest& request : std::exchange(asked, {}))
      seen.measurements.push_back(AnswerTo(request, value));
    return Keep(driver.Apply(std::move(seen)));
  }
  // The answer of a gauge that wanders around 100 on stable and around `canary` on the canary.
  Transition AnswerGauge(double canary) {
    std::vector<double> there, here;
    for (int i = 0; i < 20; ++i) {
      here.push_back(100 + 5 * std::sin(i));
      there.push_back(canary + 5 * std::sin(i + 2));
    }
    Observation seen;
    for (const MeasurementRequest& request : std::exchange(asked, {})) {
      Reading reading{*Summarise(there), *Summarise(here), ""};
      reading.shift = RelativeShift(there, here, request.metric.compare->confidence);
      seen.measurements.push_back(AnswerTo(request, 0));
      seen.measurements.back().result = reading;
    }
    return Keep(driver.Apply(std::move(seen)));
  }
  Transition Fail() {
    Observation seen;
    for (const MeasurementRequest& request : std::exchange(asked, {})) {
      seen.measurements.push_back(AnswerTo(request, 0));
      seen.measurements.back().result = Error{ErrorCode::kTimeout, "no answer within 3s"};
    }
    return Keep(driver.Apply(std::move(seen)));
  }
  void Pass(Duration time) {
    for (; time > Duration(0); time -= seconds(1)) Keep(driver.Pass(seconds(1)));
  }
  Transition Keep(Transition turned) {
    asked.insert(asked.end(), turned.measure.begin(), turned.measure.end());
    return turned;
  }

  Driver driver;
  std::vector<MeasurementRequest> asked;  // and not yet answered
};

TEST_F(MeasuredRolloutTest, AStepIsHeldUntilItsMetricIsMeasured) {
  Start(false);
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].rollout, driver.rollout.id());
  Pass(seconds(20));
  EXPECT_EQ(driver.rollout.progress.step, 0u) << "the soak of 10 s is over, nothing was measured";
  Answer(3);
  Pass(seconds(1));
  EXPECT_EQ(driver.rollout.progress.step, 1u);
}

TEST_F(MeasuredRolloutTest, AMeasurementThatFailsRollsBack) {
  Start(false);
  const Transition turned = Answer(11);
  EXPECT_EQ(driver.rollout.phase, Phase::kRollingBack);
  EXPECT_EQ(driver.rollout.reason, reason::kAnalysisFailed);
  EXPECT_TRUE(driver.rollout.message.starts_with("server/errors: ")) << driver.rollout.message;
  EXPECT_TRUE(turned.safe_direction);
}

TEST_F(MeasuredRolloutTest, AGaugeThatIsShiftedOnTheCanaryRollsBack) {
  manifests::ProviderMetric gauge = CompareMetric("queue");
  gauge.compare->max_increase.reset();
  gauge.compare->judge = manifests::ComparisonJudge::kMannWhitney;
  Start(false, gauge);
  AnswerGauge(120);
  EXPECT_EQ(driver.rollout.phase, Phase::kRollingBack);
  EXPECT_EQ(driver.rollout.reason, reason::kAnalysisFailed);
  EXPECT_TRUE(driver.rollout.message.starts_with("server/queue: ")) << driver.rollout.message;
  EXPECT_NE(driver.rollout.message.find("shifted by +1"), std::string::npos)
      << driver.rollout.message;
}

TEST_F(MeasuredRolloutTest, AGaugeThatIsTheSameOnBothArmsIsPromoted) {
  manifests::ProviderMetric gauge = CompareMetric("queue");
  gauge.compare->max_increase.reset();
  gauge.compare->judge = manifests::ComparisonJudge::kMannWhitney;
  Start(false, gauge);
  AnswerGauge(100);
  Pass(seconds(11));
  EXPECT_EQ(driver.rollout.progress.step, 1u) << driver.rollout.message;
  Pass(seconds(60));
  EXPECT_EQ(driver.rollout.phase, Phase::kHealthy) << driver.rollout.message;
}

TEST_F(MeasuredRolloutTest, AnExpressionThatIsNeverTruePausesTheStep) {
  manifests::ProviderMetric share = MaxMetric("share");
  share.max.reset();
  share.success_condition = "result[0] < 0.1";
  share.failure_condition = "result[0] > 0.5";
  Start(false, share);
  Observation seen;
  seen.measurements.push_back(AnswerTo(asked.at(0), 0));
  std::get<Reading>(seen.measurements.back().result).result = manifests::Value::Array{0.3};
  Keep(driver.Apply(std::move(seen)));
  Pass(seconds(60));
  EXPECT_EQ(driver.rollout.phase, Phase::kPaused);
  EXPECT_EQ(driver.rollout.reason, reason::kInconclusive);
  EXPECT_NE(driver.rollout.message.find("neither successCondition nor failureCondition is true"),
            std::string::npos)
      << driver.rollout.message;
}

TEST_F(MeasuredRolloutTest, AnAnswerToAnotherRolloutIsNotTaken) {
  Start(false);
  asked[0].rollout = "limits#1";
  Answer(11);
  EXPECT_EQ(driver.rollout.phase, Phase::kStepping);
}

TEST_F(MeasuredRolloutTest, ErrorsOfAProviderAreNoSuccess) {
  Start(false);
  for (int i = 0; i < 10; ++i) {
    Fail();
    Pass(seconds(11));
  }
  EXPECT_EQ(driver.rollout.phase, Phase::kPaused);
  EXPECT_EQ(driver.rollout.reason, reason::kInconclusive);
  EXPECT_NE(driver.rollout.message.find("no answer within 3s"), std::string::npos)
      << driver.rollout.message;
}

TEST_F(MeasuredRolloutTest, TheBakeWaitsForABackgroundMetricAndGoesBackWithoutOne) {
  Start(true);
  Pass(seconds(35));
  ASSERT_EQ(driver.rollout.phase, Phase::kBaking);
  EXPECT_EQ(driver.rollout.reason, reason::kInconclusive);
  Pass(driver.strategy.progress_deadline);
  EXPECT_EQ(driver.rollout.phase, Phase::kRolledBack);
  EXPECT_EQ(driver.rollout.reason, reason::kProgressDeadline);
}

TEST_F(MeasuredRolloutTest, ABackgroundMetricIsNotShownAsASuccessBeforeItHadOne) {
  manifests::ProviderMetric metric = MaxMetric("errors");
  metric.interval = seconds(1);
  Start(true, metric);
  Fail();
  EXPECT_EQ(JudgementOf(driver.rollout).metrics.at(0).shown(), Verdict::kPending);
  EXPECT_EQ(JudgementOf(driver.rollout).metrics.at(0).verdict, Verdict::kSuccessful)
      << "it holds no step";
  Pass(seconds(12));
  Answer(1);
  EXPECT_EQ(JudgementOf(driver.rollout).metrics.at(0).shown(), Verdict::kSuccessful);
}

TEST_F(MeasuredRolloutTest, TheBakeEndsWhenABackgroundMetricSucceeded) {
  Start(true);
  ASSERT_EQ(asked.size(), 1u);
  Answer(3);
  Pass(seconds(35));
  EXPECT_EQ(driver.rollout.phase, Phase::kHealthy);
}

TEST_F(MeasuredRolloutTest, ARestartAsksAgainForWhatWasUnderWay) {
  Start(false);
  auto again = RolloutFromValue(RolloutToValue(driver.rollout));
  ASSERT_TRUE(again.ok());
  driver.rollout = std::move(again).value();
  EXPECT_EQ(driver.Pass(seconds(1)).measure.size(), 1u);
}

}  // namespace
}  // namespace portolan::reconciler
