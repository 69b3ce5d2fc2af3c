#include "controller/process/scratch_folder.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace portolan::controller {
namespace {

namespace fs = std::filesystem;

TEST(ScratchFolder, IsClosedToOthersAndGoneAtTheEnd) {
  std::string path;
  {
    const auto folder = ScratchFolder::Make();
    ASSERT_TRUE(folder.ok()) << folder.error().message;
    path = folder->path();
    const auto file = folder->Write("secret", "12345");
    ASSERT_TRUE(file.ok()) << file.error().message;
    EXPECT_EQ(fs::file_size(*file), 5u);
    EXPECT_EQ(fs::status(*file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_all);
  }
  EXPECT_FALSE(fs::exists(path));
}

}  // namespace
}  // namespace portolan::controller
