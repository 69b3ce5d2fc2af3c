#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mapcore/dual_run.h"
#include "mapcore/map_version.h"
#include "mapcore/published.h"
#include "mapcore/traffic_split.h"

namespace portolan::mapcore {

// Everything that lookups of one map see, at one moment. Immutable once published, but for what its
// dual run counts.
struct LiveState {
  VersionPtr stable;    // null before the first version
  VersionPtr canary;    // null without a rollout
  TrafficSplit split;   // weight 0 without a rollout
  std::string rollout;  // id "<map>#<n>" of the rollout in flight, or empty; echoed to clients for
                        // their reports
  std::uint32_t step = 0;              // the rollout's step, from 1; 0 without a rollout
  std::vector<std::string> sensitive;  // globs of the keys whose values not every reader may see
  VersionPtr overlay;  // entries that hide those of both arms, for a while; null without one
  std::shared_ptr<DualRun> dual_run;  // counts what the arms would answer; null without one

  // The arm and version that serve this subject. The version is null only when `stable` is.
  struct Choice {
    Assignment assignment;
    const MapVersion* version;
  };
  Choice Choose(const Subject& subject) const;

  // The entry as a reader of `version`, one of the two above, sees it. O(1), no allocation.
  std::optional<std::string_view> Find(const MapVersion& version, std::string_view key) const;
  bool Overrides(std::string_view key) const;
  // Counts the lookup of a key in the dual run, when there is one and the lookup is in its sample.
  void CompareArms(std::string_view key) const;
  // The entries as a reader of `version` sees them, in byte order of keys.
  void ForEach(
      const MapVersion& version,
      const std::function<void(std::string_view key, std::string_view value)>& visit) const;
};

// The state under its name, as it is published.
struct NamedState {
  std::string name;
  LiveState state;
};

// The scope of a read. The first Find of a catalog pins the catalog as it is at that moment, and
// all later ones of the guard read the same: maps that are published together are seen together, or
// not at all. What was found stays valid until the guard ends. Does not allocate; one thread's own;
// keep it short, for it keeps superseded versions in memory.
class ReadGuard {
 public:
  ReadGuard() = default;
  ReadGuard(const ReadGuard&) = delete;
  ReadGuard& operator=(const ReadGuard&) = delete;

 private:
  friend class Catalog;
  const void* catalog_ = nullptr;  // whose index is pinned
  std::shared_ptr<const void> index_;
};

// What is served, map by map: one immutable index, replaced by one pointer store. Thread-safe;
// readers never wait for a writer's work. Find is O(log maps). A change copies the index, a pointer
// a map, so that changes that come together are published together: 10,000 maps take a fraction of
// a millisecond, whether one of them changes or all (docs/adr/0020).
class Catalog {
 public:
  Catalog();

  // Null when no map of that name is served. The state is valid as long as the guard, which serves
  // one catalog only.
  const LiveState* Find(ReadGuard& guard, std::string_view name) const;
  std::vector<std::string> Names() const;  // sorted
  // All of them at once. A name that comes twice gets the later state.
  void Publish(std::vector<NamedState> states);
  void Publish(std::string name, LiveState state);
  void Remove(std::string_view name);  // does nothing when absent

 private:
  using Index = std::vector<std::shared_ptr<const NamedState>>;  // sorted by name

  std::mutex writers_;  // held by a writer for its whole change; readers do not take it
  Published<Index> index_;
};

}  // namespace portolan::mapcore
