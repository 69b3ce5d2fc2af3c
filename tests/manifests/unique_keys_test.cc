#include "manifests/unique_keys.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace portolan::manifests {
namespace {

TEST(FindRepeatedKeys, NamesEachRepetitionWithTheFirstOccurrence) {
  const auto repeated = FindRepeatedKeys({"b", "a", "b", "c", "a", "b"});
  ASSERT_EQ(repeated.size(), 3u);
  EXPECT_EQ(repeated[0].index, 2u);
  EXPECT_EQ(repeated[0].first, 0u);
  EXPECT_EQ(repeated[1].index, 4u);
  EXPECT_EQ(repeated[1].first, 1u);
  EXPECT_EQ(repeated[2].index, 5u);
  EXPECT_EQ(repeated[2].first, 0u);
}

TEST(FindRepeatedKeys, FindsNothingAmongUniqueKeys) {
  EXPECT_TRUE(FindRepeatedKeys({}).empty());
  EXPECT_TRUE(FindRepeatedKeys({"a", "", "A", "aa"}).empty());
}

// Many keys that ascend are not sorted; equal neighbours, and one pair far apart, are found.
TEST(FindRepeatedKeys, FindsRepetitionsAmongManyKeysInOrderAndOut) {
  std::vector<std::string> texts;
  for (int i = 100; i < 150; ++i) texts.push_back(std::to_string(i));
  std::vector<std::string_view> keys(texts.begin(), texts.end());
  EXPECT_TRUE(FindRepeatedKeys(keys).empty());
  keys.insert(keys.begin() + 20, keys[19]);
  auto repeated = FindRepeatedKeys(keys);
  ASSERT_EQ(repeated.size(), 1u);
  EXPECT_EQ(repeated[0].index, 20u);
  EXPECT_EQ(repeated[0].first, 19u);
  keys.push_back(keys[0]);
  repeated = FindRepeatedKeys(keys);
  ASSERT_EQ(repeated.size(), 2u);
  EXPECT_EQ(repeated[1].index, 51u);
  EXPECT_EQ(repeated[1].first, 0u);
}

}  // namespace
}  // namespace portolan::manifests
