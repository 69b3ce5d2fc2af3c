#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "controller/http/connection.h"

namespace portolan::controller {

// A fixed number of threads that answer complete requests, and a bounded queue before them.
// Thread-safe.
class WorkerPool {
 public:
  struct Job {
    ConnectionPtr connection;
    Request request;
  };
  using Work = std::function<void(Job)>;

  WorkerPool(std::size_t threads, std::size_t queue_max, Work work);
  ~WorkerPool();

  // Takes both, or leaves both and returns false when the queue is full or the pool stops.
  bool Offer(ConnectionPtr& connection, Request& request);
  // Waits until every job taken is done, at most that long. True when all are done.
  bool WaitIdle(Duration at_most);
  // Finishes the jobs taken and joins the threads. Idempotent, for one caller.
  void Stop();

 private:
  void Run();

  const std::size_t queue_max_;
  const Work work_;
  std::mutex mutex_;
  std::condition_variable changed_;  // a job or the stop
  std::condition_variable idle_;
  std::deque<Job> queue_;    // guarded by mutex_
  std::size_t running_ = 0;  // guarded by mutex_
  bool stopping_ = false;    // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace portolan::controller
