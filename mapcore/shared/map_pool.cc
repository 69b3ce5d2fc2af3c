#include "mapcore/shared/map_pool.h"

#include <utility>

namespace portolan::mapcore {

struct PooledMap::Shelf {
  MapPool::Options options;
  std::mutex mutex;
  std::vector<std::unique_ptr<Hmap>> maps;  // empty ones; guarded by mutex
  MapPoolStats stats;                       // guarded by mutex, but for `resting`
};

PooledMap::~PooledMap() {
  if (shelf_ == nullptr || map_ == nullptr) return;
  // A lineage that a snapshot keeps alive is that snapshot's; a map that grew large would hold its
  // memory for small ones.
  bool keep = map_->memory().used_bytes <= shelf_->options.map_bytes_max && map_->Clear().ok();
  if (keep) {
    map_->Collect();
    keep = map_->lineage().counts().snapshots == 0;
  }
  const std::lock_guard lock(shelf_->mutex);
  if (keep && shelf_->maps.size() < shelf_->options.maps_max)
    shelf_->maps.push_back(std::move(map_));
  else
    ++shelf_->stats.dropped;
}

MapPool::MapPool(Options options) : shelf_(std::make_shared<PooledMap::Shelf>()) {
  shelf_->options = std::move(options);
}

Result<PooledMap> MapPool::Take() {
  {
    const std::lock_guard lock(shelf_->mutex);
    if (!shelf_->maps.empty()) {
      std::unique_ptr<Hmap> map = std::move(shelf_->maps.back());
      shelf_->maps.pop_back();
      ++shelf_->stats.reused;
      return PooledMap(std::move(map), shelf_);
    }
    ++shelf_->stats.made;
  }
  PORTOLAN_TRY(Hmap map, Hmap::Create(shelf_->options.map));
  return PooledMap(std::make_unique<Hmap>(std::move(map)), shelf_);
}

MapPoolStats MapPool::stats() const {
  const std::lock_guard lock(shelf_->mutex);
  MapPoolStats stats = shelf_->stats;
  stats.resting = shelf_->maps.size();
  return stats;
}

}  // namespace portolan::mapcore
