#include "controller/http/client.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <condition_variable>
#include <future>
#include <mutex>

#include "controller/http/problem.h"
#include "controller/http/server.h"
#include "tests/controller/http/raw_socket.h"

namespace portolan::controller {
namespace {

using namespace std::chrono_literals;

// Set once; waiting for it ends after ten seconds.
class Flag {
 public:
  void Set() {
    const std::lock_guard lock(mutex_);
    set_ = true;
    changed_.notify_all();
  }
  bool Wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 10s, [this] { return set_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool set_ = false;
};
Flag reached_silence;

Response Answer(Request& request) {
  if (request.target == "/events") {
    return EventStreamResponse([](StreamWriter& writer) {
      for (int i = 0;
           writer.Write("data: " + std::to_string(i) + "\r\nda") && writer.Write("ta: x\n"); ++i) {
        if (i == 1000) return;
      }
    });
  }
  if (request.target == "/silent") {
    return EventStreamResponse([](StreamWriter& writer) {
      reached_silence.Set();
      writer.Wait(1h);
    });
  }
  if (request.target == "/big") return TextResponse(std::string(1 << 20, 'x'));
  if (request.target == "/denied") return ProblemResponse(Error{ErrorCode::kDenied, "not for you"});
  Response response = TextResponse(request.method + " " + request.target + " " + request.body +
                                   " " + std::string(request.Header("authorization")) + " " +
                                   std::string(request.Header("x-extra")));
  response.SetHeader("ETag", "\"7\"");
  return response;
}

class HttpClientTest : public testing::Test {
 protected:
  HttpClientTest() {
    HttpServer::Options options;
    options.endpoint.host = "127.0.0.1";
    server = std::make_unique<HttpServer>(options, Answer);
    const auto port = server->Start();
    EXPECT_TRUE(port.ok());
    client_options.endpoint = {Peer::Kind::kTcp, "127.0.0.1", *port, "", false};
    client_options.token = "t0k";
  }

  HttpClient client() const { return HttpClient(client_options); }

  std::unique_ptr<HttpServer> server;
  HttpClient::Options client_options;
};

TEST_F(HttpClientTest, SendsMethodRawTargetBodyTokenAndHeaders) {
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE"}) {
    HttpClient::Call call;
    call.method = method;
    call.target = "/v1/maps/m/entries/api%2Flogin?x=%20";
    call.body = "{}";
    call.headers = {{"X-Extra", "e"}};
    const auto response = client().Do(call);
    ASSERT_TRUE(response.ok()) << response.error().message;
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, std::string(method) + " " + call.target + " {} Bearer t0k e");
    EXPECT_EQ(response->Header("etag"), "\"7\"");
  }
}

TEST_F(HttpClientTest, AnErrorStatusIsAnAnswer) {
  const auto response = client().Do({.target = "/denied"});
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->status, 403);
  EXPECT_EQ(ErrorOfProblem(response->status, response->body).message, "not for you");
}

TEST_F(HttpClientTest, RefusesABodyPastItsCap) {
  client_options.body_bytes_max = (1 << 20) - 1;
  EXPECT_EQ(client().Do({.target = "/big"}).error().code, ErrorCode::kExhausted);
  client_options.body_bytes_max = 1 << 20;
  EXPECT_EQ(client().Do({.target = "/big"})->body.size(), std::size_t{1} << 20);
}

TEST_F(HttpClientTest, GivesUpAtTheDeadline) {
  const auto response = client().Do({.target = "/silent", .deadline = 100ms});
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, ErrorCode::kTimeout);
  EXPECT_NE(response.error().message.find("within 100ms"), std::string::npos);
}

TEST_F(HttpClientTest, EndsACallThatIsCancelledWhileItWaits) {
  Cancellation cancellation;
  const HttpClient waiting = client();
  auto response = std::async(std::launch::async, [&] {
    return waiting.Do({.target = "/silent", .deadline = 60s, .cancellation = &cancellation});
  });
  ASSERT_TRUE(reached_silence.Wait());
  cancellation.Cancel();
  ASSERT_EQ(response.wait_for(10s), std::future_status::ready);
  EXPECT_EQ(response.get().error().code, ErrorCode::kCancelled);
}

TEST_F(HttpClientTest, EndsACallThatWasCancelledBefore) {
  Cancellation cancellation;
  cancellation.Cancel();
  EXPECT_EQ(client().Do({.target = "/x", .cancellation = &cancellation}).error().code,
            ErrorCode::kCancelled);
  Cancellation other;
  EXPECT_EQ(client().Do({.target = "/x", .cancellation = &other})->status, 200);
}

TEST_F(HttpClientTest, StreamsLinesUntilTheServerEnds) {
  std::vector<std::string> lines;
  const Status status = client().Stream("/events", {}, [&](std::string_view line) {
    lines.emplace_back(line);
    return true;
  });
  ASSERT_TRUE(status.ok()) << status.error().message;
  ASSERT_EQ(lines.size(), 2002u);
  EXPECT_EQ(lines[0], "data: 0");
  EXPECT_EQ(lines[1], "data: x");
  EXPECT_EQ(lines[2000], "data: 1000");
}

TEST_F(HttpClientTest, StreamsUntilTheReaderStops) {
  int lines = 0;
  EXPECT_TRUE(client().Stream("/events", {}, [&](std::string_view) { return ++lines < 3; }).ok());
  EXPECT_EQ(lines, 3);
}

TEST_F(HttpClientTest, AStreamThatIsRefusedGivesTheProblem) {
  const Status status = client().Stream("/denied", {}, [](std::string_view) { return true; });
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kDenied);
  EXPECT_EQ(status.error().message, "not for you");
}

TEST_F(HttpClientTest, NobodyThereSaysHowToStartADaemon) {
  server->Stop();
  const auto response = client().Do({.target = "/"});
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(response.error().message, "no daemon answers at " + client_options.endpoint.ToString() +
                                          "; start one with: portolan serve");
}

TEST(HttpClientUnix, SpeaksOverAUnixSocket) {
  const std::string path = testing::TempDir() + "/client-" + std::to_string(::getpid()) + ".sock";
  HttpServer::Options options;
  options.endpoint = {Peer::Kind::kUnix, "", 0, path, false};
  HttpServer server(options, Answer);
  ASSERT_TRUE(server.Start().ok());
  const auto endpoint = ParseEndpoint("unix://" + path);
  ASSERT_TRUE(endpoint.ok());
  const HttpClient client({.endpoint = *endpoint, .token = ""});
  const auto response = client.Do({.target = "/u"});
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->body, "GET /u   ");
  server.Stop();
  EXPECT_EQ(client.Do({.target = "/u"}).error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace portolan::controller
