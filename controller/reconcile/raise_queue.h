#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "reconciler/rollout/rollout.h"

namespace portolan::controller {

// The rollouts that want to raise their weight and wait for what the policies in force say. They
// are judged one after the other on a thread of their own: judging a large change takes seconds, in
// which no other map's rollback may wait. Ask, Wait and Wake are thread-safe.
class RaiseQueue {
 public:
  using RolloutPtr = std::shared_ptr<const reconciler::Rollout>;
  using Findings = std::vector<reconciler::Finding>;

  struct Hooks {
    std::function<Findings(const reconciler::Rollout&, WallTime)> judge;
    std::function<void(const reconciler::Rollout&, Findings)> answer;
  };

  explicit RaiseQueue(Hooks hooks) : hooks_(std::move(hooks)) {}

  void Ask(RolloutPtr rollout);
  // Judges and answers all that wait. Returns how long nothing will happen without a new one.
  Duration Process(const Now& now);
  void Wait(Duration duration);
  void Wake();

 private:
  const Hooks hooks_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<RolloutPtr> waiting_;
  bool woken_ = false;
};

}  // namespace portolan::controller
