#include "controller/http/server.h"

#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>

#include "controller/http/problem.h"
#include "tests/controller/http/raw_socket.h"

namespace portolan::controller {
namespace {

using namespace std::chrono_literals;

constexpr const char* kGet = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n";

// A door that a test opens; every wait ends after ten seconds.
class Gate {
 public:
  void Open() {
    {
      const std::lock_guard lock(mutex_);
      open_ = true;
    }
    changed_.notify_all();
  }
  bool Wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 10s, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

class HttpServerTest : public testing::Test {
 protected:
  HttpServerTest() { options.endpoint.host = "127.0.0.1"; }

  // Answers with method, target and body; "/stream" streams until it is closed; "/slow" waits for
  // `gate`.
  void Start() {
    server = std::make_unique<HttpServer>(options, [this](Request& request) -> Response {
      if (request.target == "/stream") {
        return EventStreamResponse([](StreamWriter& writer) {
          writer.Write("data: first\n\n");
          while (writer.Wait(1h)) {
          }
        });
      }
      if (request.target == "/slow") {
        entered.Open();
        gate.Wait();
      }
      if (request.target == "/throw") throw std::runtime_error("secret");
      if (request.target == "/big") return TextResponse(std::string(8 << 20, 'x'));
      return TextResponse(request.method + " " + request.target + " " + request.body + " " +
                          request.peer.address + request.peer.user);
    });
    const auto started = server->Start();
    ASSERT_TRUE(started.ok()) << started.error().message;
    port = *started;
  }

  RawSocket Connect() const { return RawSocket::Tcp(port); }
  std::string Ask(std::string_view bytes) const {
    RawSocket socket = Connect();
    socket.Send(bytes);
    return socket.ReadToEnd();
  }

