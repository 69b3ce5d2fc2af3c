#include "manifests/provider_metric.h"

#include <gtest/gtest.h>

#include "tests/manifests/decode_fixture.h"
#include "tests/manifests/metric_test_values.h"

namespace portolan::manifests {
namespace {

std::string Errors(const std::string& yaml) {
  Decoding d(yaml);
  DecodeProviderMetric(d.field(), d.report);
  return d.Text();
}

void ExpectRefusal(const std::string& yaml, std::string_view why) {
  const std::string errors = Errors(yaml);
  EXPECT_NE(errors.find(why), std::string::npos) << yaml << "\n" << errors;
}

std::string Prometheus(const std::string& members) {
  return "{name: m, prometheus: {provider: main, query: up}, " + members + "}";
}

TEST(ProviderMetric, ReadsEveryFieldOfAPrometheusMetric) {
  Decoding d(R"(
name: p95
prometheus: {provider: main, query: 'p95{arm="{{arm}}"}', range: {window: 10m, step: 30s}}
interval: 30s
initialDelay: 5s
count: 9
failureLimit: 1
inconclusiveLimit: 2
consecutiveErrorLimit: 3
timeout: 1s500ms
compare: {maxIncrease: 10%, maxVarianceRatio: 4, ignoreBelow: 0.25}
)");
  EXPECT_TRUE(IsProviderMetric(d.field()));
  EXPECT_EQ(DecodeProviderMetric(d.field(), d.report), FullMetric());
  EXPECT_EQ(d.Text(), "");
}

TEST(ProviderMetric, ReadsEveryFieldOfAWebMetric) {
  Decoding d(R"(
name: depth
web: {provider: stats, path: "/q?map={{map}}", jsonPointer: /data/0, method: POST, body: '{"a": 1}'}
min: -1
max: 2.5
)");
  ProviderMetric expected;
  expected.name = "depth";
  expected.source = WebSource{"stats", "/q?map={{map}}", "/data/0", "POST", "{\"a\": 1}"};
  expected.min = -1;
  expected.max = 2.5;
  EXPECT_EQ(DecodeProviderMetric(d.field(), d.report), expected);
  EXPECT_EQ(d.Text(), "");
}

TEST(ProviderMetric, StaysBelowThePrefixOfItsProvider) {
  const auto web = [](const std::string& path) {
    return "{name: m, web: {provider: s, path: '" + path + "', jsonPointer: /a}, min: 0}";
  };
  for (const char* path : {"/..", "/../admin", "/a/../../b", "/%2e%2E/b", "/a/.", "/./a?x=1"})
    ExpectRefusal(web(path), "expected a path from '/'");
  for (const char* path : {"/a..b", "/...", "/.well-known/x", "/a?b=../c", "/"})
    EXPECT_EQ(Errors(web(path)), "") << path;
}

TEST(ProviderMetric, HasTheDefaultsOfArgoRollouts) {
  Decoding d(Prometheus("max: 1"));
  const ProviderMetric metric = DecodeProviderMetric(d.field(), d.report);
  EXPECT_FALSE(metric.interval.has_value());
  EXPECT_FALSE(metric.count.has_value());
  EXPECT_EQ(metric.initial_delay, Duration(0));
  EXPECT_EQ(metric.failure_limit, 0);
  EXPECT_EQ(metric.inconclusive_limit, 0);
  EXPECT_EQ(metric.consecutive_error_limit, 4);
  EXPECT_EQ(metric.timeout, std::chrono::seconds(3));
  EXPECT_EQ(ProviderOf(metric), "main");
}

TEST(ProviderMetric, ReadsAQueryForEachArm) {
  Decoding d(
      "{name: m, prometheus: {provider: main}, compare: {stable: a, canary: b, maxIncrease: "
      "150%}}");
  const ProviderMetric metric = DecodeProviderMetric(d.field(), d.report);
  EXPECT_EQ(d.Text(), "");
  EXPECT_EQ(metric.compare->stable, "a");
  EXPECT_EQ(metric.compare->canary, "b");
  EXPECT_EQ(metric.compare->max_increase, 1.5);
}

TEST(ProviderMetric, ReportsEverythingAtOnceWithItsPlace) {
  EXPECT_EQ(Errors("name: m\n"
                   "prometheus: {provider: main, query: '{{mpa}}', rnage: {}}\n"
                   "intervall: 5s\n"
                   "timeout: 5m\n"),
            "t.yaml:1:1: expected a condition: min, max, compare, successCondition or "
            "failureCondition\n"
            "t.yaml:2:37: prometheus.query: unknown placeholder \"mpa\"; expected {{map}}, "
            "{{arm}}, {{digest}} or {{window}}; did you mean \"map\"?\n"
            "t.yaml:2:48: unknown field \"prometheus.rnage\"; did you mean \"range\"?\n"
            "t.yaml:3:1: unknown field \"intervall\"; did you mean \"interval\"?\n"
            "t.yaml:4:10: timeout: expected a duration from 100ms to 1m, found \"5m\"\n");
}

TEST(ProviderMetric, TakesNoAddressAndNoSecretFromAManifest) {
  for (const char* field : {"address: 'http://169.254.169.254'", "url: 'http://x'", "headers: {}"})
    ExpectRefusal(
        "{name: m, prometheus: {provider: p, query: up, " + std::string(field) + "}, max: 1}",
        "addresses and secrets stand in the daemon's configuration");
}

TEST(ProviderMetric, WantsOneProvider) {
  ExpectRefusal(
      "{name: m, web: {provider: p, path: /, jsonPointer: /a}, prometheus: {provider: p, query: "
      "up}, max: 1}",
      "found a second one");
  ExpectRefusal(Prometheus("reports: {bad: b}, max: 1"), "found a second one");
  Decoding reports("{name: m, reports: {bad: b}}");
  EXPECT_FALSE(IsProviderMetric(reports.field()));
}

TEST(ProviderMetric, WantsConditionsThatCanBeMet) {
  ExpectRefusal(Prometheus("min: 2, max: 1"), "expected max not below min");
  ExpectRefusal(Prometheus("max: .nan"), "max: ");
  ExpectRefusal(Prometheus("max: 1, compare: {stable: a, canary: b, maxIncrease: 1%}"),
                "not together with compare");
  ExpectRefusal(Prometheus("compare: {maxIncrease: 1%}"), "expected {{arm}} in it");
  ExpectRefusal(Prometheus("compare: {stable: a, maxIncrease: 1%}"), "stable and canary together");
  ExpectRefusal(Prometheus("compare: {stable: a, canary: b, maxIncrease: 1%}"),
                "not together with compare.stable");
  ExpectRefusal("{name: m, prometheus: {provider: p}, compare: {stable: a, canary: b}}",
                "expected maxIncrease, maxVarianceRatio or both");
  ExpectRefusal(
      "{name: m, prometheus: {provider: p}, compare: {stable: a, canary: b, maxVarianceRatio: 4}}",
      "a variance needs several points");
}

TEST(ProviderMetric, ReadsConditionsThatAreExpressions) {
  Decoding d(Prometheus("successCondition: 'result[0] < 1', failureCondition: 'result[0] > 2'"));
  const ProviderMetric metric = DecodeProviderMetric(d.field(), d.report);
  EXPECT_EQ(d.Text(), "");
  EXPECT_EQ(metric.success_condition, "result[0] < 1");
  EXPECT_EQ(metric.failure_condition, "result[0] > 2");
  EXPECT_EQ(Errors(Prometheus("failureCondition: 'result[0] > 2'")), "");
  ExpectRefusal(Prometheus("successCondition: 'result[0] < 1', max: 1"),
                "successCondition: not together with min, max or compare");
  ExpectRefusal(Prometheus("timeout: 1s"),
                "expected a condition: min, max, compare, successCondition or failureCondition");
  ExpectRefusal(Prometheus("successCondition: ''"), "successCondition: ");
}

TEST(ProviderMetric, SaysWhereAnExpressionIsThatCannotWork) {
  Decoding d("name: m\nprometheus: {provider: main, query: up}\nfailureCondition: reslt[0] > 2\n");
  DecodeProviderMetric(d.field(), d.report,
                       [](const ProviderMetric& metric, const std::string& text) -> Status {
                         EXPECT_TRUE(std::holds_alternative<PrometheusSource>(metric.source));
                         return Error{ErrorCode::kInvalid, "1:1: cannot work: " + text};
                       });
  EXPECT_EQ(d.Text(), "t.yaml:3:19: failureCondition: 1:1: cannot work: reslt[0] > 2\n");
}

TEST(ProviderMetric, ReadsTheJudgeOfAComparison) {
  const std::string range =
      "{name: m, prometheus: {provider: p, query: '{{arm}}', range: {window: "
      "10m, step: 30s}}, compare: ";
  Decoding d(range + "{judge: mannWhitney, direction: either, confidence: 95%, maxDecrease: 20%}}");
  const ProviderMetric metric = DecodeProviderMetric(d.field(), d.report);
  EXPECT_EQ(d.Text(), "");
  Comparison expected;
  expected.judge = ComparisonJudge::kMannWhitney;
  expected.direction = Direction::kEither;
  expected.confidence = 0.95;
  expected.max_decrease = 0.2;
  EXPECT_EQ(metric.compare, expected);
  EXPECT_EQ(Errors(range + "{judge: mannWhitney}}"), "") << "needs no limit";
  EXPECT_EQ(Errors(range + "{judge: mean, maxIncrease: 1%}}"), "");
  ExpectRefusal(range + "{judge: kayenta}}", "compare.judge: ");
  ExpectRefusal(range + "{judge: mean}}", "expected maxIncrease, maxVarianceRatio or both");
  ExpectRefusal(range + "{maxIncrease: 1%, confidence: 95%}}",
                "compare.confidence: only with judge: mannWhitney");
  ExpectRefusal(range + "{judge: mannWhitney, confidence: 100%}}", "compare.confidence: ");
  ExpectRefusal(
      "{name: m, prometheus: {provider: p, query: '{{arm}}'}, compare: {judge: "
      "mannWhitney}}",
      "compare.judge: this judge needs several points");
}

TEST(ProviderMetric, WantsLimitsThatCanBePassed) {
  ExpectRefusal(Prometheus("max: 1, count: 3"), "needs an interval");
  ExpectRefusal(Prometheus("max: 1, count: 3, interval: 5s, failureLimit: 3"), "below count, 3");
  ExpectRefusal(Prometheus("max: 1, failureLimit: -2"), "from -1 to 10000");
  ExpectRefusal(Prometheus("max: 1, consecutiveErrorLimit: -1"), "from 0 to 10000");
  ExpectRefusal(Prometheus("max: 1, interval: 10ms"), "from 1s to 1d");
  EXPECT_EQ(Errors(Prometheus("max: 1, count: 3, interval: 5s, failureLimit: -1")), "");
}

TEST(ProviderMetric, WantsRangesAndPathsThatAServerTakes) {
  ExpectRefusal(
      "{name: m, prometheus: {provider: p, query: up, range: {window: 10s, step: 20s}}, max: 1}",
      "a window of 1 to 11000 steps");
  ExpectRefusal("{name: m, prometheus: {provider: p, query: up, range: {window: 10s}}, max: 1}",
                "step");
  for (const char* path : {"stats", "//host/x", "'/a b'", "'/a#b'"})
    ExpectRefusal(
        "{name: m, web: {provider: p, path: " + std::string(path) + ", jsonPointer: /a}, max: 1}",
        "expected a path from '/'");
  ExpectRefusal("{name: m, web: {provider: p, path: /x, jsonPointer: a}, max: 1}",
                "expected a JSON pointer");
  ExpectRefusal("{name: m, web: {provider: p, path: /x, jsonPointer: /a, body: b}, max: 1}",
                "only with method: POST");
}

}  // namespace
}  // namespace portolan::manifests
