#include "manifests/directory_artifact.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "mapcore/base/digest.h"

namespace portolan::manifests {
namespace {

namespace fs = std::filesystem;

class DirectoryArtifact : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "portolan-dir-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  void TearDown() override { fs::remove_all(root_); }

  void Write(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }

  fs::path root_;
};

TEST_F(DirectoryArtifact, ListsReadableFilesSortedWithTheirContent) {
  Write("maps/b.json", "{}");
  Write("maps/a.yaml", "a: 1\n");
  Write("README.md", "hello");
  Write(".git/config.yaml", "x");
  const auto artifact = ReadDirectory(root_);
  ASSERT_TRUE(artifact.ok());
  ASSERT_EQ(artifact->files.size(), 2u);
  EXPECT_EQ(artifact->files[0].path, "maps/a.yaml");
  EXPECT_EQ(artifact->files[0].oid, Sha256Of("a: 1\n").Hex());
  EXPECT_EQ(artifact->files[0].size, 5u);
  EXPECT_EQ(*artifact->read(artifact->files[0]), "a: 1\n");
  EXPECT_EQ(artifact->revision.ToString(), "(working tree)");
}

TEST_F(DirectoryArtifact, ReadsLargeAndEmptyFilesWhole) {
  const std::string large(200'001, 'x');
  Write("large.yaml", large);
  Write("empty.yaml", "");
  const auto artifact = ReadDirectory(root_);
  ASSERT_TRUE(artifact.ok());
  ASSERT_EQ(artifact->files.size(), 2u);
  EXPECT_EQ(artifact->read(artifact->files[0]).value(), "");
  EXPECT_EQ(artifact->read(artifact->files[1]).value(), large);
}

TEST_F(DirectoryArtifact, RefusesSymlinksAndLargeFiles) {
  Write("a.yaml", std::string(100, 'x'));
  fs::create_symlink("a.yaml", root_ / "b.yaml");
  fs::create_directory_symlink(".", root_ / "loop");
  const auto artifact = ReadDirectory(root_, {.files = 10, .file_bytes = 50, .total_bytes = 1000});
  ASSERT_TRUE(artifact.ok());
  EXPECT_TRUE(artifact->files.empty());
  ASSERT_EQ(artifact->refusals.size(), 3u);
  EXPECT_EQ(artifact->refusals[0].reason, "TooLarge");
  EXPECT_EQ(artifact->refusals[1].path, "b.yaml");
  EXPECT_EQ(artifact->refusals[1].reason, "SymlinkRefused");
  EXPECT_EQ(artifact->refusals[2].path, "loop");
}

TEST_F(DirectoryArtifact, FailsPastItsLimits) {
  Write("a.yaml", "x");
  Write("b.yaml", "y");
  EXPECT_EQ(ReadDirectory(root_, {.files = 1, .file_bytes = 9, .total_bytes = 9}).error().code,
            ErrorCode::kExhausted);
  EXPECT_EQ(ReadDirectory(root_ / "none").error().code, ErrorCode::kNotFound);
}

TEST_F(DirectoryArtifact, NoticesAFileThatChangedInBetween) {
  Write("a.yaml", "x");
  const auto artifact = ReadDirectory(root_);
  Write("a.yaml", "y");
  EXPECT_EQ(artifact->read(artifact->files.at(0)).error().code, ErrorCode::kConflict);
}

}  // namespace
}  // namespace portolan::manifests
