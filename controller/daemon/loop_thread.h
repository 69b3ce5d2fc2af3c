#pragma once

#include <atomic>
#include <functional>
#include <future>
#include <thread>

#include "mapcore/base/clock.h"

namespace portolan::controller {

// A thread that calls `step` and then waits as long as it said, until stopped.
class LoopThread {
 public:
  struct Loop {
    std::function<Duration(const Now&)> step;
    std::function<void(Duration)> wait;  // returns early when there is something to do
    std::function<void()> wake;          // makes `wait` return
  };

  // `clock` and what the loop reaches outlive the thread.
  LoopThread(const Clock& clock, Loop loop);
  ~LoopThread();  // stops and joins
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  void RequestStop();
  // True when the loop has ended within that time after RequestStop.
  bool EndsWithin(Duration duration);

 private:
  const Clock& clock_;
  const Loop loop_;
  std::atomic<bool> stopped_{false};
  std::promise<void> ended_;
  std::future<void> end_ = ended_.get_future();
  std::thread thread_;
};

}  // namespace portolan::controller
