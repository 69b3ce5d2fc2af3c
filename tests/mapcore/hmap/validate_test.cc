#include "mapcore/hmap/validate.h"

#include <gtest/gtest.h>

#include <string>

#include "mapcore/hmap.h"

namespace portolan::mapcore::hmap {
namespace {

class ValidateTest : public testing::Test {
 protected:
  ValidateTest() {
    for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(map_.Put(std::to_string(i), "v").ok());
    EXPECT_EQ(Problem(), "");
  }
  std::string Problem() {
    const Status status = map_.lineage().Validate();
    return status.ok() ? "" : status.error().message;
  }
  Page& PageOfKey(const std::string& key) { return *FindPage(top(), top().HashOf(key)); }
  Top& top() { return *map_.branch().head.top; }
  Slot SlotOfKey(const std::string& key) {
    return Probe(&PageOfKey(key), HashParts(top().HashOf(key)), map_.lineage().base(),
                 [&](Arena::Ref ref) { return map_.lineage().RecordAt(ref)->HasKey(key); });
  }

  Hmap map_ = Hmap::Create({.seed = 3}).value();
};

TEST_F(ValidateTest, FindsAPassCounterThatIsOff) {
  ++PageOfKey("5").buckets[3].link;
  EXPECT_NE(Problem().find("pass counter"), std::string::npos);
}

TEST_F(ValidateTest, FindsACountThatIsOff) {
  PageOfKey("5").set_count(PageOfKey("5").count() + 1);
  EXPECT_NE(Problem().find("count"), std::string::npos);
}

TEST_F(ValidateTest, FindsBitsThatAreNotTheHashs) {
  const Slot slot = SlotOfKey("5");
  slot.page->buckets[slot.bucket].ext[slot.index] ^= 0x100;
  EXPECT_NE(Problem().find("bits"), std::string::npos);
}

TEST_F(ValidateTest, FindsAReferenceInAnEmptySlot) {
  Bucket& bucket = SlotOfKey("5").page->buckets[7];
  ASSERT_EQ(bucket.tops >> 56, 0u);
  bucket.refs[7] = 8;
  EXPECT_NE(Problem().find("empty slot"), std::string::npos);
}

TEST_F(ValidateTest, FindsAnEntryInAPageThatIsNotItsHashs) {
  std::swap(ChunkOf(top().chunks()[0])->pages[0], ChunkOf(top().chunks()[0])->pages[63]);
  EXPECT_NE(Problem(), "");
}

TEST_F(ValidateTest, FindsADigestThatIsOff) {
  (void)map_.digest();
  EXPECT_EQ(Problem(), "");
  PageOfKey("5").KeepDigest(PageOfKey("5").digest() + 1);
  EXPECT_NE(Problem().find("digest"), std::string::npos);
}

TEST_F(ValidateTest, FindsALeakedBlock) {
  ASSERT_NE(map_.lineage().arena().AllocatePage(), nullptr);
  EXPECT_NE(Problem().find("blocks in use"), std::string::npos);
}

TEST_F(ValidateTest, FindsALostEntry) {
  EmptySlot(SlotOfKey("5"));
  EXPECT_NE(Problem(), "");
}

TEST_F(ValidateTest, FindsABirthInTheFuture) {
  PageOfKey("5").set_birth(1'000);
  EXPECT_NE(Problem().find("future"), std::string::npos);
}

}  // namespace
}  // namespace portolan::mapcore::hmap
