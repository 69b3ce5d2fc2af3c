#include "controller/git/local_tree.h"

#include <gtest/gtest.h>

#include "tests/controller/git/test_repository.h"
#include "tests/controller/signature/test_keys.h"

namespace portolan::controller {
namespace {

class LocalTree : public testing::Test {
 protected:
  TestDirectory directory_;
  TestRepository repository_{directory_.Path("repository")};
};

TEST_F(LocalTree, ReadsTheFilesOfARevisionAndNotTheWorkingTree) {
  const std::string first = repository_.Commit("maps/a.yaml", "one");
  repository_.Commit("maps/a.yaml", "two");
  repository_.Write("maps/a.yaml", "three");
  for (const auto& [revision, content] :
       {std::pair<std::string, std::string>{"HEAD~1", "one"}, {first, "one"}, {"HEAD", "two"}}) {
    const auto artifact = OpenLocalRevision(repository_.dir(), revision, "./maps/");
    ASSERT_TRUE(artifact.ok()) << artifact.error().message;
    ASSERT_EQ(artifact->files.size(), 1u);
    EXPECT_EQ(artifact->files[0].path, "a.yaml");
    EXPECT_EQ(artifact->read(artifact->files[0]).value(), content);
  }
  EXPECT_EQ(OpenLocalRevision(repository_.dir(), "HEAD~1", "")->revision.commit, first);
}

TEST_F(LocalTree, NamesTheBranchOfARevisionThatIsOne) {
  repository_.Commit("a.yaml", "one");
  repository_.Git("branch side");
  EXPECT_EQ(OpenLocalRevision(repository_.dir(), "side", "")->revision.branch, "side");
  EXPECT_NE(OpenLocalRevision(repository_.dir(), "HEAD", "")->revision.branch, "");
  EXPECT_EQ(OpenLocalRevision(repository_.dir(), "HEAD^0", "")->revision.branch, "");
}

TEST_F(LocalTree, OpensBelowTheTopAndInALinkedWorktree) {
  repository_.Commit("maps/a.yaml", "one");
  repository_.Git("worktree add -q -b other '" + directory_.Path("linked") + "'");
  EXPECT_EQ(OpenLocalRevision(repository_.dir() + "/maps", "HEAD", "maps")->files.size(), 1u);
  const auto linked = OpenLocalRevision(directory_.Path("linked"), "HEAD", "maps");
  ASSERT_TRUE(linked.ok()) << linked.error().message;
  EXPECT_EQ(linked->read(linked->files.at(0)).value(), "one");
}

TEST_F(LocalTree, SaysWhatIsMissing) {
  repository_.Commit("maps/a.yaml", "one");
  const auto repository = OpenLocalRevision(directory_.Path("absent"), "HEAD", "");
  const auto revision = OpenLocalRevision(repository_.dir(), "nope", "");
  const auto path = OpenLocalRevision(repository_.dir(), "HEAD", "nope");
  const auto file = OpenLocalRevision(repository_.dir(), "HEAD", "maps/a.yaml");
  for (const auto* result : {&repository, &revision, &path, &file}) {
    ASSERT_FALSE(result->ok());
    EXPECT_EQ(result->error().code, ErrorCode::kNotFound) << result->error().message;
  }
}

TEST_F(LocalTree, TellsVersionAndTransportsOfTheLibrary) {
  EXPECT_EQ(LibgitFeatures().substr(0, 10), "libgit2 1.");
  EXPECT_NE(LibgitFeatures().find("https"), std::string::npos);
}

TEST(LocalCommit, IsReadWithItsSignatureByAnyNameOfIt) {
  const TestDirectory directory;
  const TestRepository repository(directory.Path("repository"));
  const TestSshKey ana(directory, "ana");
  repository.Commit("a", "1");
  const std::string commit = ana.Commit(repository);
  const auto read = ReadLocalCommit(repository.dir(), "main");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->commit, commit);
  EXPECT_TRUE(read->signature.starts_with("-----BEGIN SSH SIGNATURE-----"));
  EXPECT_EQ(ReadLocalCommit(repository.dir(), "HEAD~1")->signature, "");
  EXPECT_EQ(ReadLocalCommit(repository.dir(), "nothing").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace portolan::controller
