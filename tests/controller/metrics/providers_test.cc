#include "controller/metrics/providers.h"

#include <gtest/gtest.h>

#include <future>

#include "controller/http/server.h"
#include "tests/controller/http/raw_socket.h"
#include "tests/controller/metrics/metrics_fixture.h"

namespace portolan::controller {
namespace {

using namespace std::chrono_literals;

// A web server of the test, and the provider that a configuration makes for it.
class ProvidersTest : public testing::Test {
 protected:
  ProvidersTest() {
    HttpServer::Options options;
    options.endpoint.host = "127.0.0.1";
    server =
        std::make_unique<HttpServer>(options, [this](Request& request) { return answer(request); });
    const auto port = server->Start();
    EXPECT_TRUE(port.ok());
    config.name = "web";
    config.type = ProviderType::kWeb;
    config.address = "http://127.0.0.1:" + std::to_string(*port);
    metric.source = manifests::WebSource{"web", "/stats", "/a", "GET", ""};
  }

  Result<Sample> Measure(Duration deadline = 5s, Cancellation* cancellation = nullptr) {
    auto providers = MakeProviders({config});
    if (!providers.ok()) return providers.error();
    ProviderQuery query;
    query.metric = &metric;
    query.text = "/stats";
    query.deadline = deadline;
    query.cancellation = cancellation;
    return providers->at("web").adapter->Measure(query);
  }

  std::function<Response(Request&)> answer = [](Request&) { return TextResponse("{\"a\":4}"); };
  std::unique_ptr<HttpServer> server;
  MetricProviderConfig config;
  manifests::ProviderMetric metric;
};

TEST_F(ProvidersTest, SendsPrefixTokenAndHeadersOfTheConfiguration) {
  std::string seen;
  answer = [&](Request& request) {
    seen = request.target + " " + std::string(request.Header("authorization")) + " " +
           std::string(request.Header("x-key"));
    return TextResponse("{\"a\":4}");
  };
  config.prefix = "/base";
  config.token = "t0k";
  config.headers = {{"X-Key", "k3y"}};
  const auto sample = Measure();
  ASSERT_TRUE(sample.ok()) << sample.error().message;
  EXPECT_EQ(sample->points, std::vector<double>{4});
  EXPECT_EQ(seen, "/base/stats Bearer t0k k3y");
}

TEST_F(ProvidersTest, DoesNotFollowARedirect) {
  int calls = 0;
  answer = [&](Request&) {
    ++calls;
    Response response = TextResponse("{\"a\":4}");
    response.status = 302;
    response.SetHeader("Location", config.address + "/elsewhere");
    return response;
  };
  const auto sample = Measure();
  ASSERT_FALSE(sample.ok());
  EXPECT_NE(sample.error().message.find("redirects are not followed"), std::string::npos);
  EXPECT_EQ(calls, 1);
}

TEST_F(ProvidersTest, RefusesAnAnswerPastTheCap) {
  answer = [](Request&) { return TextResponse(std::string(kAnswerBytesMax + 1, ' ')); };
  EXPECT_EQ(Measure().error().code, ErrorCode::kExhausted);
}

TEST_F(ProvidersTest, ASlowAnswerTimesOut) {
  answer = [](Request&) {
    return EventStreamResponse([](StreamWriter& writer) { writer.Wait(1h); });
  };
  const auto sample = Measure(100ms);
  ASSERT_FALSE(sample.ok());
  EXPECT_EQ(sample.error().code, ErrorCode::kTimeout);
  EXPECT_NE(sample.error().message.find("within 100ms"), std::string::npos);
}

TEST_F(ProvidersTest, AServerThatIsGoneIsUnavailable) {
  server->Stop();
  EXPECT_EQ(Measure().error().code, ErrorCode::kUnavailable);
}

// A server that sends one byte of a header now and then is never silent.
TEST_F(ProvidersTest, ACallThatDripsCanBeEnded) {
  server->Stop();
  Endpoint endpoint;
  endpoint.host = "127.0.0.1";
  auto listener = Listen(endpoint);
  ASSERT_TRUE(listener.ok());
  config.address = listener->endpoint().ToString();
  Cancellation cancellation;
  auto sample = std::async(std::launch::async, [&] { return Measure(60s, &cancellation); });
  const int peer = ::accept(listener->fd(), nullptr, nullptr);
  ASSERT_GE(peer, 0);
  EXPECT_EQ(::send(peer, "HTTP/1.1 200 OK\r\nX: ", 20, MSG_NOSIGNAL), 20);
  cancellation.Cancel();
  ASSERT_EQ(sample.wait_for(10s), std::future_status::ready);
  EXPECT_EQ(sample.get().error().code, ErrorCode::kCancelled);
  ::close(peer);
}

TEST_F(ProvidersTest, MakesTheTypeThatIsConfigured) {
  config.type = ProviderType::kPrometheus;
  config.concurrency = 3;
  const auto providers = MakeProviders({config});
  ASSERT_TRUE(providers.ok());
  EXPECT_EQ(providers->at("web").concurrency, 3);
  EXPECT_NE(Measure().error().message.find("is a Prometheus server"), std::string::npos);
  config.address = "nonsense://";
  EXPECT_EQ(MakeProviders({config}).error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace portolan::controller
