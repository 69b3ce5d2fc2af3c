#include "tests/mapcore/steps/schedule.h"

#include <algorithm>

namespace portolan::mapcore::steps {

void Schedule::Run(const std::vector<std::function<void()>>& bodies) {
  wake_ = std::vector<std::condition_variable>(bodies.size());
  for (std::size_t i = 0; i < bodies.size(); ++i) running_.push_back(i);
  Draw();
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < bodies.size(); ++i)
    threads.emplace_back([&, i] {
      Wait(i);
      {
        const Watching watching(this);
        bodies[i]();
      }
      const std::lock_guard lock(mutex_);
      std::erase(running_, i);
      if (running_.empty()) return;
      Draw();
      wake_[turn_].notify_one();
    });
  for (std::thread& thread : threads) thread.join();
}

void Schedule::Draw() {
  constexpr std::uint64_t kLongest[] = {1, 3, 12, 80, 600};
  turn_ = running_[random_.Below(running_.size())];
  left_ = 1 + random_.Below(kLongest[random_.Below(std::size(kLongest))]);
  ++turns_;
  trace_ = (trace_ ^ (turn_ << 32 | left_)) * 0x9E3779B97F4A7C15;
}

void Schedule::HandOver() {
  const std::size_t self = turn_;
  {
    const std::lock_guard lock(mutex_);
    Draw();
    if (turn_ == self) return;
    wake_[turn_].notify_one();
  }
  Wait(self);
}

void Schedule::Wait(std::size_t self) {
  std::unique_lock lock(mutex_);
  wake_[self].wait(lock, [&] { return turn_ == self; });
}

}  // namespace portolan::mapcore::steps
