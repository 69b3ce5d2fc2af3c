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

  // `shards` is rounded up to a power of two, and to kShardsMax at most; options.memory is divided
  // among them. Errors: kExhausted, as Hmap::Create.
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
