#include "controller/reconcile/content_watch.h"

#include <algorithm>
#include <utility>

namespace portolan::controller {
namespace {

// Rest for each millisecond of work.
constexpr int kRest = 99;
// How often it looks for maps that came since.
constexpr Duration kIdle = std::chrono::seconds(1);

}  // namespace

Duration ContentWatch::Process(const Now& now) {
  std::map<std::string, Duration> checked;
  const std::string* due = nullptr;
  Duration longest(-1);
  Duration next = kIdle;
  for (const auto& rollout : hooks_.maps()) {
    const auto before = checked_.find(rollout->map);
    // One that is new was read, or made, a moment ago.
    const Duration last = before == checked_.end() ? now.mono : before->second;
    const auto entry = checked.emplace(rollout->map, last).first;
    const Duration over = now.mono - last - rollout->heal.interval;
    if (over < Duration(0)) {
      next = std::min(next, -over);
    } else if (over > longest) {
      longest = over;
      due = &entry->first;
    }
  }
  checked_ = std::move(checked);
  if (due == nullptr) return next;
  const Duration begun = hooks_.elapsed();
  hooks_.check(*due);
  const Duration spent = hooks_.elapsed() - begun;
  checked_[*due] = now.mono;
  return std::max(Duration(1), spent * kRest);
}

void ContentWatch::Wait(Duration duration) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, duration, [this] { return woken_; });
  woken_ = false;
}

void ContentWatch::Wake() {
  {
    const std::scoped_lock lock(mutex_);
    woken_ = true;
  }
  changed_.notify_one();
}

}  // namespace portolan::controller
