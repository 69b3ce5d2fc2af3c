#pragma once

#include <shared_mutex>

#include "mapcore/shared/map_pool.h"
#include "mapcore/shared/shared_map.h"

namespace portolan::mapcore {

// A Hmap behind one reader-writer lock: what is least to reason about. Readers share the lock's
// cache line, so lookups stop scaling at a few threads; a stream of readers can starve a writer.
class LockedMap : public SharedMap {
 public:
  explicit LockedMap(PooledMap map, const EntryLimits& limits = {})
      : SharedMap(limits), map_(std::move(map)) {}
  // Errors: kExhausted, as Hmap::Create.
  static Result<std::unique_ptr<LockedMap>> Create(HmapOptions options = {},
                                                   const EntryLimits& limits = {});

  std::unique_ptr<MapSession> Open() override;
  std::uint64_t size() const override;
  std::string_view name() const override { return "locked"; }

 private:
  class Session;
  mutable std::shared_mutex mutex_;
  PooledMap map_;  // guarded by mutex_
};

}  // namespace portolan::mapcore
