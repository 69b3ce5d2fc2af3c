#include "mapcore/shared/image_map.h"

#include <gtest/gtest.h>

#include "tests/mapcore/shared/shared_map_fixture.h"

namespace portolan::mapcore {
namespace {

TEST(ImageMap, ChangesLieAboveAnImageThatStaysAsItIs) {
  const MemoryFile file;
  ASSERT_TRUE(WriteImage(SnapshotOf(Numbered(1'000)), file.fd(), {.seed = 1}).ok());
  FastPaths fast_paths;
  const std::shared_ptr<const MapImage> image = MapImage::Open(file.fd(), fast_paths).value();
  const auto map = ImageMap::Create(image).value();
  const auto session = map->Open();
  EXPECT_EQ(map->size(), 1'000u);

  EXPECT_FALSE(*session->Put("key/1", "changed"));
  EXPECT_TRUE(*session->Put("new", "1"));
  EXPECT_TRUE(*session->Erase("key/2"));
  EXPECT_FALSE(*session->Erase("key/2"));
  EXPECT_FALSE(*session->Erase("absent"));
  EXPECT_TRUE(*session->Put("key/2", "-"));  // what stands for an erased key is a value as well
  EXPECT_TRUE(*session->Erase("key/3"));
  EXPECT_TRUE(*session->Erase("new"));

  std::string value;
  EXPECT_EQ(session->Find("key/1", value), Found::kHit);
  EXPECT_EQ(value, "changed");
  EXPECT_EQ(session->Find("key/2", value), Found::kHit);
  EXPECT_EQ(value, "-");
  EXPECT_EQ(session->Find("key/3", value), Found::kMiss);
  EXPECT_EQ(session->Find("new", value), Found::kMiss);
  EXPECT_EQ(session->Find("key/4", value), Found::kHit);
  EXPECT_EQ(value, "value 4");
  EXPECT_EQ(map->size(), 999u);
  EXPECT_EQ(map->changes(), 3u);
  EXPECT_EQ(image->Find("key/3"), "value 3");
}

TEST(ImageMap, CountsWhatWaitsForItsReaders) {
  const MemoryFile file;
  ASSERT_TRUE(WriteImage(SnapshotOf(Numbered(10)), file.fd(), {.seed = 1}).ok());
  FastPaths fast_paths;
  const auto map = ImageMap::Create(MapImage::Open(file.fd(), fast_paths).value()).value();
  ExpectCountsWhatWaits(*map);
}

}  // namespace
}  // namespace portolan::mapcore
