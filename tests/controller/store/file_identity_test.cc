#include "controller/store/file_identity.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/contracts/temporary_directory.h"

namespace portolan::controller {
namespace {

TEST(FileIdentity, HoldsWhileTheFileGrowsAndEndsWhenItIsReplacedOrRemoved) {
  const TemporaryDirectory directory;
  const std::string path = directory.Write("file", "one");
  const FileIdentity identity = FileIdentity::Of(path).value();
  directory.Write("file", "grown");
  EXPECT_TRUE(identity.CheckUnchanged().ok());
  std::filesystem::rename(directory.Write("other", "two"), path);
  const Status replaced = identity.CheckUnchanged();
  ASSERT_FALSE(replaced.ok());
  EXPECT_EQ(replaced.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(replaced.error().message.find(path + " was replaced"), std::string::npos);
  std::filesystem::remove(path);
  EXPECT_NE(identity.CheckUnchanged().error().message.find("was removed"), std::string::npos);
}

TEST(FileIdentity, OfNoFileIsNotFound) {
  const TemporaryDirectory directory;
  EXPECT_EQ(FileIdentity::Of(directory.File("none")).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace portolan::controller
