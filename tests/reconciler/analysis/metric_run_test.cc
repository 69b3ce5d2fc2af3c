#include "reconciler/analysis/metric_run.h"

#include <gtest/gtest.h>

#include <cmath>

namespace portolan::reconciler {
namespace {

using namespace std::chrono_literals;

// A run of `max: 10` that a test feeds.
class MetricRunTest : public testing::Test {
 protected:
  MetricRunTest() {
    metric.max = 10;
    metric.interval = 30s;
    run.since = 0s;
  }

  void Feed(std::variant<Reading, Error> result) {
    Measurement measurement;
    measurement.result = std::move(result);
    measurement.at = now.wall;
    run = AddMeasurement(std::move(run), metric, measurement, now);
  }
  void Value(double value) { Feed(Reading{{1, value, 0, value, value}, {}, ""}); }
  void Good() { Value(1); }
  void Bad() { Value(11); }
  void Unclear() { Feed(Reading{}); }
  void Fail(std::string message = "no data") {
    Feed(Error{ErrorCode::kNotFound, std::move(message)});
  }
  RunVerdict verdict() const { return VerdictOf(metric, run, background); }
  RunPhase phase() const { return verdict().phase; }
  std::optional<Duration> next() const { return UntilNext(metric, run, background, now.mono); }

  manifests::ProviderMetric metric;
  MetricRun run;
  Now now;
  bool background = true;
};

TEST_F(MetricRunTest, FailsWhenMoreThanTheLimitFailed) {
  metric.failure_limit = 1;
  Bad();
  EXPECT_EQ(phase(), RunPhase::kRunning);
  Good();
  Bad();
  EXPECT_EQ(phase(), RunPhase::kFailed);
  EXPECT_EQ(verdict().message, "2 failed, more than failureLimit 1: 11 is above max 10");
}

TEST_F(MetricRunTest, TheFirstFailureFailsByDefault) {
  Bad();
  EXPECT_EQ(phase(), RunPhase::kFailed);
}

TEST_F(MetricRunTest, AFailureLimitOfMinusOneNeverFails) {
  metric.failure_limit = -1;
  for (int i = 0; i < 100; ++i) Bad();
  EXPECT_EQ(phase(), RunPhase::kRunning);
  EXPECT_EQ(FinalVerdictOf(metric, run, background).phase, RunPhase::kInconclusive);
}

TEST_F(MetricRunTest, IsInconclusiveWhenMoreThanTheLimitWere) {
  metric.inconclusive_limit = 1;
  Unclear();
  EXPECT_EQ(phase(), RunPhase::kRunning);
  Unclear();
  EXPECT_EQ(phase(), RunPhase::kInconclusive);
  EXPECT_EQ(verdict().message, "2 inconclusive, more than inconclusiveLimit 1: no data");
}

TEST_F(MetricRunTest, TheFifthErrorInARowEndsIt) {
  for (int i = 0; i < 4; ++i) Fail();
  EXPECT_EQ(phase(), RunPhase::kRunning);
  Fail("the server does not answer");
  EXPECT_EQ(phase(), RunPhase::kError);
  EXPECT_EQ(verdict().message,
            "5 errors in a row, more than consecutiveErrorLimit 4: the server does not answer");
}

TEST_F(MetricRunTest, AMeasurementEndsTheRowOfErrors) {
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 4; ++i) Fail();
    Good();
  }
  EXPECT_EQ(phase(), RunPhase::kRunning);
  EXPECT_EQ(run.errors, 12);
  EXPECT_EQ(run.successful, 3);
}

TEST_F(MetricRunTest, ErrorsAreNotCountedAsMeasurements) {
  metric.count = 2;
  Good();
  Fail();
  EXPECT_EQ(phase(), RunPhase::kRunning);
  Good();
  EXPECT_EQ(phase(), RunPhase::kSuccessful);
  EXPECT_EQ(verdict().message, "2 successful, 1 without an answer: 1 is within the bounds");
}

TEST_F(MetricRunTest, AFailureIsSeenBeforeTheCountIsFull) {
  metric.count = 1;
  Bad();
  EXPECT_EQ(phase(), RunPhase::kFailed);
}

TEST_F(MetricRunTest, ACountWithoutASuccessIsInconclusive) {
  metric.count = 2;
  metric.failure_limit = -1;
  Bad();
  Bad();
  EXPECT_EQ(phase(), RunPhase::kInconclusive);
  EXPECT_EQ(verdict().message, "no measurement was successful: 0 successful, 2 failed");
}

TEST_F(MetricRunTest, WithoutAMeasurementIsNeverSuccessful) {
  EXPECT_EQ(phase(), RunPhase::kRunning);
  const RunVerdict ended = FinalVerdictOf(metric, run, background);
  EXPECT_EQ(ended.phase, RunPhase::kInconclusive);
  EXPECT_EQ(ended.message, "nothing was measured");
  Fail();
  EXPECT_EQ(FinalVerdictOf(metric, run, background).phase, RunPhase::kInconclusive);
  Good();
  EXPECT_EQ(FinalVerdictOf(metric, run, background).phase, RunPhase::kSuccessful);
}

