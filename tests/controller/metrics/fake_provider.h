#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "controller/metrics/metric_provider.h"

namespace portolan::controller {

// A provider whose answers a test decides, at once or when a gate opens.
class FakeProvider final : public MetricProvider {
 public:
  Result<Sample> Measure(const ProviderQuery& query) override {
    std::unique_lock lock(mutex_);
    texts_.push_back(query.text + " " + query.values.arm);
    deadlines_.push_back(query.deadline);
    ++waiting_;
    changed_.notify_all();
    changed_.wait_for(lock, std::chrono::seconds(10), [&] { return open_; });
    --waiting_;
    cancelled_ = query.cancellation->cancelled();
    changed_.notify_all();
    return answer_(query);
  }

  void Close() {
    const std::lock_guard lock(mutex_);
    open_ = false;
  }
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  // Waits, at most ten seconds, until that many calls are at the gate.
  bool Reached(int calls) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return waiting_ == calls; });
  }
  int waiting() const {
    const std::lock_guard lock(mutex_);
    return waiting_;
  }
  bool cancelled() const {
    const std::lock_guard lock(mutex_);
    return cancelled_;
  }
  void Answer(std::function<Result<Sample>(const ProviderQuery&)> answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }
  std::vector<std::string> texts() const {
    const std::lock_guard lock(mutex_);
    return texts_;
  }
  std::vector<Duration> deadlines() const {
    const std::lock_guard lock(mutex_);
    return deadlines_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true;
  int waiting_ = 0;
  bool cancelled_ = false;
  std::vector<std::string> texts_;
  std::vector<Duration> deadlines_;
  std::function<Result<Sample>(const ProviderQuery&)> answer_ = [](const ProviderQuery&) {
    return Sample{{1}, ""};
  };
};

}  // namespace portolan::controller
