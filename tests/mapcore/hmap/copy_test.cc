#include "mapcore/hmap/copy.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "mapcore/hmap.h"

namespace portolan::mapcore::hmap {
namespace {

class CopyContentsTest : public testing::Test {
 protected:
  CopyContentsTest() {
    for (int i = 0; i < 3'000; ++i)
      EXPECT_TRUE(original.Put("key/" + std::to_string(i), std::to_string(i)).ok());
    snapshot = original.TakeSnapshot(1, 0).value();
  }

  Hmap original = Hmap::Create({.seed = 1}).value();
  Snapshot snapshot;
  Lineage to{Arena::Create({}).value(), nullptr, UINT32_MAX};
};

TEST_F(CopyContentsTest, FindsEveryKeyInMemoryOfItsOwn) {
  const Contents copy = CopyContents(snapshot.lineage(), snapshot.contents(), to);
  ASSERT_NE(copy.top, nullptr);
  EXPECT_EQ(copy.size, 3'000u);
  EXPECT_EQ(copy.pages, snapshot.contents().pages);
  for (int i = 0; i < 3'000; ++i) {
    const std::string key = "key/" + std::to_string(i);
    const Record* record = FindRecord(copy.top, key, to.base());
    ASSERT_NE(record, nullptr) << key;
    EXPECT_EQ(record->value(), std::to_string(i));
    EXPECT_NE(record, snapshot.FindRecord(key));
    EXPECT_EQ(record->birth(), to.version());
  }
}

TEST_F(CopyContentsTest, HasNoTopWhereverMemoryIsOut) {
  for (std::uint64_t n = 0; n < 3'000; n = 3 * n + 1) {
    Lineage full(Arena::Create({}).value(), nullptr, UINT32_MAX);
    full.arena().FailFrom(n);
    EXPECT_EQ(CopyContents(snapshot.lineage(), snapshot.contents(), full).top, nullptr) << n;
  }
}

}  // namespace
}  // namespace portolan::mapcore::hmap
