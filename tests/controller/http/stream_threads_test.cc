#include "controller/http/stream_threads.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <future>
#include <mutex>

namespace portolan::controller {
namespace {

struct Pair {
  Pair() {
    std::array<int, 2> fds{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds.data()), 0);
    connection = std::make_unique<Connection>(fds[0], Peer());
    client = fds[1];
  }
  ~Pair() { Hangup(); }
  void Hangup() {
    if (client >= 0) ::close(std::exchange(client, -1));
  }
  std::string ReadToEnd() const {
    std::string got;
    std::array<char, 4096> buffer{};
    for (ssize_t size; (size = ::recv(client, buffer.data(), buffer.size(), 0)) > 0;) {
      got.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return got;
  }

  ConnectionPtr connection;
  int client = -1;
};

TEST(StreamThreads, SendsTheHeadThenWhatTheStreamWritesThenCloses) {
  StreamThreads threads(1, Duration(10'000));
  Pair pair;
  const Response response = EventStreamResponse([](StreamWriter& writer) { writer.Write("data"); });
  ASSERT_TRUE(threads.Start(pair.connection, response, "head "));
  EXPECT_EQ(pair.ReadToEnd(), "head data");
}

TEST(StreamThreads, StopWakesAStreamThatWaitsOnItsOwnCondition) {
  StreamThreads threads(4, Duration(10'000));
  Pair pair;
  std::promise<void> started;
  std::promise<bool> closed;
  const Response response = EventStreamResponse([&](StreamWriter& writer) {
    started.set_value();
    std::mutex mutex;
    std::condition_variable changed;
    bool stop = false;
    writer.OnStop([&] {
      const std::lock_guard lock(mutex);
      stop = true;
      changed.notify_all();
    });
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return stop; });
    closed.set_value(writer.closed() && !writer.Write("x"));
  });
  ASSERT_TRUE(threads.Start(pair.connection, response, "head"));
  started.get_future().wait();
  threads.Stop();
  EXPECT_TRUE(closed.get_future().get());
  EXPECT_EQ(threads.open(), 0u);
  Pair late;
  EXPECT_FALSE(threads.Start(late.connection, response, "head"));
  EXPECT_NE(late.connection, nullptr);
}

TEST(StreamThreads, WaitEndsWhenThePeerHangsUp) {
  StreamThreads threads(1, Duration(10'000));
  Pair pair;
  std::promise<void> started;
  std::promise<bool> open;
  const Response response = EventStreamResponse([&](StreamWriter& writer) {
    started.set_value();
    open.set_value(writer.Wait(Duration(3'600'000)));
  });
  ASSERT_TRUE(threads.Start(pair.connection, response, "head"));
  started.get_future().wait();
  pair.Hangup();
  EXPECT_FALSE(open.get_future().get());
}

TEST(StreamThreads, CutsAPeerThatDoesNotRead) {
  StreamThreads threads(1, Duration(50));
  Pair pair;
  std::promise<void> cut;
  const Response response = EventStreamResponse([&](StreamWriter& writer) {
    const std::string block(1 << 16, 'x');
    while (writer.Write(block)) {
    }
    cut.set_value();
  });
  ASSERT_TRUE(threads.Start(pair.connection, response, "head"));
  EXPECT_EQ(cut.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST(StreamThreads, AnExceptionOfAStreamOnlyClosesIt) {
  StreamThreads threads(1, Duration(10'000));
  Pair pair;
  const Response response =
      EventStreamResponse([](StreamWriter&) { throw std::runtime_error("broken"); });
  ASSERT_TRUE(threads.Start(pair.connection, response, "head"));
  EXPECT_EQ(pair.ReadToEnd(), "head");
}

}  // namespace
}  // namespace portolan::controller
