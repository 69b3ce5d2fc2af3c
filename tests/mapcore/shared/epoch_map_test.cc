#include "mapcore/shared/epoch_map.h"

#include <gtest/gtest.h>

#include "tests/mapcore/shared/shared_map_fixture.h"

namespace portolan::mapcore {
namespace {

TEST(EpochMap, SnapshotsOfItStayWhatTheyWere) {
  const auto map = EpochMap::Create({.seed = 1}).value();
  const auto session = map->Open();
  ASSERT_TRUE(session->Put("a", "1").ok());
  const Snapshot before = map->TakeSnapshot(4, 99).value();
  ASSERT_TRUE(session->Put("a", "2").ok());
  ASSERT_TRUE(session->Put("b", "2").ok());
  EXPECT_EQ(before.Find("a"), "1");
  EXPECT_EQ(before.size(), 1u);
  EXPECT_EQ(before.version(), 4u);
  std::string value;
  EXPECT_EQ(session->Find("a", value), Found::kHit);
  EXPECT_EQ(value, "2");
}

TEST(EpochMap, CountsWhatWaitsForItsReaders) {
  const auto map = EpochMap::Create({.seed = 1}).value();
  ExpectCountsWhatWaits(*map);
}

}  // namespace
}  // namespace portolan::mapcore
