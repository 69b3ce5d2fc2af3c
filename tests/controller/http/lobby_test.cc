#include "controller/http/lobby.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <thread>

namespace portolan::controller {
namespace {

// A lobby on its thread, and one connection in it.
class LobbyTest : public testing::Test {
 protected:
  void Open(Lobby::Options options) {
    lobby_ = std::make_unique<Lobby>(options, [this](ConnectionPtr& connection, Request& request) {
      if (busy_) return false;
      const ConnectionPtr taken = std::move(connection);
      received_.set_value(request.method + " " + request.target + " " + request.body);
      return true;
    });
    thread_ = std::thread([this] { lobby_->Run(); });
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    peer_ = ends[1];
    lobby_->Admit(std::make_unique<Connection>(ends[0], Peer{Peer::Kind::kUnix, "", "ana", 1}));
  }
  void TearDown() override {
    lobby_->Stop();
    thread_.join();
    close(peer_);
  }
  void Send(std::string_view bytes) {
    ASSERT_EQ(write(peer_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  // Everything until the lobby closes the connection.
  std::string Answer() {
    std::string answer;
    char bytes[4096];
    for (ssize_t got; (got = read(peer_, bytes, sizeof bytes)) > 0;)
      answer.append(bytes, static_cast<std::size_t>(got));
    return answer;
  }

  std::unique_ptr<Lobby> lobby_;
  std::thread thread_;
  std::promise<std::string> received_;
  bool busy_ = false;
  int peer_ = -1;
};

TEST_F(LobbyTest, HandsOverARequestOnlyWhenItIsWhole) {
  Open({});
  auto received = received_.get_future();
  Send("POST /v1/reports HTTP/1.1\r\nHost: localhost\r\nContent-Le");
  Send("ngth: 5\r\n\r\nhe");
  Send("llo");
  ASSERT_EQ(received.wait_for(std::chrono::seconds(5)), std::future_status::ready);
  EXPECT_EQ(received.get(), "POST /v1/reports hello");
}

TEST_F(LobbyTest, AnswersALateHeadWith408) {
  Open({.limits = {}, .header_deadline = Duration(50)});
  Send("GET / HTTP/1.1\r\n");
  EXPECT_EQ(Answer().substr(0, 12), "HTTP/1.1 408");
}

TEST_F(LobbyTest, AnswersABusyReceiverWith503) {
  busy_ = true;
  Open({});
  Send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(Answer().substr(0, 12), "HTTP/1.1 503");
}

TEST_F(LobbyTest, ClosesAnIdleConnectionWithoutAWord) {
  Open({.limits = {}, .idle_timeout = Duration(50)});
  EXPECT_EQ(Answer(), "");
}

}  // namespace
}  // namespace portolan::controller
