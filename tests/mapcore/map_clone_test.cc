#include "mapcore/map_clone.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace portolan::mapcore {
namespace {

std::string Key(int i) {
  return "key/" + std::to_string(i);
}

TEST(CloneMap, OutlivesItsOriginalAndSharesNothingWithIt) {
  constexpr int kEntries = 20'000;
  auto original = std::make_optional(Hmap::Create({.seed = 1}).value());
  for (int i = 0; i < kEntries; ++i)
    ASSERT_TRUE(original->Put(Key(i), std::string(static_cast<std::size_t>(i % 300), 'v')).ok());
  std::optional<Hmap> clone = CloneMap(original->TakeSnapshot(1, 0).value(), {.seed = 1}).value();
  EXPECT_EQ(clone->size(), original->size());
  EXPECT_EQ(clone->digest(), original->digest());
  EXPECT_EQ(clone->lineage().Validate().ok(), true);

  ASSERT_TRUE(original->Put(Key(7), "changed").ok());
  ASSERT_TRUE(clone->Erase(Key(8)).ok());
  EXPECT_EQ(clone->Find(Key(7)), std::string(7, 'v'));
  EXPECT_EQ(original->Find(Key(8)), std::string(8, 'v'));
  original.reset();
  for (int i = 9; i < kEntries; ++i)
    ASSERT_EQ(clone->Find(Key(i)), std::string(static_cast<std::size_t>(i % 300), 'v'));
}

TEST(CloneMap, SplitsNoPage) {
  Hmap original = Hmap::Create({.seed = 1}).value();
  for (int i = 0; i < 50'000; ++i) ASSERT_TRUE(original.Put(Key(i), "v").ok());
  const Hmap clone = CloneMap(original.TakeSnapshot(1, 0).value(), {.seed = 2}).value();
  Hmap reserved = Hmap::Create({.seed = 2}).value();
  ASSERT_TRUE(reserved.Reserve(50'000).ok());
  EXPECT_EQ(clone.debug().buckets, reserved.debug().buckets);
}

TEST(CloneMap, OfAnEmptyMapIsEmpty) {
  Hmap original = Hmap::Create().value();
  EXPECT_TRUE(CloneMap(original.TakeSnapshot(1, 0).value()).value().empty());
}

TEST(CloneMap, SaysWhenMemoryIsOut) {
  Hmap original = Hmap::Create({.seed = 1}).value();
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(original.Put(Key(i), "v").ok());
  const auto clone =
      CloneMap(original.TakeSnapshot(1, 0).value(), {.memory = {.limit_bytes = 1 << 18}});
  ASSERT_FALSE(clone.ok());
  EXPECT_EQ(clone.error().code, ErrorCode::kExhausted);
}

}  // namespace
}  // namespace portolan::mapcore
