#include "reconciler/analysis/metric_run_record.h"

#include <gtest/gtest.h>

#include "tests/reconciler/analysis/metrics_fixture.h"

namespace portolan::reconciler {
namespace {

using manifests::CanonicalJson;
using manifests::ParseJson;

TEST(MetricRunRecord, SurvivesARestartExceptForMonotonicTimes) {
  const manifests::Strategy strategy = MeasuredStrategy();
  const AnalysisScope scope = FirstStep();
  MetricRuns runs;
  Now now;
  now.mono = std::chrono::seconds(9);
  const auto due = DueMeasurements(strategy, scope, runs, now);
  Measurement measured = AnswerTo(due[1], 1.5, 1.25);
  measured.at = WallTime(Duration(1'700'000'000'123));
  ASSERT_TRUE(TakeMeasurement(strategy, scope, runs, measured, now));
  Measurement error = AnswerTo(due[0], 0);
  error.result = Error{ErrorCode::kTimeout, "no answer within 3s"};
  ASSERT_TRUE(TakeMeasurement(strategy, scope, runs, error, now));

  const std::string text = CanonicalJson(MetricRunsToValue(runs));
  const auto back = MetricRunsFromValue(*ParseJson(text));
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(CanonicalJson(MetricRunsToValue(*back)), text);
  ASSERT_EQ(back->size(), 3u);
  const MetricRun& compared = back->at(due[1].key);
  EXPECT_EQ(compared.failed, 1);
  EXPECT_EQ(compared.canary.mean, 1.5);
  EXPECT_EQ(compared.stable.count, 1);
  EXPECT_EQ(compared.asks, 1u);
  EXPECT_FALSE(compared.since.has_value());
  ASSERT_EQ(compared.last.size(), 1u);
  EXPECT_EQ(compared.last[0].at, measured.at);
  EXPECT_EQ(compared.last[0].stable, 1.25);
  EXPECT_EQ(compared.last[0].outcome, MeasurementOutcome::kFailed);
  const MetricRun& failing = back->at(due[0].key);
  EXPECT_EQ(failing.errors_in_a_row, 1);
  EXPECT_FALSE(failing.last[0].canary.has_value());
  EXPECT_TRUE(back->at(due[2].key).last.empty());
  EXPECT_FALSE(back->at(due[2].key).asked.has_value()) << "the ask is repeated";
}

TEST(MetricRunRecord, KeepsEveryCounter) {
  MetricRuns runs;
  MetricRun& run = runs[{true, "t", "m"}];
  run.successful = 1;
  run.failed = 2;
  run.inconclusive = 3;
  run.errors = 4;
  run.errors_in_a_row = 5;
  run.canary = {6, 7.5, 8.5};
  const auto back = MetricRunsFromValue(MetricRunsToValue(runs));
  ASSERT_TRUE(back.ok());
  const MetricRun& read = back->at({true, "t", "m"});
  EXPECT_EQ(read.successful, 1);
  EXPECT_EQ(read.failed, 2);
  EXPECT_EQ(read.inconclusive, 3);
  EXPECT_EQ(read.errors, 4);
  EXPECT_EQ(read.errors_in_a_row, 5);
  EXPECT_EQ(read.canary.squares, 8.5);
}

TEST(MetricRunRecord, FailsOnWhatItDidNotWrite) {
  for (const char* text :
       {"{}", "[1]", R"([{"successful":-1}])", R"([{"asks":-1}])", R"([{"canary":1}])",
        R"([{"last":[{"outcome":"Fine","at":"2026-01-01T00:00:00Z"}]}])", R"([{"last":[{}]}])",
        R"([{"canary":{"count":-1}}])"}) {
    const auto runs = MetricRunsFromValue(*ParseJson(text));
    ASSERT_FALSE(runs.ok()) << text;
    EXPECT_EQ(runs.error().code, ErrorCode::kCorrupt) << text;
  }
}

}  // namespace
}  // namespace portolan::reconciler
