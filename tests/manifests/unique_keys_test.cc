#include "manifests/unique_keys.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace portolan::manifests
