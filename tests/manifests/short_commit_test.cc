#include "manifests/short_commit.h"

#include <gtest/gtest.h>

namespace portolan::manifests {
namespace {

TEST(ShortCommit, IsTheFirstSevenDigits) {
  EXPECT_EQ(ShortCommit("8c1f0e2d1a2b3c4d5e6f708192a3b4c5d6e7f809"), "8c1f0e2");
  EXPECT_EQ(ShortCommit("8c1"), "8c1");
  EXPECT_EQ(ShortCommit(""), "") << "a working tree has no commit";
}

}  // namespace
}  // namespace portolan::manifests
