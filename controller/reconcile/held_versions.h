#pragma once

#include <cstddef>
#include <vector>

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

  // What is served from now on. O(differences) when stable is another than before, else O(1).
  void Serve(const mapcore::LiveState& state);
  void Clear();

  // Of stable versions of before, newest first.
  const std::vector<mapcore::VersionPtr>& before() const { return before_; }

 private:
  mapcore::VersionPtr stable_;
  mapcore::VersionPtr canary_;
  std::vector<mapcore::VersionPtr> before_;
};

}  // namespace portolan::controller
