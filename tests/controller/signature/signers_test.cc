#include "controller/signature/signers.h"

#include <gtest/gtest.h>

namespace portolan::controller {
namespace {

TEST(Signers, TheDigestTellsAnyTwoListsApart) {
  Signers one;
  EXPECT_TRUE(one.empty());
  one.gpg = {{"a", "F", "key"}};
  Signers other = one;
  EXPECT_EQ(one.digest(), other.digest());
  other.gpg = {{"aF", "", "key"}};
  EXPECT_NE(one.digest(), other.digest());
  other = one;
  other.ssh = "a";
  EXPECT_NE(one.digest(), other.digest());
  EXPECT_FALSE(other.empty());
}

}  // namespace
}  // namespace portolan::controller
