#include "manifests/desired_state.h"

#include <gtest/gtest.h>

namespace portolan::manifests {
namespace {

TEST(DesiredMap, IsSensitiveWhereAGlobCoversTheKey) {
  DesiredMap map;
  EXPECT_FALSE(map.IsSensitive("token/a"));
  map.sensitive = {"token/*", "password"};
  EXPECT_TRUE(map.IsSensitive("token/a/b"));
  EXPECT_TRUE(map.IsSensitive("password"));
  EXPECT_FALSE(map.IsSensitive("passwords"));
}

}  // namespace
}  // namespace portolan::manifests
