#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "mapcore/hmap.h"

namespace portolan::mapcore {

class MapPool;

// What a pooled map's memory may ask of the machine, where the pool's options want it: what
// FastPaths (fast_paths.h) gives.
struct PooledMemory {
  bool huge_pages = true;
  bool lock_memory = true;
};

// An empty map that goes back to its pool, memory and all, when this ends; one without a pool just
// ends. Move-only.
class PooledMap {
 public:
  explicit PooledMap(Hmap map) : map_(std::make_unique<Hmap>(std::move(map))) {}
  PooledMap(PooledMap&&) noexcept = default;
  PooledMap& operator=(PooledMap&&) = delete;
  ~PooledMap();

  Hmap& operator*() const { return *map_; }
  Hmap* operator->() const { return map_.get(); }

 private:
  friend class MapPool;
  struct Shelf;
  PooledMap(std::unique_ptr<Hmap> map, PooledMemory memory, std::shared_ptr<Shelf> shelf)
      : map_(std::move(map)), memory_(memory), shelf_(std::move(shelf)) {}

  bool MayRest() const;

  std::unique_ptr<Hmap> map_;
  PooledMemory memory_;           // what it was made with
  std::shared_ptr<Shelf> shelf_;  // null: no pool
};

struct MapPoolStats {
  std::uint64_t made = 0;    // maps for which memory was reserved
  std::uint64_t reused = 0;  // maps that came from the shelf
  // Ended: too large, snapshots or forks alive, the shelf full, no longer allowed, or the heap out.
  std::uint64_t dropped = 0;
  std::uint64_t resting = 0;  // on the shelf now
};

// Memory for maps that live for one request or one batch. To reserve address space and have the
// kernel back it with pages costs more than to fill a small map; a map that is cleared keeps both
// and gets a new hash seed. Thread-safe; maps may outlive the pool.
class MapPool {
 public:
  struct Options {
    std::size_t maps_max = 16;                              // on the shelf
    std::uint64_t map_bytes_max = std::uint64_t{16} << 20;  // larger ones are given back at once
    HmapOptions map = {};
  };
  explicit MapPool(Options options);

  // An empty map whose memory asks for no more than `allowed`. One on the shelf that does is ended,
  // for what a machine took away it does not give again. Errors: kExhausted, as Hmap::Create.
  Result<PooledMap> Take(PooledMemory allowed = {});
  const hmap::ArenaOptions& memory() const;  // what its maps want
  MapPoolStats stats() const;

 private:
  std::shared_ptr<PooledMap::Shelf> shelf_;
};

}  // namespace portolan::mapcore
