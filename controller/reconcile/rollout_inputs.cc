// What other threads hand to the control loop.
#include <iterator>

#include "controller/reconcile/rollout_reconciler.h"

namespace portolan::controller {

void RolloutReconciler::Report(std::vector<reconciler::Report> reports) {
  {
    const std::scoped_lock lock(inbox_mutex_);
    std::move(reports.begin(), reports.end(), std::back_inserter(inbox_.reports));
  }
  inbox_changed_.notify_one();
}

void RolloutReconciler::Acknowledge(std::vector<reconciler::Ack> acks) {
  {
    const std::scoped_lock lock(inbox_mutex_);
    std::move(acks.begin(), acks.end(), std::back_inserter(inbox_.acks));
  }
  inbox_changed_.notify_one();
}

void RolloutReconciler::Measured(reconciler::Measurement measurement) {
  {
    const std::scoped_lock lock(inbox_mutex_);
    inbox_.measurements.push_back(std::move(measurement));
  }
  inbox_changed_.notify_one();
}

std::future<Result<VerbAnswer>> RolloutReconciler::Submit(std::string map,
                                                          reconciler::Command command) {
  PendingCommand pending{std::move(map), std::move(command), {}};
  auto answer = pending.promise.get_future();
  {
    const std::scoped_lock lock(inbox_mutex_);
    inbox_.commands.push_back(std::move(pending));
  }
  inbox_changed_.notify_one();
  return answer;
}

std::future<void> RolloutReconciler::Wish(SourceWish wish) {
  PendingWish pending{std::move(wish), {}};
  auto done = pending.promise.get_future();
  {
    const std::scoped_lock lock(inbox_mutex_);
    inbox_.wishes.push_back(std::move(pending));
  }
  inbox_changed_.notify_one();
  return done;
}

void RolloutReconciler::Wait(Duration duration) {
  std::unique_lock lock(inbox_mutex_);
  inbox_changed_.wait_for(lock, duration, [this] {
    return woken_ || !inbox_.reports.empty() || !inbox_.acks.empty() || !inbox_.outputs.empty() ||
           !inbox_.measurements.empty() || !inbox_.commands.empty() || !inbox_.wishes.empty() ||
           !inbox_.drifts.empty() || !inbox_.answers.empty();
  });
  woken_ = false;
}

void RolloutReconciler::Wake() {
  {
    const std::scoped_lock lock(inbox_mutex_);
    woken_ = true;
  }
  inbox_changed_.notify_one();
}

RolloutReconciler::Inbox RolloutReconciler::TakeInbox() {
  const std::scoped_lock lock(inbox_mutex_);
  return std::exchange(inbox_, {});
}

}  // namespace portolan::controller
