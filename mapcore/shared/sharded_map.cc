#include "mapcore/shared/sharded_map.h"

#include <algorithm>
#include <bit>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <utility>

namespace portolan::mapcore {
namespace {

Error TooLittle(std::uint64_t limit) {
  return {ErrorCode::kInvalid, "making a sharded map: expected a memory limit of at least " +
                                   std::to_string(ShardedMap::kShardBytesMin) +
                                   " bytes, or 0 for none, found " + std::to_string(limit) +
                                   "; raise it, or share the map in another way"};
}

}  // namespace

struct alignas(64) ShardedMap::Shard {
  explicit Shard(Hmap made) : map(std::move(made)) {}
  std::shared_mutex mutex;
  Hmap map;  // guarded by mutex
};

class ShardedMap::Session : public MapSession {
 public:
  explicit Session(ShardedMap& map) : MapSession(map), map_(map) {}

 private:
  Found DoFind(std::string_view key, std::string& value) override {
    Shard& shard = map_.ShardOf(key);
    const std::shared_lock lock(shard.mutex);
    const auto found = shard.map.Find(key);
    if (!found) return Found::kMiss;
    value.assign(*found);
    return Found::kHit;
  }
  Result<bool> DoPut(std::string_view key, std::string_view value) override {
    Shard& shard = map_.ShardOf(key);
    const std::lock_guard lock(shard.mutex);
    return shard.map.Put(key, value);
  }
  Result<bool> DoErase(std::string_view key) override {
    Shard& shard = map_.ShardOf(key);
    const std::lock_guard lock(shard.mutex);
    return shard.map.Erase(key);
  }

  ShardedMap& map_;
};

ShardedMap::ShardedMap(const EntryLimits& limits, std::uint64_t seed)
    : SharedMap(limits), seed_(seed) {}
ShardedMap::~ShardedMap() = default;

Result<std::unique_ptr<ShardedMap>> ShardedMap::Create(std::uint32_t shards, HmapOptions options,
                                                       const EntryLimits& limits) {
  constexpr std::uint64_t kReserveMin = std::uint64_t{2} << 20;  // an arena's
  const std::uint64_t limit = options.memory.limit_bytes;
  shards = std::bit_ceil(std::clamp(shards, 1u, kShardsMax));
  if (limit != 0) {  // 0 must not come of a division: it stands for no limit
    if (limit < kShardBytesMin) return TooLittle(limit);
    const std::uint64_t useful = std::bit_floor(limit / kShardBytesMin);
    shards = static_cast<std::uint32_t>(std::min<std::uint64_t>(shards, useful));
  }
  options.memory.reserve_bytes = std::max(options.memory.reserve_bytes / shards, kReserveMin);
  options.memory.limit_bytes = limit / shards;
  const std::uint64_t seed = options.seed ? *options.seed + 1 : hmap::DrawSeed();
  std::unique_ptr<ShardedMap> map(new ShardedMap(limits, hmap::PrepareSeed(seed)));
  while (map->shards_.size() < shards) {
    Result<Hmap> shard = Hmap::Create(options);
    if (shard.ok()) {
      map->shards_.push_back(std::make_unique<Shard>(std::move(shard).value()));
      continue;
    }
    // Where address space is short the first shards took it all: all begin anew with less.
    if (options.memory.reserve_bytes <= kReserveMin) return std::move(shard).error();
    options.memory.reserve_bytes = std::max(options.memory.reserve_bytes / 2, kReserveMin);
    map->shards_.clear();
  }
  return map;
}

ShardedMap::Shard& ShardedMap::ShardOf(std::string_view key) const {
  return *shards_[hmap::HashBytes(key, seed_) & (shards_.size() - 1)];
}

std::unique_ptr<MapSession> ShardedMap::Open() {
  return std::make_unique<Session>(*this);
}

std::uint64_t ShardedMap::size() const {
  std::uint64_t sum = 0;
  for (const auto& shard : shards_) {
    const std::shared_lock lock(shard->mutex);
    sum += shard->map.size();
  }
  return sum;
}

}  // namespace portolan::mapcore
