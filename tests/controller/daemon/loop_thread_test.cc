#include "controller/daemon/loop_thread.h"

#include <condition_variable>
#include <mutex>

#include "tests/controller/reconcile/world.h"

namespace portolan::controller {
namespace {

constexpr Duration kPatience = std::chrono::minutes(1);

// What a loop calls, and what it was asked.
class Work {
 public:
  LoopThread::Loop Loop(Duration rest) {
    return {[this, rest](const Now& now) {
              const std::scoped_lock lock(mutex_);
              ++steps_;
              last_ = now;
              changed_.notify_all();
              return rest;
            },
            [this](Duration duration) {
              std::unique_lock lock(mutex_);
              ++waits_;
              waited_ = duration;
              changed_.notify_all();
              changed_.wait_for(lock, kPatience, [this] { return woken_; });
              woken_ = false;
            },
            [this] {
              const std::scoped_lock lock(mutex_);
              woken_ = true;
              changed_.notify_all();
            }};
  }
  void Wake() {
    const std::scoped_lock lock(mutex_);
    woken_ = true;
    changed_.notify_all();
  }
  bool Steps(int wanted) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return steps_ >= wanted; });
  }
  bool Waits(int wanted) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return waits_ >= wanted; });
  }
  int waits() {
    const std::scoped_lock lock(mutex_);
    return waits_;
  }
  Duration waited() {
    const std::scoped_lock lock(mutex_);
    return waited_;
  }
  Now last() {
    const std::scoped_lock lock(mutex_);
    return last_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int steps_ = 0;
  int waits_ = 0;
  bool woken_ = false;
  Duration waited_{0};
  Now last_;
};

TEST(LoopThread, StepsThenWaitsAsLongAsTheStepSaid) {
  FakeClock clock;
  Work work;
  LoopThread loop(clock, work.Loop(Duration(1'234)));
  ASSERT_TRUE(work.Waits(1));
  EXPECT_EQ(work.waited(), Duration(1'234));
  EXPECT_EQ(work.last().mono, clock.now().mono);
  clock.Advance(Duration(5));
  work.Wake();
  ASSERT_TRUE(work.Waits(2));
  EXPECT_EQ(work.last().mono, clock.now().mono);
}

TEST(LoopThread, DoesNotWaitWhenThereIsMoreToDo) {
  FakeClock clock;
  Work work;
  LoopThread loop(clock, work.Loop(Duration(0)));
  ASSERT_TRUE(work.Steps(100));
  EXPECT_EQ(work.waits(), 0);
}

TEST(LoopThread, EndsSoonAfterAStopWasRequested) {
  FakeClock clock;
  Work work;
  LoopThread loop(clock, work.Loop(Duration(1'000)));
  ASSERT_TRUE(work.Waits(1));
  EXPECT_FALSE(loop.EndsWithin(Duration(0)));
  loop.RequestStop();
  EXPECT_TRUE(loop.EndsWithin(kPatience));
}

TEST(LoopThread, ItsDestructorStopsIt) {
  FakeClock clock;
  Work work;
  const auto begin = std::chrono::steady_clock::now();
  {
    LoopThread loop(clock, work.Loop(Duration(1'000)));
    ASSERT_TRUE(work.Waits(1));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, kPatience);
}

}  // namespace
}  // namespace portolan::controller
