#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "mapcore/base/clock.h"

namespace portolan::controller {

// Names, each with the monotonic time at which it is due: what a loop asks instead of looking at
// everything it knows. A name is due once at most. Not thread-safe; O(log names) where not said
// otherwise.
class DueQueue {
 public:
  // The name is due then, instead of whenever it was before.
  void Set(const std::string& name, Duration due);
  void Remove(const std::string& name);
  // Everything in the queue is due at `now`, for a clock that cannot be trusted. O(names).
  void AllDue(Duration now);
  // Takes at most `max` names that are due at `now` out of the queue, the longest due first, so
  // that none can be passed over for ever.
  std::vector<std::string> Take(Duration now, std::size_t max);

  // When the first one is due; none when the queue is empty. O(1).
  std::optional<Duration> next() const;

 private:
  std::map<std::string, Duration> due_;               // by name
  std::set<std::pair<Duration, std::string>> queue_;  // the same, by time
};

}  // namespace portolan::controller
