#include "manifests/metric_record.h"

#include <gtest/gtest.h>

#include "tests/manifests/metric_test_values.h"

namespace portolan::manifests {
namespace {

Result<ProviderMetric> RoundTrip(const ProviderMetric& metric) {
  return ProviderMetricFromValue(*ParseJson(CanonicalJson(ProviderMetricToValue(metric))));
}

TEST(MetricRecord, KeepsAPrometheusMetric) {
  const auto back = RoundTrip(FullMetric());
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(*back, FullMetric());
}

TEST(MetricRecord, KeepsAWebMetric) {
  ProviderMetric metric;
  metric.name = "queue";
  metric.source = WebSource{"stats", "/q", "/depth", "POST", "{}"};
  metric.min = -1;
  metric.max = 2.5;
  const auto back = RoundTrip(metric);
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(*back, metric);
}

TEST(MetricRecord, KeepsTheJudgeOfAComparison) {
  ProviderMetric metric = FullMetric();
  metric.compare->judge = ComparisonJudge::kMannWhitney;
  metric.compare->direction = Direction::kDecrease;
  metric.compare->confidence = 0.9;
  metric.compare->max_decrease = 0.25;
  const auto back = RoundTrip(metric);
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(*back, metric);
  manifests::Value record = ProviderMetricToValue(metric);
  manifests::Value compare = *record.Find("compare");
  compare.Set("confidence", 1);
  record.Set("compare", compare);
  EXPECT_FALSE(ProviderMetricFromValue(record).ok()) << "a quantile of 1 is infinite";
}

TEST(MetricRecord, KeepsConditionsThatAreExpressions) {
  ProviderMetric metric = FullMetric();
  metric.compare.reset();
  metric.success_condition = "result[0] < 1.0";
  metric.failure_condition = "result[0] > 2.0";
  const auto back = RoundTrip(metric);
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(*back, metric);
}

TEST(MetricRecord, KeepsTheQueriesOfBothArms) {
  ProviderMetric metric = FullMetric();
  metric.compare->stable = "a";
  metric.compare->canary = "b";
  EXPECT_EQ(RoundTrip(metric)->compare->canary, "b");
  EXPECT_EQ(RoundTrip(metric)->compare->stable, "a");
}

TEST(MetricRecord, ReadsAbsentFieldsAsTheDefaults) {
  const auto metric = ProviderMetricFromValue(*ParseJson(R"({"prometheus":{}})"));
  ASSERT_TRUE(metric.ok());
  EXPECT_EQ(*metric, ProviderMetric{});
}

TEST(MetricRecord, FailsOnWhatItDidNotWrite) {
  for (const char* text :
       {"1", "{}", R"({"prometheus":[]})", R"({"web":1})", R"({"prometheus":{},"count":"3"})",
        R"({"prometheus":{"range":{}}})", R"({"prometheus":{},"compare":{"maxIncrease":"x"}})"}) {
    const auto metric = ProviderMetricFromValue(*ParseJson(text));
    ASSERT_FALSE(metric.ok()) << text;
    EXPECT_EQ(metric.error().code, ErrorCode::kCorrupt) << text;
  }
}

}  // namespace
}  // namespace portolan::manifests
