#include "mapcore/image_index.h"

#include <gtest/gtest.h>

#include <vector>

namespace portolan::mapcore {
namespace {

std::vector<ImageGroup> Groups(std::size_t full, std::size_t count) {
  std::vector<ImageGroup> groups(count);
  for (std::size_t i = 0; i < full; ++i)
    for (std::uint32_t& ref : groups[i].refs) ref = 1;
  return groups;
}

std::vector<std::uint64_t> Chain(const std::vector<ImageGroup>& index, std::uint64_t hash) {
  std::vector<std::uint64_t> chain;
  VisitChain(index.data(), index.size(), hash, [&](std::uint64_t group) {
    chain.push_back(group);
    return false;
  });
  return chain;
}

TEST(ImageIndex, AChainEndsWithTheFirstGroupThatHasRoom) {
  EXPECT_EQ(Chain(Groups(0, 8), 13), (std::vector<std::uint64_t>{5}));
  EXPECT_EQ(Chain(Groups(3, 8), 1), (std::vector<std::uint64_t>{1, 2, 3}));
  std::vector<ImageGroup> around = Groups(2, 8);
  around[7].refs[7] = 1;
  EXPECT_EQ(Chain(around, 7), (std::vector<std::uint64_t>{7, 0, 1, 2}));
}

TEST(ImageIndex, AChainEndsWhereItsKeyWasFound) {
  const std::vector<ImageGroup> index = Groups(3, 8);
  int visits = 0;
  const auto at_one = [&](std::uint64_t group) { return ++visits, group == 1; };
  EXPECT_TRUE(VisitChain(index.data(), index.size(), 0, at_one));
  EXPECT_EQ(visits, 2);
}

// Else who sends keys of one hash makes a lookup of another of them walk all of it.
TEST(ImageIndex, AChainIsBoundedHoweverManyGroupsAreFull) {
  EXPECT_EQ(Chain(Groups(4'096, 4'096), 4'000).size(), kImageChainMax + 1);
}

}  // namespace
}  // namespace portolan::mapcore
