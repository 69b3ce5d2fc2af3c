#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "examples/demo/workshop.h"

namespace portolan::demo {

// Follows the daemon's event stream and prints what happens to one map, in milliseconds after the
// last mark.
class Timeline {
 public:
  Timeline(const Workshop& workshop, std::string map);
  ~Timeline();

  // Later lines count from here.
  void Mark(WallTime time);
  // Waits for an event with this reason since the last Mark. Errors: kTimeout.
  Result<manifests::Value> WaitFor(const std::string& reason, Duration patience);

 private:
  void Follow();
  bool Take(std::string_view line);

  const Workshop& workshop_;
  const std::string map_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  WallTime mark_;
  std::vector<manifests::Value> since_mark_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace portolan::demo
