#pragma once

#include <cstddef>
#include <vector>

#include "mapcore/base/digest.h"
#include "mapcore/live_map.h"

namespace portolan::controller {

// The versions of one map that are kept in memory: what is served, and of what was served before as
// much as costs little, so that a rollback publishes what is there and reads nothing.
//
// A version costs little where it shares the memory of the one after it, and they differ in few
// keys: all that are kept differ from their next ones in half as many keys as the map has, at most.
// One thread's own.
class HeldVersions {
 public:
  static constexpr std::size_t kBeforeMax = 8;

  // What is served from now on. When stable is another than before, it costs one or two times what
  // CountDifferences costs, else O(1).
  void Serve(const mapcore::LiveState& state);
  void Clear();

  // Stable versions of before, newest first.
  std::vector<mapcore::VersionPtr> before() const;

 private:
  struct Held {
    mapcore::VersionPtr version;
    // Counted once: two versions differ as they do for good, and all are looked at with each
    // promotion.
    Digest next{};            // of the one served after it
    std::size_t changed = 0;  // keys in which it differs from that one
  };

  mapcore::VersionPtr stable_;
  mapcore::VersionPtr canary_;
  std::vector<Held> before_;  // newest first
};

}  // namespace portolan::controller
