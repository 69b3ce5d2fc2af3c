#include "mapcore/entry_limits.h"

#include <gtest/gtest.h>

#include <string>

namespace portolan::mapcore {
namespace {

TEST(EntryLimits, AKeyHasOneByteAtLeastAndNoMoreThanTheLimit) {
  EXPECT_TRUE(CheckKey("k", 4).ok());
  EXPECT_TRUE(CheckKey("four", 4).ok());
  EXPECT_TRUE(CheckKey(std::string_view("\0", 1), 4).ok());
  EXPECT_EQ(CheckKey("", 4).error().message, "expected a key of 1 to 4 bytes, found an empty one");
  EXPECT_EQ(CheckKey("fives", 4).error().message,
            "expected a key of 1 to 4 bytes, found 5 bytes: \"fives…\"");
}

TEST(EntryLimits, NullIsNeitherAKeyNorAValue) {
  EXPECT_EQ(CheckKey({}, 4).error().message, "expected a key of 1 to 4 bytes, found null");
  EXPECT_EQ(CheckValue("k", {}, 4).error().message,
            "key \"k\": expected a value of at most 4 bytes, found null; erase the key instead");
  EXPECT_EQ(CheckValue("k", {}, 4).error().code, ErrorCode::kInvalid);
}

TEST(EntryLimits, AValueMayBeEmptyAndNoLongerThanTheLimit) {
  EXPECT_TRUE(CheckValue("k", "", 4).ok());
  EXPECT_TRUE(CheckValue("k", "four", 4).ok());
  EXPECT_EQ(CheckValue("k", "fives", 4).error().message,
            "key \"k\": expected a value of at most 4 bytes, found 5");
}

}  // namespace
}  // namespace portolan::mapcore
