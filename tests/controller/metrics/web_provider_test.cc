#include "controller/metrics/web_provider.h"

#include <gtest/gtest.h>

#include "tests/controller/metrics/metrics_fixture.h"

namespace portolan::controller {
namespace {

std::string WebRefusal(std::string_view json, std::string_view pointer = "/a") {
  const auto sample = ReadWebAnswer(json, pointer);
  return sample.ok() ? "accepted" : sample.error().message;
}

class WebProviderTest : public testing::Test {
 protected:
  Result<Sample> Measure(manifests::WebSource source) {
    metric.source = source;
    ProviderQuery query;
    query.metric = &metric;
    query.text = source.path;
    query.values = {"limits", "canary", "sha256:ca", "1m"};
    query.deadline = Duration(700);
    return WebProvider(transport.port(), "http://w").Measure(query);
  }

  ScriptedTransport transport;
  manifests::ProviderMetric metric;
};

TEST_F(WebProviderTest, GetsAPathWithItsPlaceholdersEncoded) {
  transport.answer = ClientResponse{200, {}, R"({"data":{"p95":[1,2.5]}})"};
  const auto sample = Measure({"w", "/s?arm={{arm}}&d={{digest}}", "/data/p95/1", "GET", ""});
  ASSERT_TRUE(sample.ok()) << sample.error().message;
  EXPECT_EQ(sample->points, std::vector<double>{2.5});
  EXPECT_EQ(transport.calls[0].target, "/s?arm=canary&d=sha256%3Aca");
  EXPECT_EQ(transport.calls[0].method, "GET");
  EXPECT_EQ(transport.calls[0].body, "");
  EXPECT_EQ(transport.calls[0].deadline, Duration(700));
}

TEST_F(WebProviderTest, PostsABody) {
  transport.answer = ClientResponse{200, {}, "7"};
  const auto sample = Measure({"w", "/s", "", "POST", R"({"map":"{{map}}"})"});
  ASSERT_TRUE(sample.ok()) << sample.error().message;
  EXPECT_EQ(sample->points, std::vector<double>{7});
  EXPECT_EQ(transport.calls[0].method, "POST");
  EXPECT_EQ(transport.calls[0].body, R"({"map":"limits"})");
}

TEST_F(WebProviderTest, PassesOnThatTheServerFailed) {
  transport.answer = ClientResponse{500, {}, "7"};
  EXPECT_EQ(Measure({"w", "/s", "", "GET", ""}).error().code, ErrorCode::kUnavailable);
  transport.answer = ClientResponse{302, {{"Location", "/else"}}, "7"};
  EXPECT_EQ(Measure({"w", "/s", "", "GET", ""}).error().code, ErrorCode::kInvalid);
}

TEST_F(WebProviderTest, RefusesAMetricOfAnotherType) {
  metric = InstantMetric();
  ProviderQuery query;
  query.metric = &metric;
  EXPECT_EQ(WebProvider(transport.port(), "http://w").Measure(query).error().message,
            "http://w is a web server; the metric is \"prometheus\"");
}

TEST(WebAnswer, ReadsAListOfNumbersAsASeries) {
  EXPECT_EQ(ReadWebAnswer(R"({"a":[1,-2,3.5]})", "/a")->points, (std::vector<double>{1, -2, 3.5}));
  EXPECT_TRUE(ReadWebAnswer(R"({"a":[]})", "/a")->points.empty());
}

TEST(WebAnswer, RefusesWhatIsNoNumber) {
  EXPECT_EQ(WebRefusal(R"({"a":"1"})"),
            "expected a number or a list of numbers at \"/a\", found a string");
  EXPECT_NE(WebRefusal(R"({"a":[1,null]})").find("found a null"), std::string::npos);
  EXPECT_NE(WebRefusal(R"({"a":true})").find("found a boolean"), std::string::npos);
  EXPECT_NE(WebRefusal(R"({"b":1})").find("no \"a\""), std::string::npos);
  EXPECT_NE(WebRefusal("<html>").find("no JSON"), std::string::npos);
  EXPECT_NE(WebRefusal(R"({"a":NaN})").find("no JSON"), std::string::npos);
  EXPECT_NE(WebRefusal(R"({"a":1e999})").find("no JSON"), std::string::npos);
  EXPECT_NE(WebRefusal("").find("no JSON"), std::string::npos);
}

TEST(WebResult, IsWhateverIsThere) {
  const auto object = ReadWebResult(R"({"a":{"state":"ok"}})", "/a");
  ASSERT_TRUE(object.ok()) << object.error().message;
  EXPECT_EQ(object->found->StringOr("state", ""), "ok");
  EXPECT_TRUE(object->points.empty());
  const auto numbers = ReadWebResult(R"({"a":[1,2]})", "/a");
  ASSERT_TRUE(numbers.ok()) << numbers.error().message;
  EXPECT_EQ(numbers->points, (std::vector<double>{1, 2})) << "for the statistics";
}

TEST(WebResult, RefusesWhatIsNoData) {
  EXPECT_EQ(ReadWebResult(R"({"a":null})", "/a").error().message, "no data: found null at \"/a\"");
  EXPECT_EQ(ReadWebResult(R"({"a":[]})", "/a").error().message,
            "no data: found an empty list at \"/a\"");
  EXPECT_EQ(ReadWebResult(R"({"a":1e999})", "/a").error().code, ErrorCode::kInvalid);
  EXPECT_FALSE(ReadWebResult("{}", "/a").ok());
}

TEST_F(WebProviderTest, GivesAMetricWithExpressionsAnyJson) {
  transport.answer = ClientResponse{200, {}, R"({"state":"ok"})"};
  metric.success_condition = "result == 'ok'";
  const auto sample = Measure({"w", "/s", "/state", "GET", ""});
  ASSERT_TRUE(sample.ok()) << sample.error().message;
  EXPECT_EQ(*sample->found, manifests::Value("ok"));
  metric.success_condition.clear();
  EXPECT_FALSE(Measure({"w", "/s", "/state", "GET", ""}).ok()) << "bounds want a number";
}

}  // namespace
}  // namespace portolan::controller
