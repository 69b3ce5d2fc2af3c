#include "manifests/analysis_template.h"

#include <gtest/gtest.h>

#include "tests/manifests/decode_fixture.h"

namespace portolan::manifests {
namespace {

std::string TemplateErrors(const std::string& yaml) {
  Decoding d(yaml);
  EXPECT_FALSE(DecodeAnalysisTemplate("t", d.field(), d.report).has_value());
  return d.Text();
}

TEST(AnalysisTemplate, ReadsEvidence) {
  Decoding d(
      "metrics: [{name: m, reports: {bad: oops}, evidence: {maxRatio: 1.5, alpha: 0.05, require: "
      "safe, "
      "safeRatio: 3, okBelow: 2%}}, {name: n, reports: {bad: b}}]");
  const auto analysis = DecodeAnalysisTemplate("t", d.field(), d.report);
  ASSERT_TRUE(analysis.has_value()) << d.Text();
  EXPECT_EQ(analysis->metrics.at(0), (ReportMetric{.name = "m",
                                                   .bad = "oops",
                                                   .max_ratio = 1.5,
                                                   .alpha = 0.05,
                                                   .require = "safe",
                                                   .safe_ratio = 3,
                                                   .ok_below = 0.02}));
  EXPECT_EQ(analysis->metrics.at(1), (ReportMetric{.name = "n", .bad = "b"}));
}

TEST(AnalysisTemplate, SaysWhichProvidersAreSupported) {
  EXPECT_EQ(TemplateErrors("metrics: [{name: m, interval: 30s, datadog: {query: x}, compare: {}}]"),
            "t.yaml:1:45: metrics[0].datadog: this metric provider is not supported yet; "
            "supported now: \"reports\", \"prometheus\" and \"web\"\n");
}

TEST(AnalysisTemplate, KeepsMetricsOfReportsAndOfProvidersApart) {
  Decoding d(
      "metrics: [{name: a, reports: {bad: b}}, {name: c, prometheus: {provider: p, query: up}, "
      "max: 2}]");
  const auto analysis = DecodeAnalysisTemplate("t", d.field(), d.report);
  ASSERT_TRUE(analysis.has_value()) << d.Text();
  ASSERT_EQ(analysis->metrics.size(), 1u);
  EXPECT_EQ(analysis->metrics[0].name, "a");
  ASSERT_EQ(analysis->provider_metrics.size(), 1u);
  EXPECT_EQ(analysis->provider_metrics[0].max, 2);
  const auto back = TemplateFromValue(TemplateToValue(*analysis));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->provider_metrics, analysis->provider_metrics);
  EXPECT_EQ(back->metrics, analysis->metrics);
}

TEST(AnalysisTemplate, WritesNothingOfProvidersWithoutOne) {
  const AnalysisTemplate reports{.name = "t", .metrics = {ReportMetric{.name = "m", .bad = "b"}}};
  EXPECT_EQ(TemplateToValue(reports).Find("providerMetrics"), nullptr);
}

TEST(AnalysisTemplate, RefusesRatiosThatLeaveNothingToTest) {
  EXPECT_EQ(TemplateErrors("metrics: [{name: m, reports: {bad: b}, evidence: {maxRatio: 100}}]"),
            "t.yaml:1:61: metrics[0].evidence.maxRatio: the regression test looks for ratios up to "
            "100; above 100 none is left to test; use a ratio below 100\n");
  EXPECT_EQ(TemplateErrors("metrics: [{name: m, reports: {bad: b}, evidence: {safeRatio: 0.25}}]"),
            "t.yaml:1:62: metrics[0].evidence.safeRatio: the safety test looks for ratios down to "
            "0.25; below 0.25 none is left to test; use a ratio above 0.25\n");
  EXPECT_NE(TemplateErrors("metrics: [{name: m, reports: {bad: b}, evidence: {maxRatio: 0.9}}]")
                .find("maxRatio: expected a number from 1"),
            std::string::npos);
  EXPECT_NE(TemplateErrors("metrics: [{name: m, reports: {bad: b}, evidence: {okBelow: 0%}}]")
                .find("above 0%"),
            std::string::npos);
}

TEST(AnalysisTemplate, RefusesMetricsOfOneName) {
  EXPECT_NE(TemplateErrors("metrics: [{name: m, reports: {bad: b}}, {name: m, reports: {bad: c}}]")
                .find("second metric"),
            std::string::npos);
  EXPECT_NE(TemplateErrors("metrics: [{name: m, reports: {bad: b}}, "
                           "{name: m, web: {provider: p, path: /, jsonPointer: /a}, max: 1}]")
                .find("second metric"),
            std::string::npos);
  EXPECT_NE(TemplateErrors("metrics: []").find("1 to 32 metrics"), std::string::npos);
}

}  // namespace
}  // namespace portolan::manifests
