#pragma once

#include <functional>
#include <optional>

#include "mapcore/base/clock.h"
#include "mapcore/fast_paths.h"

namespace portolan::controller {

// Has the fast paths of a process checked once a minute while it runs, whether or not anybody reads
// what they came to. One thread's own.
class FastPathWatch {
 public:
  static constexpr Duration kInterval = std::chrono::minutes(1);

  // `failed` is called when a check opened a circuit. `paths` outlives this.
  FastPathWatch(mapcore::FastPaths& paths, std::function<void()> failed);

  // Checks when that is due; the first time an interval after the first call, for they were probed
  // when they were made. Returns how long until it is due again. A check takes some 0.1 ms.
  Duration Process(const Now& now);

 private:
  mapcore::FastPaths& paths_;
  const std::function<void()> failed_;
  std::optional<Duration> due_;  // monotonic
};

}  // namespace portolan::controller
