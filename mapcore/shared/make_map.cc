#include "mapcore/shared/make_map.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "mapcore/map_image.h"
#include "mapcore/shared/epoch_map.h"
#include "mapcore/shared/image_map.h"
#include "mapcore/shared/locked_map.h"
#include "mapcore/shared/read_mostly_map.h"
#include "mapcore/shared/sharded_map.h"

namespace portolan::mapcore {
namespace {

using Sharing = MapChoice::Sharing;
using Filling = MapChoice::Filling;
using Made = Result<std::unique_ptr<SharedMap>>;

constexpr std::uint32_t kShardsPerWriter = 4;  // so that two writers seldom meet
constexpr std::uint64_t kBurstMs = 100;        // of writes at the admitted rate

Error Missing(std::string_view what, std::string_view why) {
  return {ErrorCode::kInvalid, "making a map: expected " + std::string(what) + " for " +
                                   std::string(why) + ", found none"};
}

// Of what the memory wants, what the machine can do.
PooledMemory AllowedOf(const hmap::ArenaOptions& wanted, FastPaths& fast_paths) {
  return {.huge_pages = wanted.huge_pages && fast_paths.Take(FastPath::kHugePages),
          .lock_memory = wanted.lock_memory && fast_paths.Take(FastPath::kMemoryLock)};
}

HmapOptions Allowed(const MapServices& services) {
  HmapOptions options = services.map;
  const PooledMemory allowed = AllowedOf(options.memory, *services.fast_paths);
  options.memory.huge_pages = allowed.huge_pages;
  options.memory.lock_memory = allowed.lock_memory;
  return options;
}

hmap::ReaderDomain::Fences FencesOf(FastPaths& fast_paths) {
  return fast_paths.Take(FastPath::kMembarrier) ? hmap::ReaderDomain::Fences::kProbe
                                                : hmap::ReaderDomain::Fences::kPortable;
}

template <typename Map>
Made AsShared(Result<std::unique_ptr<Map>> map) {
  if (!map.ok()) return std::move(map).error();
  return std::unique_ptr<SharedMap>(std::move(map).value());
}

Made Share(const MapChoice& choice, const MapServices& services) {
  switch (choice.sharing) {
    case Sharing::kLocked:
      return AsShared(LockedMap::Create(Allowed(services), services.limits));
    case Sharing::kSharded:
      return AsShared(ShardedMap::Create(choice.shards, Allowed(services), services.limits));
    case Sharing::kReadMostly:
      return AsShared(ReadMostlyMap::Create(Allowed(services), services.limits,
                                            FencesOf(*services.fast_paths)));
    case Sharing::kEpoch:
      break;
  }
  return AsShared(
      EpochMap::Create(Allowed(services), services.limits, FencesOf(*services.fast_paths)));
}

Made Pooled(const MapServices& services) {
  if (services.pool == nullptr) return Missing("a pool", "a map of short life");
  PORTOLAN_TRY(PooledMap map,
               services.pool->Take(AllowedOf(services.pool->memory(), *services.fast_paths)));
  std::unique_ptr<SharedMap> shared = std::make_unique<LockedMap>(std::move(map), services.limits);
  if (services.source == nullptr) return shared;
  auto filled = std::make_unique<FilledMap>(std::move(shared), services.source);
  PORTOLAN_CHECK(filled->Preload(kSmallMapMax));
  return std::unique_ptr<SharedMap>(std::move(filled));
}

Made Filled(const MapChoice& choice, const MapServices& services) {
  PORTOLAN_TRY(std::unique_ptr<SharedMap> shared, Share(choice, services));
  if (services.source == nullptr) return shared;
  auto filled = std::make_unique<FilledMap>(std::move(shared), services.source);
  if (choice.filling == Filling::kAsync && services.executor != nullptr)
    filled->FillWith(*services.executor, choice.fill_parts);
  else
    PORTOLAN_CHECK(filled->Preload(choice.filling == Filling::kAsync ? UINT64_MAX : kSmallMapMax));
  return std::unique_ptr<SharedMap>(std::move(filled));
}

Status WriteFromSource(std::uint64_t entries, const MapServices& services) {
  constexpr std::uint64_t kRoomPerEntry = 512;  // address space, not memory
  if (services.source == nullptr)
    return Missing("a source, or an image in the file", "a large map");
  HmapOptions options = Allowed(services);
  options.memory.reserve_bytes = std::max(options.memory.reserve_bytes, entries * kRoomPerEntry);
  PORTOLAN_TRY(Hmap map, Hmap::Create(std::move(options)));
  const auto put = [&](std::string_view key, std::string_view value) -> Status {
    PORTOLAN_CHECK(CheckKey(key, services.limits.key_bytes_max));
    PORTOLAN_CHECK(CheckValue(key, value, services.limits.value_bytes_max));
    PORTOLAN_CHECK(map.Put(key, value));
    return {};
  };
  PORTOLAN_CHECK(services.source->Read(0, 1, put));
  PORTOLAN_TRY(const Snapshot snapshot, map.TakeSnapshot(1, 0));
  Status written = WriteImage(snapshot, services.image_fd);
  // Half an image would be refused the next time; an empty file is written again. Where it cannot
  // be emptied either, what failed first is what the caller has to mend.
  if (!written.ok()) (void)!ftruncate(services.image_fd, 0);
  return written;
}

Made Imaged(std::uint64_t entries, const MapServices& services) {
  if (services.image_fd < 0) return Missing("a file for an image", "a large map");
  struct stat info {};
  if (fstat(services.image_fd, &info) == 0 && info.st_size == 0)
    PORTOLAN_CHECK(WriteFromSource(entries, services));
  PORTOLAN_TRY(std::unique_ptr<MapImage> image,
               MapImage::Open(services.image_fd, *services.fast_paths));
  return AsShared(ImageMap::Create(std::move(image), Allowed(services), services.limits,
                                   FencesOf(*services.fast_paths)));
}

Made Unadmitted(const MapDemand& demand, const MapChoice& choice, const MapServices& services) {
  switch (choice.filling) {
    case Filling::kPooled:
      return Pooled(services);
    case Filling::kImage:
      return Imaged(demand.entries, services);
    case Filling::kPreload:
    case Filling::kAsync:
      break;
  }
  return Filled(choice, services);
}

}  // namespace

MapChoice ChooseMap(const MapDemand& demand, std::uint32_t fill_parts_max) {
  MapChoice choice;
  if (demand.lifetime == MapDemand::Lifetime::kShort) {
    choice.sharing = Sharing::kLocked;
    choice.filling = Filling::kPooled;
    return choice;
  }
  choice.admission = demand.writers > kManyWritersMax;
  if (demand.entries > kMiddleMapMax) {
    choice.filling = Filling::kImage;
    return choice;
  }
  if (demand.entries > kSmallMapMax) {
    choice.filling = Filling::kAsync;
    choice.fill_parts = std::clamp(fill_parts_max, 1u, kFillPartsMax);
  }
  if (demand.writers > kSomeWritersMax) {
    choice.sharing = Sharing::kSharded;
    choice.shards = kShardsPerWriter * std::min(demand.writers, kManyWritersMax);
  } else if (demand.writers > kFewWritersMax) {
    choice.sharing = Sharing::kReadMostly;
  }
  return choice;
}

Made MakeMap(const MapDemand& demand, const MapServices& services) {
  if (services.fast_paths == nullptr) return Missing("fast paths", "any map");
  const MapChoice choice = ChooseMap(demand, services.fill_parts_max);
  if (choice.admission && services.clock == nullptr)
    return Missing("a clock", "a map that admits writes by rate");
  PORTOLAN_TRY(std::unique_ptr<SharedMap> map, Unadmitted(demand, choice, services));
  if (!choice.admission) return map;
  const std::uint64_t burst = services.writes_per_second * kBurstMs / 1'000;
  return std::unique_ptr<SharedMap>(std::make_unique<AdmittedMap>(
      std::move(map), services.writes_per_second, burst, *services.clock));
}

}  // namespace portolan::mapcore
