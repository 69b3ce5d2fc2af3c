#include "controller/reconcile/version_cache.h"

#include <gtest/gtest.h>

#include "tests/controller/reconcile/world.h"

namespace portolan::controller {
namespace {

class VersionCacheTest : public testing::Test {
 protected:
  MemoryStore disk;
  FaultyStore store{disk};
  VersionCache cache{store};
};

TEST_F(VersionCacheTest, StoresAVersionBeforeAnybodyCanUseIt) {
  const auto version = VersionOf({{"a", "1"}});
  ASSERT_TRUE(cache.Put(version).ok());
  EXPECT_EQ(disk.GetBlob(version->digest()).value(), version->Serialize());
  EXPECT_EQ(cache.Peek(version->digest()), version);
}

TEST_F(VersionCacheTest, KnowsNothingOfAVersionThatCouldNotBeStored) {
  store.FailWrites(DiskFull());
  const auto version = VersionOf({{"a", "1"}});
  EXPECT_EQ(cache.Put(version).error().code, ErrorCode::kExhausted);
  EXPECT_EQ(cache.Peek(version->digest()), nullptr);
}

TEST_F(VersionCacheTest, SharesAVersionThatSomebodyHolds) {
  const auto version = VersionOf({{"a", "1"}});
  ASSERT_TRUE(cache.Put(version).ok());
  EXPECT_EQ(cache.Get(version->digest()).value(), version);
}

TEST_F(VersionCacheTest, ReadsBackWhatNobodyHoldsAnyMore) {
  auto version = VersionOf({{"a", "1"}, {"b", "2"}});
  const Digest digest = version->digest();
  ASSERT_TRUE(cache.Put(version).ok());
  version.reset();
  EXPECT_EQ(cache.Peek(digest), nullptr);
  const auto again = cache.Get(digest).value();
  EXPECT_EQ(again->digest(), digest);
  EXPECT_EQ(again->Find("b"), "2");
  EXPECT_EQ(cache.Peek(digest), again);
}

TEST_F(VersionCacheTest, ReadsAnewAlsoWhatSomebodyHolds) {
  const auto version = VersionOf({{"a", "1"}});
  ASSERT_TRUE(cache.Put(version).ok());
  const auto anew = cache.Reload(version->digest()).value();
  EXPECT_NE(anew, version);
  EXPECT_EQ(anew->Find("a"), "1");
  EXPECT_EQ(cache.Get(version->digest()).value(), anew);
}

TEST_F(VersionCacheTest, SaysWhenAVersionIsNotStored) {
  EXPECT_EQ(cache.Get(Sha256Of("nothing")).error().code, ErrorCode::kNotFound);
}

TEST_F(VersionCacheTest, TakesNoOtherBlobForAVersion) {
  const Digest digest = disk.PutBlob("not a version").value();
  EXPECT_EQ(cache.Get(digest).error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace portolan::controller
