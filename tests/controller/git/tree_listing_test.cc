#include "controller/git/tree_listing.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/controller/git/test_repository.h"

namespace portolan::controller {
namespace {

namespace fs = std::filesystem;

class TreeListingTest : public ::testing::Test {
 protected:
  Result<TreeListing::Listed> List(TreeListing& listing) {
    InitLibgit();
    GitPtr<git_repository> repository;
    EXPECT_GE(OpenBareRepository(repository, repository_.dir() + "/.git"), 0);
    return listing.List(repository.get(), repository_.Git("rev-parse HEAD^{tree}"));
  }

  TreeListing::Listed MustList(const TreeLimits& limits = {}) {
    TreeListing listing(limits);
    auto listed = List(listing);
    EXPECT_TRUE(listed.ok()) << listed.error().message;
    return std::move(listed).value();
  }

  // Makes the loose object of a file's content unreadable. Its header, the first bytes, stays.
  void DamageBlob(const std::string& path) const {
    const std::string oid = repository_.Git("rev-parse HEAD:" + path);
    const std::string object =
        repository_.dir() + "/.git/objects/" + oid.substr(0, 2) + "/" + oid.substr(2);
    const std::string bytes = ReadFile(object);
    fs::remove(object);
    WriteFile(object, bytes.substr(0, bytes.size() / 2) + std::string(bytes.size() / 2, '\xFF'));
  }

  // A tree object with these entries, whatever their names.
  std::string MakeTree(const std::string& entries) const {
    const std::string path = directory_.Path("entries");
    WriteFile(path, entries);
    return repository_.Git("mktree < '" + path + "'");
  }