TEST_F(MetricRunTest, NothingThatIsNoNumberIsASuccess) {
  metric.count = 1;
  for (const auto& points : {std::vector<double>{},
                             {std::nan("")},
                             {HUGE_VAL},
                             {-HUGE_VAL},
                             {1, std::nan(""), std::nan("")}}) {
    run = {};
    const auto summary = Summarise(points);
    ASSERT_FALSE(summary.ok());
    Feed(summary.error());
    EXPECT_EQ(run.errors, 1);
    EXPECT_EQ(phase(), RunPhase::kRunning);
    EXPECT_EQ(FinalVerdictOf(metric, run, background).phase, RunPhase::kInconclusive);
  }
}

TEST_F(MetricRunTest, TimeoutsAndRefusalsAreNoSuccess) {
  metric.consecutive_error_limit = 0;
  for (const ErrorCode code : {ErrorCode::kTimeout, ErrorCode::kUnavailable, ErrorCode::kDenied,
                               ErrorCode::kExhausted, ErrorCode::kInvalid}) {
    run = {};
    Feed(Error{code, "x"});
    EXPECT_EQ(phase(), RunPhase::kError);
  }
}

TEST_F(MetricRunTest, AStepTakesOneMeasurementUnlessItCounts) {
  EXPECT_EQ(CountOf(metric, false), 1);
  EXPECT_EQ(CountOf(metric, true), std::nullopt);
  metric.interval.reset();
  EXPECT_EQ(CountOf(metric, true), 1);
  metric.count = 7;
  EXPECT_EQ(CountOf(metric, false), 7);
}

TEST_F(MetricRunTest, TheFirstMeasurementWaitsForTheInitialDelay) {
  metric.initial_delay = 5s;
  now.mono = 2s;
  EXPECT_EQ(next(), 3s);
  now.mono = 9s;
  EXPECT_EQ(next(), 0s);
}

TEST_F(MetricRunTest, TheNextMeasurementComesAfterTheInterval) {
  now.mono = 100s;
  Good();
  EXPECT_EQ(next(), 30s);
  now.mono = 129s;
  EXPECT_EQ(next(), 1s);
  now.mono = 130s;
  EXPECT_EQ(next(), 0s);
}

TEST_F(MetricRunTest, AnErrorIsTriedAgainAfterTenSeconds) {
  Fail();
  EXPECT_EQ(next(), 10s);
  metric.interval.reset();
  EXPECT_EQ(next(), 10s);
}

TEST_F(MetricRunTest, ARequestUnderWayIsWaitedForAndThenGivenUp) {
  run.asked = 0s;
  metric.timeout = 3s;
  now.mono = 1s;
  EXPECT_EQ(next(), 32s);
  now.mono = 33s;
  EXPECT_EQ(next(), 0s);
}

TEST_F(MetricRunTest, AfterAVerdictNothingIsMeasured) {
  Bad();
  EXPECT_EQ(next(), std::nullopt);
}

TEST_F(MetricRunTest, AfterARestartTheWaitBeginsAnew) {
  Good();
  run.since.reset();
  now.mono = 7s;
  EXPECT_EQ(next(), 30s);
}

TEST_F(MetricRunTest, KeepsTheLastTenAndTheMomentsOfAll) {
  for (int i = 1; i <= 10; ++i) Value(i);
  run.asked = 1s;
  Feed(Reading{{1, 5, 0, 5, 5}, SampleSummary{1, 4, 0, 4, 4}, ""});
  EXPECT_EQ(run.last.size(), kTakenKept);
  EXPECT_EQ(run.last.front().canary, 2);
  EXPECT_EQ(run.last.back().stable, 4);
  EXPECT_EQ(run.canary.count, 11);
  EXPECT_NEAR(run.canary.mean, 60.0 / 11, 1e-12);
  EXPECT_NEAR(run.canary.Variance(), 8.2727272727272727, 1e-9);
  EXPECT_EQ(run.stable.count, 1);
  EXPECT_EQ(run.stable.Variance(), 0);
  EXPECT_FALSE(run.asked.has_value());
}

TEST_F(MetricRunTest, AVerdictHasItsNumbers) {
  EXPECT_EQ(verdict().numbers,
            (std::vector<std::pair<std::string, double>>{
                {"successful", 0}, {"failed", 0}, {"inconclusive", 0}, {"errors", 0}}));
  metric.failure_limit = 5;
  Feed(Reading{{1, 2, 0, 2, 2}, SampleSummary{1, 7, 0, 7, 7}, ""});
  Value(4);
  Value(12);
  Fail();
  const std::vector<std::pair<std::string, double>> expected = {
      {"successful", 2}, {"failed", 1},          {"inconclusive", 0}, {"errors", 1},
      {"canaryMean", 6}, {"canaryVariance", 28}, {"stableMean", 7}};
  EXPECT_EQ(verdict().numbers, expected);
  EXPECT_EQ(FinalVerdictOf(metric, run, background).numbers, expected);
}

TEST(RunPhase, HasTheNamesOfTheDocumentation) {
  EXPECT_EQ(RunPhaseName(RunPhase::kRunning), "Running");
  EXPECT_EQ(RunPhaseName(RunPhase::kInconclusive), "Inconclusive");
}

}  // namespace
}  // namespace portolan::reconciler
