#include "controller/metrics/prometheus_provider.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/controller/metrics/metrics_fixture.h"

namespace portolan::controller {
namespace {

using namespace std::chrono_literals;

std::string Vector(const std::string& series) {
  return R"({"status":"success","data":{"resultType":"vector","result":[)" + series + "]}}";
}

std::string PrometheusRefusal(const std::string& json) {
  const auto sample = ReadPrometheusAnswer(json);
  return sample.ok() ? "accepted" : sample.error().message;
}

ProviderQuery QueryOf(const manifests::ProviderMetric& metric, std::string text) {
  ProviderQuery query;
  query.metric = &metric;
  query.text = std::move(text);
  query.values = {"limits", "canary", "sha256:ca", "1m"};
  query.at = WallTime(Duration(1'700'000'000'250));
  query.deadline = 3s;
  return query;
}

TEST(PrometheusProvider, AsksAnInstantQuery) {
  ScriptedTransport transport;
  transport.answer =
      ClientResponse{200, {}, Vector(R"({"metric":{},"value":[1700000000.25,"0.5"]})")};
  PrometheusProvider provider(transport.port(), "http://p");
  const auto metric = InstantMetric();
  const auto sample = provider.Measure(QueryOf(metric, "p95{arm=\"{{arm}}\"}"));
  ASSERT_TRUE(sample.ok()) << sample.error().message;
  EXPECT_EQ(sample->points, std::vector<double>{0.5});
  ASSERT_EQ(transport.calls.size(), 1u);
  EXPECT_EQ(transport.calls[0].method, "GET");
  EXPECT_EQ(transport.calls[0].target,
            "/api/v1/query?query=p95%7Barm%3D%22canary%22%7D&timeout=3000ms");
  EXPECT_EQ(transport.calls[0].deadline, 3s);
}

TEST(PrometheusProvider, AsksARangeThatEndsNow) {
  ScriptedTransport transport;
  transport.answer = ClientResponse{
      200,
      {},
      R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"1"],[2,"2.5e0"],[3,"NaN"]]}]}})"};
  PrometheusProvider provider(transport.port(), "http://p");
  auto metric = InstantMetric();
  std::get<manifests::PrometheusSource>(metric.source).range = manifests::RangeQuery{10min, 1500ms};
  const auto sample = provider.Measure(QueryOf(metric, "up"));
  ASSERT_TRUE(sample.ok()) << sample.error().message;
  ASSERT_EQ(sample->points.size(), 3u);
  EXPECT_EQ(sample->points[1], 2.5);
  EXPECT_TRUE(std::isnan(sample->points[2]));
  EXPECT_EQ(transport.calls[0].target,
            "/api/v1/query_range?query=up&timeout=3000ms&start=1699999400.250&end=1700000000.250"
            "&step=1500ms");
}

TEST(PrometheusProvider, PassesOnThatTheServerFailed) {
  ScriptedTransport transport;
  transport.answer = ClientResponse{
      400, {}, R"({"status":"error","errorType":"bad_data","error":"1:3: parse error"})"};
  PrometheusProvider provider(transport.port(), "http://p");
  const auto metric = InstantMetric();
  const auto sample = provider.Measure(QueryOf(metric, "u p"));
  ASSERT_FALSE(sample.ok());
  EXPECT_NE(sample.error().message.find("1:3: parse error"), std::string::npos);
  transport.answer = Error{ErrorCode::kTimeout, ""};
  EXPECT_EQ(provider.Measure(QueryOf(metric, "up")).error().code, ErrorCode::kTimeout);
}

TEST(PrometheusProvider, RefusesAMetricOfAnotherType) {
  ScriptedTransport transport;
  PrometheusProvider provider(transport.port(), "http://p");
  auto metric = InstantMetric();
  metric.source = manifests::WebSource{};
  EXPECT_EQ(provider.Measure(QueryOf(metric, "/x")).error().message,
            "http://p is a Prometheus server; the metric is \"web\"");
  EXPECT_TRUE(transport.calls.empty());
}

TEST(PrometheusAnswer, ReadsAScalar) {
  const auto sample = ReadPrometheusAnswer(
      R"({"status":"success","data":{"resultType":"scalar","result":[1,"-2.25"]}})");
  ASSERT_TRUE(sample.ok());
  EXPECT_EQ(sample->points, std::vector<double>{-2.25});
}

TEST(PrometheusAnswer, NoSeriesIsNoData) {
  const auto sample = ReadPrometheusAnswer(Vector(""));
  ASSERT_TRUE(sample.ok());
  EXPECT_TRUE(sample->points.empty());
  EXPECT_EQ(reconciler::Summarise(sample->points).error().message, "no data");
}

TEST(PrometheusAnswer, ReadsWhatIsNoFiniteNumberAsSuch) {
  for (const char* text : {"NaN", "+Inf", "-Inf"}) {
    const auto sample =
        ReadPrometheusAnswer(Vector(R"({"metric":{},"value":[1,")" + std::string(text) + "\"]}"));
    ASSERT_TRUE(sample.ok()) << text;
    EXPECT_FALSE(std::isfinite(sample->points.at(0))) << text;
    EXPECT_FALSE(reconciler::Summarise(sample->points).ok()) << text;
  }
}

TEST(PrometheusAnswer, SeveralSeriesAreAnErrorThatSaysSo) {
  const std::string one = R"({"metric":{"a":"b"},"value":[1,"1"]})";
  EXPECT_EQ(PrometheusRefusal(Vector(one + "," + one + "," + one)),
            "the query gives 3 series; expected one: aggregate them, for example with sum(…)");
}

TEST(PrometheusAnswer, KeepsWarnings) {
  const auto sample = ReadPrometheusAnswer(
      R"({"status":"success","warnings":["a store is down","x"],"data":{"resultType":"vector","result":[{"metric":{},"value":[1,"1"]}]}})");
  ASSERT_TRUE(sample.ok());
  EXPECT_EQ(sample->warning, "a store is down; x");
}

TEST(PrometheusAnswer, RefusesEverythingElse) {
  for (const std::string& json : std::vector<std::string>{
           "", "<html>", "[]", "{}", R"({"status":"error","error":"x"})", R"({"status":"success"})",
           R"({"status":"success","data":{"resultType":"vector"}})",
           R"({"status":"success","data":{"resultType":"string","result":[1,"x"]}})",
           R"({"status":"success","data":{"resultType":"vector","result":{}}})",
           R"({"status":"success","data":{"resultType":"scalar","result":[1]}})",
           R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{}}]}})",
           Vector(R"({"metric":{},"value":[1,1]})"), Vector(R"({"metric":{},"value":[1,"1x"]})"),
           Vector(R"({"metric":{},"value":[1,""]})"), Vector(R"({"metric":{}})")}) {
    const auto sample = ReadPrometheusAnswer(json);
    ASSERT_FALSE(sample.ok()) << json;
    EXPECT_EQ(sample.error().code, ErrorCode::kInvalid) << json;
  }
}

}  // namespace
}  // namespace portolan::controller
