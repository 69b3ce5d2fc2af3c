#include "mapcore/shared/locked_map.h"

#include <gtest/gtest.h>

namespace portolan::mapcore {
namespace {

TEST(LockedMap, GivesItsMapBackToThePoolItCameFrom) {
  MapPool pool({.map = {.seed = 1}});
  {
    LockedMap map(pool.Take().value());
    EXPECT_TRUE(map.Open()->Put("a", "1").ok());
    EXPECT_EQ(map.size(), 1u);
    EXPECT_EQ(pool.stats().resting, 0u);
  }
  EXPECT_EQ(pool.stats().resting, 1u);
  LockedMap again(pool.Take().value());
  EXPECT_EQ(again.size(), 0u);
  EXPECT_EQ(pool.stats().reused, 1u);
}

TEST(LockedMap, SaysWhenMemoryIsOut) {
  const auto map =
      LockedMap::Create({.seed = 1, .memory = {.reserve_bytes = 2 << 20, .limit_bytes = 1 << 18}})
          .value();
  const auto session = map->Open();
  ErrorCode code = ErrorCode::kInternal;
  for (int i = 0; i < 10'000; ++i) {
    const auto put = session->Put("key/" + std::to_string(i), std::string(100, 'v'));
    if (put.ok()) continue;
    code = put.error().code;
    break;
  }
  EXPECT_EQ(code, ErrorCode::kExhausted);
  EXPECT_EQ(map->counters().refused, 1u);
}

}  // namespace
}  // namespace portolan::mapcore
