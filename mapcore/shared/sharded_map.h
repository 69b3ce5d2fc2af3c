#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "mapcore/hmap.h"
#include "mapcore/shared/shared_map.h"

namespace portolan::mapcore {

// Several Hmaps, each behind its own reader-writer lock; a key's hash, under a seed of its own,
// says which. Writers to different shards do not wait for each other. No snapshot, and no size, of
// one moment over all of it.
class ShardedMap : public SharedMap {
 public:
  static constexpr std::uint32_t kShardsMax = 1'024;
  // The least that a limit leaves each shard. A Hmap has 128 KiB before its first entry and grows
  // by extents of 64 KiB: of 1 MiB it fills 86 % with values of 1,000 bytes (of 60,000: 80 %; of
  // 32: 55 %, as of 4 MiB), of 256 KiB 49 %, of 128 KiB nothing.
  static constexpr std::uint64_t kShardBytesMin = std::uint64_t{1} << 20;

  // `shards` is rounded up to a power of two, and to kShardsMax at most; options.memory is divided
  // among them. A limit_bytes that would leave each less than kShardBytesMin makes fewer shards:
  // see shards(). Errors: kInvalid for a limit_bytes below kShardBytesMin; kExhausted, as
  // Hmap::Create.
  static Result<std::unique_ptr<ShardedMap>> Create(std::uint32_t shards, HmapOptions options = {},
                                                    const EntryLimits& limits = {});
  ~ShardedMap() override;

  std::unique_ptr<MapSession> Open() override;
  std::uint64_t size() const override;
  std::string_view name() const override { return "sharded"; }
  std::size_t shards() const { return shards_.size(); }

 private:
  class Session;
  struct Shard;
  ShardedMap(const EntryLimits& limits, std::uint64_t seed);
  Shard& ShardOf(std::string_view key) const;

  const std::uint64_t seed_;  // prepared; not a shard's own, or a shard would use few of its pages
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace portolan::mapcore
