#include "controller/http/worker_pool.h"

namespace portolan::controller {

WorkerPool::WorkerPool(std::size_t threads, std::size_t queue_max, Work work)
    : queue_max_(queue_max), work_(std::move(work)) {
  threads_.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

WorkerPool::~WorkerPool() {
  Stop();
}

bool WorkerPool::Offer(ConnectionPtr& connection, Request& request) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || queue_.size() >= queue_max_) return false;
    queue_.push_back({std::move(connection), std::move(request)});
  }
  // Outside the lock, so that the woken thread does not meet it locked.
  changed_.notify_one();
  return true;
}

bool WorkerPool::WaitIdle(Duration at_most) {
  std::unique_lock lock(mutex_);
  return idle_.wait_for(lock, at_most, [this] { return queue_.empty() && running_ == 0; });
}

void WorkerPool::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

// Ends with an empty queue only: a request that was taken is answered, also after Stop.
void WorkerPool::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    Job job = std::move(queue_.front());
    queue_.pop_front();
    ++running_;
    lock.unlock();
    work_(std::move(job));
    lock.lock();
    --running_;
    if (queue_.empty() && running_ == 0) idle_.notify_all();
  }
}

}  // namespace portolan::controller
