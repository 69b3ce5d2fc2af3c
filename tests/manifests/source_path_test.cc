#include "manifests/source_path.h"

#include <gtest/gtest.h>

namespace portolan::manifests {
namespace {

TEST(SourcePath, MatchesWithinOneFolder) {
  EXPECT_TRUE(PathMatch("a/*.yaml", "a/b.yaml"));
  EXPECT_TRUE(PathMatch("a/*.yaml", "a/.yaml"));
  EXPECT_FALSE(PathMatch("a/*.yaml", "a/b/c.yaml"));
  EXPECT_TRUE(PathMatch("*/x?.json", "a/x1.json"));
  EXPECT_FALSE(PathMatch("a?b", "a/b"));
  EXPECT_TRUE(PathMatch("a*b*c", "aXbXbc"));
  EXPECT_FALSE(PathMatch("a*b*c", "aXbX/bc"));
  EXPECT_TRUE(PathMatch("*", ""));
  EXPECT_FALSE(PathMatch("a", "ab"));
  EXPECT_EQ(LiteralPrefix("maps/more-*/x?"), "maps/more-");
}

TEST(SourcePath, ResolvesInsideTheSourceOnly) {
  EXPECT_EQ(ResolvePath("maps", "more/*.yaml"), "maps/more/*.yaml");
  EXPECT_EQ(ResolvePath("maps/a", "./../b.json"), "maps/b.json");
  EXPECT_EQ(ResolvePath("", "b.json"), "b.json");
  EXPECT_FALSE(ResolvePath("maps", "../../b.json"));
  EXPECT_FALSE(ResolvePath("maps", "/etc/b.json"));
  EXPECT_FALSE(ResolvePath("maps", ".."));
}

TEST(SourcePath, KnowsHiddenAndReadableFiles) {
  EXPECT_TRUE(IsHiddenPath(".github/ci.yaml"));
  EXPECT_TRUE(IsHiddenPath("a/.b.yaml"));
  EXPECT_FALSE(IsHiddenPath("a.b/c.yaml"));
  EXPECT_TRUE(IsReadablePath("a.yml"));
  EXPECT_FALSE(IsReadablePath("a.yaml.bak"));
  EXPECT_EQ(FolderOf("a/b/c.yaml"), "a/b");
  EXPECT_EQ(FolderOf("c.yaml"), "");
}

}  // namespace
}  // namespace portolan::manifests
