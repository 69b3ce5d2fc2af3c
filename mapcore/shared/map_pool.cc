#include "mapcore/shared/map_pool.h"

#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace portolan::mapcore {

struct PooledMap::Shelf {
  struct Resting {
    std::unique_ptr<Hmap> map;  // empty
    PooledMemory memory;
  };
  MapPool::Options options;
  std::mutex mutex;
  std::vector<Resting> maps;  // guarded by mutex
  MapPoolStats stats;         // guarded by mutex, but for `resting`

  // False where that has no room.
  bool Add(Resting resting) {
    const std::lock_guard lock(mutex);
    if (maps.size() >= options.maps_max) return false;
    maps.push_back(std::move(resting));
    return true;
  }
  void CountDropped() {
    const std::lock_guard lock(mutex);
    ++stats.dropped;
  }
};

PooledMap::~PooledMap() {
  if (shelf_ == nullptr || map_ == nullptr) return;
  bool rests = false;
  try {
    rests = MayRest() && shelf_->Add({std::move(map_), memory_});
  } catch (const std::bad_alloc&) {
    // Its memory is needed elsewhere.
  }
  if (!rests) shelf_->CountDropped();
}

// Empties it, for whoever takes it next, on any thread. A lineage that a snapshot or a fork keeps
// alive is theirs; a map that grew large would hold its memory for small ones.
bool PooledMap::MayRest() const {
  if (map_->memory().used_bytes > shelf_->options.map_bytes_max || !map_->Clear().ok())
    return false;
  map_->Collect();
  const hmap::Lineage& lineage = map_->lineage();
  const hmap::Lineage::Counts counts = lineage.counts();
  // A fork outlives its snapshot: it is then seen as a branch, but so is what the map was as long
  // as a reader may be in it.
  const bool waits_for_readers = lineage.waiting().blocks > counts.waiting;
  return counts.snapshots == 0 && counts.branches == (waits_for_readers ? 2u : 1u);
}

MapPool::MapPool(Options options) : shelf_(std::make_shared<PooledMap::Shelf>()) {
  shelf_->options = std::move(options);
}

Result<PooledMap> MapPool::Take(PooledMemory allowed) {
  {
    const std::lock_guard lock(shelf_->mutex);
    shelf_->stats.dropped += std::erase_if(shelf_->maps, [&](const auto& resting) {
      return (resting.memory.huge_pages && !allowed.huge_pages) ||
             (resting.memory.lock_memory && !allowed.lock_memory);
    });
    if (!shelf_->maps.empty()) {
      PooledMap map(std::move(shelf_->maps.back().map), shelf_->maps.back().memory, shelf_);
      shelf_->maps.pop_back();
      ++shelf_->stats.reused;
      return map;
    }
    ++shelf_->stats.made;
  }
  HmapOptions options = shelf_->options.map;
  options.memory.huge_pages = options.memory.huge_pages && allowed.huge_pages;
  options.memory.lock_memory = options.memory.lock_memory && allowed.lock_memory;
  const PooledMemory memory{options.memory.huge_pages, options.memory.lock_memory};
  PORTOLAN_TRY(Hmap map, Hmap::Create(std::move(options)));
  return PooledMap(std::make_unique<Hmap>(std::move(map)), memory, shelf_);
}

const hmap::ArenaOptions& MapPool::memory() const {
  return shelf_->options.map.memory;
}

MapPoolStats MapPool::stats() const {
  const std::lock_guard lock(shelf_->mutex);
  MapPoolStats stats = shelf_->stats;
  stats.resting = shelf_->maps.size();
  return stats;
}

}  // namespace portolan::mapcore