  TestDirectory directory_;
  TestRepository repository_{directory_.Path("repository")};
};

void ExpectOneRefusal(const TreeListing::Listed& listed, const std::string& path,
                      const std::string& reason) {
  ASSERT_EQ(listed.refusals.size(), 1u);
  EXPECT_EQ(listed.refusals[0].path, path);
  EXPECT_EQ(listed.refusals[0].reason, reason);
  EXPECT_TRUE(listed.refusals[0].message.starts_with("\"" + path + "\" "));
}

std::string LfsPointer() {
  return "version https://git-lfs.github.com/spec/v1\noid sha256:" + std::string(64, 'a') +
         "\nsize 12345\n";
}

TEST_F(TreeListingTest, SortsWholePathsByTheirBytes) {
  repository_.Write("a/z.yaml", "1");
  repository_.Write("a-b.yaml", "2");
  repository_.Commit("a.yaml", "3");
  const auto listed = MustList();
  ASSERT_EQ(listed.files.size(), 3u);
  EXPECT_EQ(listed.files[0].path, "a-b.yaml");
  EXPECT_EQ(listed.files[1].path, "a.yaml");
  EXPECT_EQ(listed.files[2].path, "a/z.yaml");
}

TEST_F(TreeListingTest, RefusesASymlinkWithoutFollowingIt) {
  repository_.Write("a.yaml", "one");
  fs::create_symlink("/etc/passwd", repository_.dir() + "/link.yaml");
  repository_.Git("add -A");
  repository_.CommitIndex();
  const auto listed = MustList();
  EXPECT_EQ(listed.files.size(), 1u);
  ExpectOneRefusal(listed, "link.yaml", "SymlinkRefused");
}

TEST_F(TreeListingTest, RefusesASubmodule) {
  repository_.Write("a.yaml", "one");
  repository_.Git("add -A");
  repository_.Git("update-index --add --cacheinfo 160000," + std::string(40, 'd') + ",vendor");
  repository_.CommitIndex();
  const auto listed = MustList();
  EXPECT_EQ(listed.files.size(), 1u);
  ExpectOneRefusal(listed, "vendor", "SubmoduleRefused");
}

TEST_F(TreeListingTest, RefusesAnLfsPointerAndNotATextAboutLfs) {
  repository_.Write("about.yaml", "# " + LfsPointer());
  repository_.Commit("big.csv", LfsPointer());
  const auto listed = MustList();
  ASSERT_EQ(listed.files.size(), 1u);
  EXPECT_EQ(listed.files[0].path, "about.yaml");
  ExpectOneRefusal(listed, "big.csv", "LfsPointer");
}

TEST_F(TreeListingTest, RefusesABlobOverTheLimitAndTakesOneAtIt) {
  repository_.Write("at.yaml", std::string(2000, 'x'));
  repository_.Commit("over.yaml", std::string(2001, 'x'));
  const auto listed = MustList({.blob_bytes = 2000});
  ASSERT_EQ(listed.files.size(), 1u);
  EXPECT_EQ(listed.files[0].path, "at.yaml");
  ExpectOneRefusal(listed, "over.yaml", "TooLarge");
}

TEST_F(TreeListingTest, RefusesFilesAndDirectoriesThatDifferOnlyInCase) {
  repository_.Write("Maps/a.yaml", "1");
  repository_.Write("maps/b.yaml", "2");
  repository_.Write("x/Limits.yaml", "3");
  repository_.Write("x/limits.yaml", "4");
  repository_.Commit("x/other.yaml", "5");
  const auto listed = MustList();
  ASSERT_EQ(listed.files.size(), 1u);
  EXPECT_EQ(listed.files[0].path, "x/other.yaml");
  ASSERT_EQ(listed.refusals.size(), 4u);
  EXPECT_EQ(listed.refusals[0].path, "Maps");
  EXPECT_EQ(listed.refusals[1].path, "maps");
  EXPECT_EQ(listed.refusals[2].path, "x/Limits.yaml");
  EXPECT_EQ(listed.refusals[3].path, "x/limits.yaml");
  EXPECT_EQ(listed.refusals[0].reason, "BadName");
}

TEST_F(TreeListingTest, RefusesNamesThatAreNoUtf8OrHoldControlCharacters) {
  repository_.Write("a.yaml", "1");
  repository_.Write("caf\xE9.yaml", "2");
  repository_.Commit("new\nline.yaml", "3");
  const auto listed = MustList();
  EXPECT_EQ(listed.files.size(), 1u);
  ASSERT_EQ(listed.refusals.size(), 2u);
  EXPECT_EQ(listed.refusals[0].path, "caf?.yaml");
  EXPECT_EQ(listed.refusals[1].path, "new line.yaml");
  EXPECT_EQ(listed.refusals[1].reason, "BadName");
}

TEST_F(TreeListingTest, RefusesADotDotThatGitItselfWouldNotCheckOut) {
  repository_.Commit("a.yaml", "one");
  const std::string blob = repository_.Git("rev-parse HEAD:a.yaml");
  const std::string inner = MakeTree("100644 blob " + blob + "\tb.yaml\n");
  const std::string tree = MakeTree("040000 tree " + inner + "\t..\n");
  const std::string commit = repository_.Git("commit-tree -m evil " + tree);
  repository_.Git("update-ref refs/heads/main " + commit);
  const auto listed = MustList();
  EXPECT_TRUE(listed.files.empty());
  ExpectOneRefusal(listed, "..", "BadName");
}

TEST_F(TreeListingTest, RefusesADirectoryPastTheDepth) {
  repository_.Write("1/2/ok.yaml", "1");
  repository_.Commit("1/2/3/deep.yaml", "2");
  const auto listed = MustList({.depth = 3});
  ASSERT_EQ(listed.files.size(), 1u);
  ExpectOneRefusal(listed, "1/2/3", "TooLarge");
}

TEST_F(TreeListingTest, RefusesATreeWithTooManyEntriesAsAWhole) {
  repository_.Write("a/b.yaml", "1");
  repository_.Commit("c.yaml", "2");
  TreeListing at({.entries = 3});
  EXPECT_TRUE(List(at).ok());
  TreeListing over({.entries = 2});
  const auto listed = List(over);
  ASSERT_FALSE(listed.ok());
  EXPECT_EQ(listed.error().code, ErrorCode::kExhausted);
  EXPECT_TRUE(listed.error().message.starts_with("TooLarge: "));
}

TEST_F(TreeListingTest, ReadsNoBlobThatCannotBeAnLfsPointer) {
  std::string noise;  // does not compress, so that half of it lacks the end
  for (unsigned i = 0, x = 1; i < 5000; ++i) noise += static_cast<char>((x = x * 69069 + 1) >> 24);
  repository_.Commit("big.bin", noise);
  DamageBlob("big.bin");
  const auto listed = MustList();
  ASSERT_EQ(listed.files.size(), 1u);
  EXPECT_EQ(listed.files[0].size, 5000u);
}

TEST_F(TreeListingTest, RemembersByObjectIdWhatIsNoLfsPointer) {
  std::string noise = "value: ";
  for (unsigned i = 0, x = 1; i < 500; ++i) noise += static_cast<char>((x = x * 69069 + 1) >> 24);
  repository_.Commit("small.yaml", noise);
  TreeListing listing({});
  ASSERT_TRUE(List(listing).ok());
  DamageBlob("small.yaml");
  EXPECT_TRUE(List(listing).ok());
  TreeListing forgetful({});
  const auto listed = List(forgetful);
  ASSERT_FALSE(listed.ok());
  EXPECT_EQ(listed.error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace portolan::controller
