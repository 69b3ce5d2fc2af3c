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

// The scope of a read: what was reached through it stays valid until it ends. Cheap (the first pin
// does not allocate); one thread's own; keep it short, for it keeps superseded versions in memory.
class ReadGuard {
 public:
  ReadGuard() = default;
  ReadGuard(const ReadGuard&) = delete;
  ReadGuard& operator=(const ReadGuard&) = delete;

 private:
  friend class LiveMap;
  void Pin(std::shared_ptr<const void> pinned);

  std::shared_ptr<const void> first_;
  std::vector<std::shared_ptr<const void>> more_;
};

// One map being served. Readers see one whole LiveState, never a mixture; Publish replaces it in
// one store. Thread-safe.
class LiveMap {
 public:
  explicit LiveMap(LiveState state = {});

  const LiveState& Load(ReadGuard& guard) const;
  void Publish(LiveState state);

 private:
  Published<LiveState> state_;
};

// The live maps by name. Thread-safe; readers never wait for a writer's work. Find is O(log maps),
// Publish too but for a new name: that, like Remove, copies the index of pointers.
class Catalog {
 public:
  Catalog();

  // Null when no map of that name is served. The state is valid as long as the guard.
  const LiveState* Find(ReadGuard& guard, std::string_view name) const;
  std::vector<std::string> Names() const;  // sorted
  void Publish(const std::string& name, LiveState state);
  void Remove(std::string_view name);  // does nothing when absent

 private:
  struct NamedMap;
  using Index = std::vector<std::shared_ptr<NamedMap>>;  // sorted by name

  std::mutex writers_;  // held by a writer for its whole change; readers do not take it
  Published<Index> index_;
};

}  // namespace portolan::mapcore
