#include "mapcore/shared/sharded_map.h"

#include <gtest/gtest.h>

#include <string>

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

// Divided among all shards, the limit was too little for each to be made, or to take an entry.
TEST(ShardedMap, MakesFewerShardsWhereItsLimitIsTooLittleForAll) {
  struct Case {
    std::uint32_t asked;
    std::uint64_t limit;
    std::size_t made;
  };
  for (const auto& [asked, limit, made] :
       {Case{256, 8 << 20, 8}, Case{64, 4 << 20, 4}, Case{256, 32 << 20, 32}, Case{256, 3 << 20, 2},
        Case{1'024, ShardedMap::kShardBytesMin, 1}}) {
    const auto map = ShardedMap::Create(asked, {.seed = 1, .memory = {.limit_bytes = limit}});
    ASSERT_TRUE(map.ok()) << map.error().message;
    EXPECT_EQ((*map)->shards(), made) << asked << " shards of " << limit;
    const auto session = (*map)->Open();
    const std::string value(1'000, 'v');
    std::uint64_t bytes = 0;
    for (int i = 0; bytes <= limit; ++i) {
      const auto put = session->Put("key/" + std::to_string(i), value);
      if (!put.ok()) {
        EXPECT_EQ(put.error().code, ErrorCode::kExhausted);
        break;
      }
      bytes += value.size();
    }
    EXPECT_GT(bytes, limit * 7 / 10) << asked << " shards of " << limit;
    EXPECT_LE(bytes, limit) << asked << " shards of " << limit;
  }
}

TEST(ShardedMap, RefusesALimitThatIsTooLittleForOneShardAndNamesTheLeast) {
  for (const std::uint64_t limit :
       {std::uint64_t{1}, std::uint64_t{1'000}, ShardedMap::kShardBytesMin - 1}) {
    const auto map = ShardedMap::Create(1'024, {.seed = 1, .memory = {.limit_bytes = limit}});
    ASSERT_FALSE(map.ok());
    EXPECT_EQ(map.error().code, ErrorCode::kInvalid);
    EXPECT_NE(map.error().message.find("at least 1048576 bytes"), std::string::npos)
        << map.error().message;
  }
}

}  // namespace
}  // namespace portolan::mapcore