  HttpServer::Options options;
  Gate gate;
  Gate entered;
  int port = 0;
  std::unique_ptr<HttpServer> server;
};

TEST_F(HttpServerTest, KeepsAConnectionForManyRequestsAndNamesThePeer) {
  Start();
  RawSocket socket = Connect();
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(socket.Exchange(kGet).ends_with("GET /hello  127.0.0.1"));
  }
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  Start();
  RawSocket socket = Connect();
  socket.Send(
      "POST /one HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc"
      "GET /two HTTP/1.1\r\nHost: localhost\r\n\r\n"
      "GET /three HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const std::string got = socket.ReadToEnd();
  const std::size_t one = got.find("POST /one abc"), two = got.find("GET /two"),
                    three = got.find("GET /three");
  ASSERT_NE(three, got.npos) << got;
  EXPECT_LT(one, two);
  EXPECT_LT(two, three);
}

TEST_F(HttpServerTest, ReadsABodyThatArrivesInPieces) {
  Start();
  RawSocket socket = Connect();
  socket.Send(
      "POST /b HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 6\r\n\r\n");
  EXPECT_EQ(socket.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  socket.Send("abc");
  EXPECT_NE(socket.Exchange("def").find("POST /b abcdef"), std::string::npos);
}

TEST_F(HttpServerTest, HeadHasTheLengthButNoBody) {
  Start();
  const std::string got = Ask("HEAD /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_NE(got.find("Content-Length: 18\r\n"), got.npos) << got;
  EXPECT_TRUE(got.ends_with("\r\n\r\n"));
}

TEST_F(HttpServerTest, SendsALargeAnswerWhole) {
  Start();
  const std::string got = Ask("GET /big HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(got.size() - got.find("\r\n\r\n") - 4, std::size_t{8} << 20);
}

TEST_F(HttpServerTest, AnExceptionOfTheHandlerIsA500WithoutItsText) {
  Start();
  RawSocket socket = Connect();
  const std::string got = socket.Exchange("GET /throw HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(got.starts_with("HTTP/1.1 500 ")) << got;
  EXPECT_EQ(got.find("secret"), got.npos);
}

TEST_F(HttpServerTest, RefusesAndClosesWhatCouldSmuggle) {
  Start();
  const std::pair<std::string, std::string> rows[] = {
      {"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "411"},
      {"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n1\r\nZ\r\n0\r\n\r\n", "400"},
      {"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "400"},
      {"Content-Length: -1\r\n\r\n", "400"},
      {"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", "400"},
      {"X: 1\r\n folded: 2\r\n\r\n", "400"},
      {"X: 1\nY: 2\r\n\r\n", "400"},
      {"Content-Length: 2000000\r\n\r\n", "413"},
  };
  for (const auto& [fields, status] : rows) {
    const std::string got = Ask("POST /a HTTP/1.1\r\nHost: localhost\r\n" + fields + kGet);
    EXPECT_TRUE(got.starts_with("HTTP/1.1 " + status + " ")) << fields << got;
    EXPECT_NE(got.find("Connection: close\r\n"), got.npos) << fields;
    EXPECT_EQ(got.find("GET /hello"), got.npos) << fields << " smuggled";
    EXPECT_EQ(got.find("HTTP/1.1", 5), got.npos) << fields << " was answered twice";
  }
}

TEST_F(HttpServerTest, RefusesAForeignHostOnTcp) {
  options.host_names = {"portolan.internal"};
  Start();
  EXPECT_TRUE(Ask("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n").starts_with("HTTP/1.1 421 "));
  RawSocket socket = Connect();
  const std::string got = socket.Exchange("GET / HTTP/1.1\r\nHost: portolan.internal:1\r\n\r\n");
  EXPECT_TRUE(got.starts_with("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, ServesEveryHostWhenToldSo) {
  options.any_host = true;
  Start();
  EXPECT_TRUE(Ask("GET / HTTP/1.1\r\nHost: maps.example\r\n\r\n").starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(Ask("GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 400 ")) << "one it must be";
}

TEST_F(HttpServerTest, CutsAHeaderFloodAtItsLimit) {
  Start();
  RawSocket socket = Connect();
  socket.Send("GET / HTTP/1.1\r\nHost: localhost\r\nX: ");
  const std::string chunk(64 * 1024, 'a');
  std::size_t sent = 0;
  while (sent < (std::size_t{64} << 20) && socket.Send(chunk)) sent += chunk.size();
  EXPECT_LT(sent, std::size_t{32} << 20) << "the server went on reading";
}

TEST_F(HttpServerTest, AnswersAHeaderFloodWith431) {
  Start();
  std::string head = "GET / HTTP/1.1\r\nHost: localhost\r\n";
  for (int i = 0; i < 200; ++i) head += "X: y\r\n";
  EXPECT_TRUE(Ask(head + "\r\n").starts_with("HTTP/1.1 431 "));
  EXPECT_TRUE(Ask("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'a')).starts_with("HTTP/1.1 431 "));
}

TEST_F(HttpServerTest, AHeadThatDripsGets408) {
  options.header_deadline = 100ms;
  Start();
  EXPECT_TRUE(Ask("GET / HTT").starts_with("HTTP/1.1 408 "));
}

TEST_F(HttpServerTest, ABodyThatStallsGets408) {
  options.body_deadline = 100ms;
  Start();
  const std::string got = Ask("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc");
  EXPECT_TRUE(got.starts_with("HTTP/1.1 408 ")) << got;
}

TEST_F(HttpServerTest, AnIdleConnectionIsClosedSilently) {
  options.idle_timeout = 50ms;
  Start();
  RawSocket socket = Connect();
  EXPECT_EQ(socket.ReadToEnd(), "");
}

// Rows 1 and 3 of the measured traps: neither slow nor idle clients take a thread.
TEST_F(HttpServerTest, ServesOthersWhileManyClientsDripOrIdle) {
  options.threads = 2;
  Start();
  std::vector<RawSocket> clients;
  for (int i = 0; i < 50; ++i) {
    clients.push_back(Connect());
    if (i % 2 == 0) clients.back().Send("GET / HTTP/1.1\r\nX:");
    if (i % 5 == 0) clients.back().Send(" y\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nab");
  }
  RawSocket socket = Connect();
  EXPECT_TRUE(socket.Exchange(kGet).starts_with("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, StreamsDoNotTakeTheThreadsOfRequests) {
  options.threads = 2;
  options.streams_max = 8;
  Start();
  std::vector<RawSocket> streams;
  for (int i = 0; i < 8; ++i) {
    streams.push_back(Connect());
    streams.back().Send("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const std::string head = streams.back().ReadUntil("data: first\n\n");
    EXPECT_NE(head.find("Content-Type: text/event-stream\r\n"), head.npos);
    EXPECT_EQ(head.find("Content-Length"), head.npos);
  }
  EXPECT_EQ(server->open_streams(), 8u);
  RawSocket socket = Connect();
  EXPECT_TRUE(socket.Exchange(kGet).starts_with("HTTP/1.1 200 "));

  const std::string more = socket.Exchange("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(more.starts_with("HTTP/1.1 503 ")) << more;
  EXPECT_NE(more.find("Retry-After: "), more.npos);
  EXPECT_TRUE(socket.Exchange(kGet).starts_with("HTTP/1.1 200 ")) << "the connection stays usable";
}

TEST_F(HttpServerTest, AStreamEndsWhenItsPeerHangsUp) {
  options.streams_max = 1;
  Start();
  {
    RawSocket stream = Connect();
    stream.Send("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
    ASSERT_NE(stream.ReadUntil("first").find("first"), std::string::npos);
  }
  bool again = false;
  const auto give_up = std::chrono::steady_clock::now() + 10s;
  while (!again && std::chrono::steady_clock::now() < give_up) {
    RawSocket stream = Connect();
    stream.Send("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
    again = stream.ReadUntil("\r\n\r\n").starts_with("HTTP/1.1 200 ");
  }
  EXPECT_TRUE(again) << "the place of the first stream never became free";
}

TEST_F(HttpServerTest, HeadOfAStreamSendsTheHeadOnly) {
  Start();
  const std::string got = Ask("HEAD /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_NE(got.find("text/event-stream"), got.npos);
  EXPECT_TRUE(got.ends_with("\r\n\r\n"));
}

TEST_F(HttpServerTest, StopEndsIdleConnectionsAndOpenStreamsAtOnce) {
  options.idle_timeout = 1h;
  Start();
  RawSocket idle = Connect();
  EXPECT_TRUE(idle.Exchange(kGet).starts_with("HTTP/1.1 200 "));
  RawSocket stream = Connect();
  stream.Send("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_NE(stream.ReadUntil("first").find("first"), std::string::npos);
  const auto before = std::chrono::steady_clock::now();
  server->Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 10s) << "idle_timeout and Wait are an hour";
  EXPECT_EQ(stream.ReadToEnd(), "");
  EXPECT_EQ(idle.ReadToEnd(), "");
  EXPECT_FALSE(Connect().connected());
}

TEST_F(HttpServerTest, StopLetsAnAnswerUnderWayFinish) {
  Start();
  RawSocket socket = Connect();
  socket.Send("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(entered.Wait());
  std::thread stopper([this] { server->Stop(); });
  while (Connect().connected()) {
  }
  gate.Open();
  EXPECT_TRUE(socket.ReadToEnd().ends_with("GET /slow  127.0.0.1"));
  stopper.join();
}

TEST_F(HttpServerTest, StopCutsAPeerThatDoesNotReadItsAnswer) {
  options.write_deadline = 1h;
  options.stop_grace = 50ms;
  Start();
  RawSocket socket = Connect();
  socket.Send("GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n");
  std::array<char, 1> byte{};
  ASSERT_EQ(::recv(socket.fd(), byte.data(), 1, 0), 1);
  const auto before = std::chrono::steady_clock::now();
  server->Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 10s);
}

TEST_F(HttpServerTest, AFullQueueAnswers503WithRetryAfter) {
  options.threads = 1;
  options.queue_max = 1;
  Start();
  RawSocket running = Connect();
  running.Send("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(entered.Wait());
  // Of two more requests one waits in the queue; the other is refused.
  RawSocket first = Connect(), second = Connect();
  first.Send("GET /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  second.Send("GET /b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  std::array<pollfd, 2> fds = {{{first.fd(), POLLIN, 0}, {second.fd(), POLLIN, 0}}};
  ASSERT_EQ(::poll(fds.data(), fds.size(), 10'000), 1);
  RawSocket& refused = fds[0].revents != 0 ? first : second;
  RawSocket& waiting = fds[0].revents != 0 ? second : first;
  const std::string busy = refused.ReadToEnd();
  EXPECT_TRUE(busy.starts_with("HTTP/1.1 503 ")) << busy;
  EXPECT_NE(busy.find("Retry-After: 1\r\n"), busy.npos);
  gate.Open();
  EXPECT_TRUE(waiting.ReadToEnd().starts_with("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, NewConnectionsPastTheLimitGet503AndOldOnesAreKept) {
  options.connections_max = 2;
  Start();
  RawSocket one = Connect(), two = Connect();
  EXPECT_TRUE(Ask("").starts_with("HTTP/1.1 503 "));
  for (RawSocket* old : {&one, &two, &one, &two}) {
    EXPECT_TRUE(old->Exchange(kGet).starts_with("HTTP/1.1 200 "));
  }
}

TEST_F(HttpServerTest, ASecondServerOnThePortIsRefusedNamingTheAddress) {
  Start();
  HttpServer::Options same = options;
  same.endpoint.port = port;
  HttpServer second(same, [](Request&) { return Response(); });
  const auto started = second.Start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().code, ErrorCode::kConflict);
  EXPECT_EQ(started.error().message,
            "cannot listen on http://127.0.0.1:" + std::to_string(port) +
                ": another process listens there; stop it or choose another address");
}

TEST_F(HttpServerTest, AUnixSocketIsPrivateAndNamesItsPeersUser) {
  const std::string path = testing::TempDir() + "/portolan-" + std::to_string(::getpid()) + ".sock";
  options.endpoint = Endpoint{Peer::Kind::kUnix, "", 0, path, false};
  Start();
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0600u);
  RawSocket socket = RawSocket::Unix(path);
  const passwd* self = ::getpwuid(::getuid());
  const std::string user = self != nullptr ? self->pw_name : "uid:" + std::to_string(::getuid());
  EXPECT_TRUE(
      socket.Exchange("GET /u HTTP/1.1\r\nHost: whatever\r\n\r\n").ends_with("GET /u  " + user));
  server->Stop();
  EXPECT_NE(::stat(path.c_str(), &info), 0) << "Stop removes the file";
}

}  // namespace
}  // namespace portolan::controller
