#include "controller/store/blob_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/contracts/temporary_directory.h"

namespace portolan::controller {
namespace {

class BlobFilesTest : public ::testing::Test {
 protected:
  std::string PathOf(const Digest& digest) const {
    return root() + "/" + digest.Hex().substr(0, 2) + "/" + digest.Hex();
  }
  std::string root() const { return directory_.File("blobs"); }

  TemporaryDirectory directory_;
  std::unique_ptr<BlobFiles> blobs_ = BlobFiles::Open(root()).value();
};

TEST_F(BlobFilesTest, ABlobIsAFileOfItsHashThatOnlyTheOwnerReads) {
  const Digest digest = *blobs_->Put("content");
  EXPECT_EQ(ReadTestFile(PathOf(digest)), "content");
  struct stat info;
  ASSERT_EQ(::stat(PathOf(digest).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_EQ(::stat(root().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(BlobFilesTest, StoringTwiceWritesOnce) {
  const Digest digest = *blobs_->Put("content");
  struct stat before, after;
  ASSERT_EQ(::stat(PathOf(digest).c_str(), &before), 0);
  ASSERT_TRUE(blobs_->Put("content").ok());
  ASSERT_EQ(::stat(PathOf(digest).c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
}

TEST_F(BlobFilesTest, AFlippedBitIsCorruptAndStoringAgainHeals) {
  const Digest digest = *blobs_->Put("content");
  directory_.Write("blobs/" + digest.Hex().substr(0, 2) + "/" + digest.Hex(), "cOntent");
  EXPECT_EQ(blobs_->Get(digest).error().code, ErrorCode::kCorrupt);
  ASSERT_TRUE(blobs_->Put("content").ok());
  EXPECT_EQ(*blobs_->Get(digest), "content");
}

TEST_F(BlobFilesTest, TheTemporaryFilesOfACrashAreRemoved) {
  directory_.Write("blobs/tmp/0", "half a blo");
  blobs_ = BlobFiles::Open(root()).value();
  EXPECT_TRUE(std::filesystem::is_empty(root() + "/tmp"));
  EXPECT_TRUE(blobs_->Put("content").ok());
  EXPECT_TRUE(std::filesystem::is_empty(root() + "/tmp"));
}

TEST_F(BlobFilesTest, RemovesEveryBlobButThoseToKeepAndNothingElse) {
  const Digest kept = *blobs_->Put("kept");
  const Digest first = *blobs_->Put("first");
  const Digest second = *blobs_->Put("second");
  directory_.Write("blobs/notes.txt", "not a blob");
  EXPECT_EQ(*blobs_->RemoveExcept({kept}), 2u);
  EXPECT_EQ(*blobs_->Get(kept), "kept");
  EXPECT_EQ(blobs_->Get(first).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(blobs_->Get(second).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(std::filesystem::exists(root() + "/notes.txt"));
  EXPECT_EQ(*blobs_->RemoveExcept({kept}), 0u);
  EXPECT_TRUE(blobs_->Put("first").ok());
}

TEST_F(BlobFilesTest, AWriteThatFailsLeavesNoFile) {
  std::filesystem::remove(root() + "/tmp");
  EXPECT_FALSE(blobs_->Put("content").ok());
  EXPECT_EQ(blobs_->Get(Sha256Of("content")).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace portolan::controller
