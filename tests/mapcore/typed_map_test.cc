#include "mapcore/typed_map.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <unordered_map>

#include "mapcore/base/random.h"
#include "mapcore/hmap/diff.h"

namespace portolan::mapcore {
namespace {

static_assert(kIsMapKey<std::int8_t> && kIsMapKey<std::uint64_t> && kIsMapKey<std::string_view>);
static_assert(!kIsMapKey<float> && !kIsMapKey<double> && !kIsMapKey<long double>);
static_assert(!kIsMapKey<const char*> && !kIsMapKey<std::string>);

using Counts = TypedMap<std::uint64_t, std::int64_t>;

template <typename Map>
Map Make() {
  return Map::Create({.seed = 1}).value();
}

TEST(TypedMap, IncrementAfterEraseStartsFromZero) {
  Counts counts = Make<Counts>();
  EXPECT_EQ(*counts.Add(7, 99), 99);
  EXPECT_TRUE(*counts.Erase(7));
  EXPECT_EQ(*counts.Add(7, 1), 1);
  EXPECT_EQ(counts.Find(7), 1);
}

TEST(TypedMap, IncrementAfterEraseStartsFromZeroForKeysOfBytes) {
  auto counts = Make<TypedMap<std::string_view, std::int32_t>>();
  EXPECT_EQ(*counts.Add("key1", 99), 99);
  EXPECT_TRUE(*counts.Erase("key1"));
  EXPECT_EQ(*counts.Add("key1", 1), 1);
  EXPECT_EQ(*counts.Add("key2", 1), 1);
}

TEST(TypedMap, AppendAfterEraseStartsFromNothingForValuesOfBytes) {
  auto map = Make<TypedMap<std::int32_t, std::string_view>>();
  std::string joined;
  const auto append = [&](std::string_view more) {
    return map.Upsert(3, [&](std::optional<std::string_view> now) -> std::string_view {
      joined = std::string(now.value_or("")) + std::string(more);
      return joined;
    });
  };
  ASSERT_TRUE(append("ab").ok());
  ASSERT_TRUE(append("cd").ok());
  EXPECT_EQ(map.Find(3), "abcd");
  ASSERT_TRUE(*map.Erase(3));
  ASSERT_TRUE(append("e").ok());
  EXPECT_EQ(map.Find(3), "e");
}

TEST(TypedMap, IncrementAfterErasingManyStartsFromZero) {
  Counts counts = Make<Counts>();
  for (std::uint64_t key = 0; key < 400; ++key) ASSERT_EQ(*counts.Add(key, 10), 10);
  for (std::uint64_t key = 0; key < 400; key += 2) ASSERT_TRUE(*counts.Erase(key));
  for (std::uint64_t key = 0; key < 400; ++key)
    ASSERT_EQ(*counts.Add(key, 1), key % 2 == 0 ? 1 : 11) << key;
}

TEST(TypedMap, IncrementAfterClearStartsFromZero) {
  Counts counts = Make<Counts>();
  ASSERT_TRUE(counts.Add(1, 5).ok());
  ASSERT_TRUE(counts.Clear().ok());
  EXPECT_TRUE(counts.empty());
  EXPECT_EQ(*counts.Add(1, 1), 1);
}

TEST(TypedMap, AddWrapsAroundAtTheEdgeOfItsType) {
  auto map = Make<TypedMap<std::uint8_t, std::int64_t>>();
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  ASSERT_EQ(*map.Add(1, most), most);
  EXPECT_EQ(*map.Add(1, 1), std::numeric_limits<std::int64_t>::min());
}

TEST(TypedMap, TellsEveryKeyOfASmallTypeApart) {
  auto map = Make<TypedMap<std::int8_t, int>>();
  for (int key = -128; key < 128; ++key)
    ASSERT_TRUE(*map.Put(static_cast<std::int8_t>(key), key * 3));
  EXPECT_EQ(map.size(), 256u);
  for (int key = -128; key < 128; ++key)
    ASSERT_EQ(map.Find(static_cast<std::int8_t>(key)), key * 3);
}

enum class Color : std::uint16_t { kRed = 1, kGreen = 513 };
struct Point {
  std::int32_t x;
  std::int32_t y;
};

TEST(TypedMap, HoldsPlainStructsUnderEnumerations) {
  auto map = Make<TypedMap<Color, Point>>();
  ASSERT_TRUE(*map.Insert(Color::kRed, {1, -2}));
  ASSERT_TRUE(*map.Insert(Color::kGreen, {3, 4}));
  ASSERT_FALSE(*map.Insert(Color::kRed, {9, 9}));
  EXPECT_EQ(map.Find(Color::kRed)->y, -2);
  EXPECT_EQ(map.Find(Color::kGreen)->x, 3);
  EXPECT_FALSE(map.Contains(static_cast<Color>(2)));
}

TEST(TypedMap, ValuesMayBeFloatingPoint) {
  auto map = Make<TypedMap<int, double>>();
  ASSERT_TRUE(map.Put(1, -0.0).ok());
  EXPECT_TRUE(std::signbit(*map.Find(1)));
}

TEST(TypedMap, SnapshotsAreReadAndComparedByType) {
  Counts counts = Make<Counts>();
  for (std::uint64_t key = 0; key < 1'000; ++key) ASSERT_TRUE(counts.Put(key, 1).ok());
  const Snapshot before = counts.map().TakeSnapshot(1, 0).value();
  ASSERT_TRUE(counts.Put(500, 2).ok());
  ASSERT_TRUE(*counts.Erase(7));
  const Snapshot after = counts.map().TakeSnapshot(2, 0).value();
  EXPECT_EQ(Counts::Find(before, 500), 1);
  EXPECT_EQ(Counts::Find(after, 500), 2);
  EXPECT_EQ(Counts::Find(after, 7), std::nullopt);
  EXPECT_EQ(hmap::Diff(before, after).changes.size(), 2u);
  std::set<std::uint64_t> keys;
  std::int64_t sum = 0;
  Counts::ForEach(after, [&](std::uint64_t key, std::int64_t value) {
    keys.insert(key);
    sum += value;
  });
  EXPECT_EQ(keys.size(), 999u);
  EXPECT_EQ(sum, 1'000);
}

TEST(TypedMap, EqualsAnUnorderedMapUnderRandomOperations) {
  constexpr std::uint64_t kSeed = 11;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  Random random(kSeed);
  Counts counts = Make<Counts>();
  std::unordered_map<std::uint64_t, std::int64_t> model;
  for (int step = 0; step < 50'000; ++step) {
    // Keys that differ in their high bits only, or in their low ones only.
    const std::uint64_t key = random.Below(300) << (random.Below(2) == 0 ? 0 : 55);
    if (random.Below(3) == 0) {
      ASSERT_EQ(*counts.Erase(key), model.erase(key) == 1);
    } else {
      model[key] += step;
      ASSERT_EQ(*counts.Add(key, step), model[key]);
    }
  }
  ASSERT_EQ(counts.size(), model.size());
  for (const auto& [key, value] : model) ASSERT_EQ(counts.Find(key), value);
}

}  // namespace
}  // namespace portolan::mapcore
