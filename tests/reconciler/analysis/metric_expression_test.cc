#include "reconciler/analysis/metric_expression.h"

#include <gtest/gtest.h>

#include "manifests/json_reader.h"
#include "reconciler/analysis/metric_run.h"

namespace portolan::reconciler {
namespace {

using manifests::ProviderMetric;
using manifests::Value;

ProviderMetric Metric(const std::string& success, const std::string& failure = "") {
  ProviderMetric metric;
  metric.name = "errors";
  metric.source = manifests::PrometheusSource{"main", "q", {}};
  metric.success_condition = success;
  metric.failure_condition = failure;
  return metric;
}

ProviderMetric Web(const std::string& success, const std::string& failure = "") {
  ProviderMetric metric = Metric(success, failure);
  metric.source = manifests::WebSource{"main", "/", "", "GET", ""};
  return metric;
}

Reading ReadingOf(const std::string& json) {
  Reading reading;
  reading.result = manifests::ParseJson(json).value();
  return reading;
}

// "Outcome: message".
std::string JudgeJson(const ProviderMetric& metric, const std::string& json) {
  const Judgement judged = JudgeReading(metric, ReadingOf(json));
  return std::string(MeasurementOutcomeName(judged.outcome)) + ": " + judged.message;
}

std::string OutcomeOf(const ProviderMetric& metric, const std::string& json) {
  return std::string(MeasurementOutcomeName(JudgeReading(metric, ReadingOf(json)).outcome));
}

TEST(MetricExpression, SuccessAloneFailsWhenItIsFalse) {
  const ProviderMetric metric = Metric("result[0] < 0.05");
  EXPECT_EQ(JudgeJson(metric, "[0.01]"),
            "Successful: result [0.01]: successCondition `result[0] < 0.05` is true");
  EXPECT_EQ(JudgeJson(metric, "[0.2]"),
            "Failed: result [0.2]: successCondition `result[0] < 0.05` is false");
}

TEST(MetricExpression, FailureAloneSucceedsWhenItIsFalse) {
  const ProviderMetric metric = Metric("", "result[0] >= 0.5");
  EXPECT_EQ(JudgeJson(metric, "[0.01]"),
            "Successful: result [0.01]: failureCondition `result[0] >= 0.5` is false");
  EXPECT_EQ(JudgeJson(metric, "[0.9]"),
            "Failed: result [0.9]: failureCondition `result[0] >= 0.5` is true");
}

TEST(MetricExpression, NeitherIsInconclusiveAndFailureWins) {
  const ProviderMetric metric = Metric("result[0] < 1", "result[0] > 2 || result[0] < 0");
  EXPECT_EQ(OutcomeOf(metric, "[0.5]"), "Successful");
  EXPECT_EQ(JudgeJson(metric, "[1.5]"),
            "Inconclusive: result [1.5]: neither successCondition nor failureCondition is true");
  EXPECT_EQ(OutcomeOf(metric, "[3]"), "Failed");
  EXPECT_EQ(OutcomeOf(metric, "[-1]"), "Failed") << "both are true";
}

TEST(MetricExpression, CountsWhatIsNeitherToTheInconclusiveLimit) {
  ProviderMetric metric = Metric("result[0] < 1", "result[0] > 2");
  metric.interval = Duration(1'000);
  metric.inconclusive_limit = 1;
  MetricRun run;
  const auto measure = [&](const std::string& json) {
    run = AddMeasurement(run, metric, {"m", "m#1", 1, {}, 1, ReadingOf(json), {}}, Now{});
    return VerdictOf(metric, run, true).phase;
  };
  EXPECT_EQ(measure("[1.5]"), RunPhase::kRunning);
  EXPECT_EQ(measure("[0.5]"), RunPhase::kRunning);
  EXPECT_EQ(measure("[1.5]"), RunPhase::kInconclusive);
}

TEST(MetricExpression, KnowsTheFunctionsOfArgoRollouts) {
  for (const char* condition : {"len(result) == 2", "!isNaN(result[1])", "!isInf(result[0])",
                                "default(result[1], 7.0) == 3.0", "default(0.0 / 0.0, 7.0) == 7.0"})
    EXPECT_EQ(OutcomeOf(Metric(condition), "[1, 3]"), "Successful") << condition;
}

TEST(MetricExpression, SeesJsonOfAWebServerAsItIs) {
  EXPECT_EQ(JudgeJson(Web("result <= 5"), "4"),
            "Successful: result 4: successCondition `result <= 5` is true");
  EXPECT_EQ(OutcomeOf(Web("result.all(x, x < 10)"), "[4, 9]"), "Successful");
  EXPECT_EQ(
      JudgeJson(Web("result.state == 'ok' && result.errors < 3"), R"({"state":"ok","errors":5})"),
      "Failed: result {\"state\":\"ok\",\"errors\":5}: successCondition `result.state == "
      "'ok' && result.errors < 3` is false");
  EXPECT_EQ(OutcomeOf(Web("result"), "true"), "Successful");
}

TEST(MetricExpression, TakesEveryNumberOfJsonAsADouble) {
  const ProviderMetric metric = Web("result.used / result.total < 0.5");
  EXPECT_EQ(OutcomeOf(metric, R"({"used": 1, "total": 4})"), "Successful");
  EXPECT_EQ(OutcomeOf(metric, R"({"used": 1.5, "total": 2})"), "Failed");
}

TEST(MetricExpression, NoDataIsNoSuccessWhateverTheConditionSays) {
  const Judgement judged = JudgeReading(Metric("true"), Reading{});
  EXPECT_EQ(judged.outcome, MeasurementOutcome::kInconclusive);
  EXPECT_EQ(judged.message, "no data");
}

TEST(MetricExpression, WhatCannotBeEvaluatedIsAnError) {
  EXPECT_EQ(JudgeJson(Metric("result[5] < 1.0"), "[1]")
                .rfind("Error: result [1]: successCondition `result[5] < 1.0`: ", 0),
            0u);
  EXPECT_NE(
      JudgeJson(Web("result"), "1").find("expected true or false, found a value of type double"),
      std::string::npos);
  EXPECT_EQ(OutcomeOf(Web("", "result.errors > 5"), R"({"failures": 1})"), "Error");
  EXPECT_EQ(OutcomeOf(Web("result.x < 1", "result.y > 5"), R"({"y": 9})"), "Failed")
      << "an error of the other condition hides no failure";
  EXPECT_EQ(OutcomeOf(Web("result.x < 1", "result.y > 5"), R"({"y": 1})"), "Error");
}

TEST(MetricExpression, GivesUpWhenItCostsTooMuch) {
  std::string json = "[0";
  for (int i = 0; i < 999; ++i) json += ",0";
  const std::string judged =
      JudgeJson(Metric("result.all(x, result.all(y, x + y < 1.0))"), json + "]");
  EXPECT_TRUE(judged.starts_with("Error: ")) << judged;
  EXPECT_NE(judged.find("cost limit"), std::string::npos) << judged;
}

TEST(MetricExpression, IsCheckedBeforeItRuns) {
  EXPECT_TRUE(CheckMetricExpression(Metric(""), "result[0] < 1").ok());
  const Status unknown = CheckMetricExpression(Metric(""), "reslt[0] < 1.0");
  ASSERT_FALSE(unknown.ok());
  EXPECT_TRUE(unknown.error().message.starts_with("1:1: ")) << unknown.error().message;
  EXPECT_FALSE(CheckMetricExpression(Metric(""), "result[0]").ok()) << "no bool";
  EXPECT_FALSE(CheckMetricExpression(Metric(""), "result < 1.0").ok()) << "a list is no number";
  EXPECT_TRUE(CheckMetricExpression(Web(""), "result < 1.0").ok()) << "may be a number";
}

TEST(MetricExpression, OfARecordThatIsNoExpressionIsAnError) {
  EXPECT_EQ(OutcomeOf(Metric("result ["), "[1]"), "Error");
}

}  // namespace
}  // namespace portolan::reconciler
