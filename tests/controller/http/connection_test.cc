#include "controller/http/connection.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace portolan::controller {
namespace {

MonotonicTime In(int milliseconds) {
  return std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
}

struct Pair {
  int ours = -1;
  int peers = -1;
  Pair() {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    ours = ends[0];
    peers = ends[1];
  }
  ~Pair() {
    close(ours);
    close(peers);
  }
};

TEST(Connection, ClosesItsSocketWhenItEnds) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  { Connection connection(ends[0], {}); }
  char byte;
  EXPECT_EQ(read(ends[1], &byte, 1), 0) << "the peer sees the end";
  close(ends[1]);
}

TEST(SendAll, DeliversEverythingToAPeerThatReads) {
  Pair pair;
  ASSERT_TRUE(SendAll(pair.ours, "hello", In(1'000)));
  char bytes[8] = {};
  EXPECT_EQ(read(pair.peers, bytes, sizeof bytes), 5);
  EXPECT_STREQ(bytes, "hello");
}

TEST(SendAll, GivesUpAtTheDeadlineOnAPeerThatDoesNotRead) {
  Pair pair;
  EXPECT_FALSE(SendAll(pair.ours, std::string(16u << 20, 'x'), In(50)));
}

TEST(SendNow, DropsWhatTheBufferDoesNotTake) {
  Pair pair;
  SendNow(pair.ours, std::string(16u << 20, 'x'));
  pollfd readable{pair.peers, POLLIN, 0};
  EXPECT_EQ(poll(&readable, 1, 0), 1) << "what fitted was sent";
}

TEST(WakeEvent, StaysSetUntilCleared) {
  WakeEvent event;
  pollfd readable{event.fd(), POLLIN, 0};
  EXPECT_EQ(poll(&readable, 1, 0), 0);
  event.Set();
  event.Set();
  EXPECT_EQ(poll(&readable, 1, 0), 1);
  event.Clear();
  EXPECT_EQ(poll(&readable, 1, 0), 0);
}

}  // namespace
}  // namespace portolan::controller
