#include "mapcore/hmap/ref_list.h"

#include <gtest/gtest.h>

#include <vector>

namespace portolan::mapcore::hmap {
namespace {

TEST(RefList, KeepsWhatItsFilterKeepsAcrossBlocks) {
  std::vector<RefList::Block> memory(3);
  RefList list;
  for (std::uint32_t i = 0; i < 2 * RefList::Block::kItems + 5; ++i) {
    RefList::Block* spare = list.NeedsBlock() ? &memory[i / RefList::Block::kItems] : nullptr;
    list.Append({i, i}, spare);
  }
  EXPECT_EQ(list.blocks(), 3u);
  int recycled = 0;
  int soon = 0;
  list.Filter([&](const RefList::Item&) { ++soon; },
              [](const RefList::Item& item) { return item.tag >= 100; },
              [&](RefList::Block*) { ++recycled; });
  EXPECT_EQ(recycled, 2) << "45 fit in one";
  EXPECT_EQ(soon, 2 * static_cast<int>(RefList::Block::kItems) + 5);
  std::uint32_t expected = 100;
  list.ForEach([&](const RefList::Item& item) { EXPECT_EQ(item.ref, expected++); });
  EXPECT_EQ(expected, 2 * RefList::Block::kItems + 5);
}

}  // namespace
}  // namespace portolan::mapcore::hmap
