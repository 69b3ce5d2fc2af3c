#include "controller/reconcile/raise_queue.h"

#include <utility>

namespace portolan::controller {
namespace {

constexpr Duration kIdle = std::chrono::seconds(10);

}  // namespace

void RaiseQueue::Ask(RolloutPtr rollout) {
  {
    const std::scoped_lock lock(mutex_);
    waiting_.push_back(std::move(rollout));
  }
  changed_.notify_one();
}

Duration RaiseQueue::Process(const Now& now) {
  std::deque<RolloutPtr> waiting;
  {
    const std::scoped_lock lock(mutex_);
    waiting = std::exchange(waiting_, {});
  }
  for (const RolloutPtr& rollout : waiting)
    hooks_.answer(*rollout, hooks_.judge(*rollout, now.wall));
  return kIdle;
}

void RaiseQueue::Wait(Duration duration) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, duration, [this] { return woken_ || !waiting_.empty(); });
  woken_ = false;
}

void RaiseQueue::Wake() {
  {
    const std::scoped_lock lock(mutex_);
    woken_ = true;
  }
  changed_.notify_one();
}

}  // namespace portolan::controller
