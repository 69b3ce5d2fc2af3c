#include "mapcore/shared/sharded_map.h"

#include <gtest/gtest.h>

namespace portolan::mapcore {
namespace {

TEST(ShardedMap, RoundsItsShardsUpToAPowerOfTwoWithinItsLimits) {
  EXPECT_EQ(ShardedMap::Create(0).value()->shards(), 1u);
  EXPECT_EQ(ShardedMap::Create(5).value()->shards(), 8u);
  EXPECT_EQ(ShardedMap::Create(8).value()->shards(), 8u);
}

// Each shard may use an eighth of the limit: all of it is reached only when keys spread evenly.
TEST(ShardedMap, SpreadsItsKeysOverAllShards) {
  constexpr std::uint64_t kLimit = 16 << 20;
  const auto map = ShardedMap::Create(8, {.seed = 1, .memory = {.limit_bytes = kLimit}}).value();
  const auto session = map->Open();
  const std::string value(1'000, 'v');
  std::uint64_t bytes = 0;
  for (int i = 0; session->Put("key/" + std::to_string(i), value).ok(); ++i) bytes += 1'000;
  EXPECT_GT(bytes, kLimit * 7 / 10);
}

}  // namespace
}  // namespace portolan::mapcore
