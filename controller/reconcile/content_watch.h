#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "mapcore/base/clock.h"
#include "reconciler/rollout/rollout.h"

namespace portolan::controller {

// Has the content of every map checked at its healInterval, one after the other, on a thread of its
// own and for a hundredth of its time: maps that are too large for that are checked less often.
// Process is called by one thread; Wait and Wake are thread-safe.
class ContentWatch {
 public:
  struct Hooks {
    std::function<std::vector<std::shared_ptr<const reconciler::Rollout>>()> maps;
    std::function<void(const std::string& map)> check;
    std::function<Duration()> elapsed;  // monotonic, to tell how long a check took
  };

  explicit ContentWatch(Hooks hooks) : hooks_(std::move(hooks)) {}

  // Checks the map that is due the longest, if any. Returns how long to rest.
  Duration Process(const Now& now);
  void Wait(Duration duration);
  void Wake();

 private:
  const Hooks hooks_;
  std::map<std::string, Duration> checked_;  // monotonic, by map
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
};

}  // namespace portolan::controller
