#include "controller/http/worker_pool.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <future>

namespace portolan::controller {
namespace {

ConnectionPtr NewConnection() {
  return std::make_unique<Connection>(::socket(AF_UNIX, SOCK_STREAM, 0), Peer());
}

TEST(WorkerPool, LeavesAJobThatDoesNotFitAndFinishesTheOthersAtStop) {
  std::promise<void> started;
  std::promise<void> release;
  std::atomic<int> done = 0;
  WorkerPool pool(1, 2, [&](WorkerPool::Job job) {
    if (job.request.target == "/first") {
      started.set_value();
      release.get_future().wait();
    }
    ++done;
  });
  const auto offer = [&](const char* target) {
    ConnectionPtr connection = NewConnection();
    Request request;
    request.target = target;
    const bool taken = pool.Offer(connection, request);
    EXPECT_EQ(connection == nullptr, taken);
    EXPECT_TRUE(taken || request.target == target);
    return taken;
  };
  EXPECT_TRUE(offer("/first"));
  started.get_future().wait();
  EXPECT_TRUE(offer("/second"));
  EXPECT_TRUE(offer("/third"));
  EXPECT_FALSE(offer("/fourth"));
  EXPECT_FALSE(pool.WaitIdle(Duration(1)));
  release.set_value();
  EXPECT_TRUE(pool.WaitIdle(Duration(10'000)));
  pool.Stop();
  EXPECT_EQ(done, 3);
  EXPECT_FALSE(offer("/late"));
}

}  // namespace
}  // namespace portolan::controller
