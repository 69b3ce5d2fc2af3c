#pragma once

#include <cstdint>
#include <memory>

#include "mapcore/fast_paths.h"
#include "mapcore/shared/admission.h"
#include "mapcore/shared/filled_map.h"
#include "mapcore/shared/map_pool.h"
#include "mapcore/shared/shared_map.h"

namespace portolan::mapcore {

// What somebody wants a shared map for.
struct MapDemand {
  enum class Lifetime { kShort, kLong };  // one request or batch; the process's

  std::uint64_t entries = 0;  // about how many
  Lifetime lifetime = Lifetime::kLong;
  std::uint32_t writers = 1;  // threads that write at the same time
};

// What is made of it.
struct MapChoice {
  enum class Sharing { kLocked, kEpoch, kReadMostly, kSharded };
  enum class Filling { kPooled, kPreload, kAsync, kImage };

  Sharing sharing = Sharing::kEpoch;  // kImage: always by epochs, over the image
  Filling filling = Filling::kPreload;
  std::uint32_t shards = 1;      // kSharded
  std::uint32_t fill_parts = 1;  // kAsync
  bool admission = false;
};

// Entries up to which a map is small, and middle. A small one is read within milliseconds; a large
// one takes seconds to read and hash, which an image, written once, spares every start.
inline constexpr std::uint64_t kSmallMapMax = 10'000;
inline constexpr std::uint64_t kMiddleMapMax = 2'000'000;
// Writers at the same time up to which one mutex, lock-free overwriting, and shards are enough.
inline constexpr std::uint32_t kFewWritersMax = 2;
inline constexpr std::uint32_t kSomeWritersMax = 8;
inline constexpr std::uint32_t kManyWritersMax = 64;
inline constexpr std::uint32_t kFillPartsMax = 8;

// The table of docs/mapcore.md. `fill_parts_max` is how many parts the executor can work on at
// once.
MapChoice ChooseMap(const MapDemand& demand, std::uint32_t fill_parts_max);

// What a map is made with; those that its choice does not use may be absent.
struct MapServices {
  FastPaths* fast_paths = nullptr;                // always
  std::shared_ptr<EntrySource> source = nullptr;  // null: the map begins empty
  Executor* executor = nullptr;  // kAsync; without one it is filled before it returns
  std::uint32_t fill_parts_max = kFillPartsMax;
  // kImage: a regular file or memfd. Empty, it is written from the source, and empty again if that
  // fails; otherwise it must be an image, which is used as it is.
  int image_fd = -1;
  MapPool* pool = nullptr;                    // kPooled
  const Clock* clock = nullptr;               // admission; it and `fast_paths` outlive the map
  std::uint64_t writes_per_second = 100'000;  // admission
  EntryLimits limits = {};
  HmapOptions map = {};  // but kPooled, whose maps are made as the pool's options say
};

// Makes the map that ChooseMap() names. Errors: kInvalid naming the service that is missing, the
// entry of the source that `limits` refuse (where the source is read before this returns; an
// executor's part fails with it instead, see FillProgress), the least of a ShardedMap's limit, or
// what WriteImage refuses; kUnavailable when the image cannot be written or read; kCorrupt when it
// is none; kExhausted when memory is out; the source's.
Result<std::unique_ptr<SharedMap>> MakeMap(const MapDemand& demand, const MapServices& services);

}  // namespace portolan::mapcore
