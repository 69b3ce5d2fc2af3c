#include "controller/git/commit_history.h"

#include <git2.h>
#include <gtest/gtest.h>

#include "controller/git/libgit.h"
#include "tests/controller/git/test_repository.h"

namespace portolan::controller {
namespace {

class CommitHistoryTest : public testing::Test {
 protected:
  CommitHistoryTest() { InitLibgit(); }

  git_repository* Open() {
    git_repository* raw = nullptr;
    EXPECT_EQ(git_repository_open(&raw, repository_.dir().c_str()), 0);
    opened_.reset(raw);
    return raw;
  }

  TestDirectory directory_;
  TestRepository repository_{directory_.Path("repository")};
  GitPtr<git_repository> opened_;
};

TEST_F(CommitHistoryTest, ACommitWithoutASignatureHasNone) {
  const std::string commit = repository_.Commit("a", "1");
  const auto read = ReadSignedCommit(Open(), commit);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->commit, commit);
  EXPECT_EQ(read->signature, "");
}

TEST_F(CommitHistoryTest, TheSignatureCoversAllOfTheCommitButItself) {
  repository_.Commit("a", "1");
  repository_.Write("raw", "tree " + repository_.Git("rev-parse HEAD^{tree}") +
                               "\nauthor A <a@x> 1 +0000\ncommitter A <a@x> 1 +0000\n"
                               "gpgsig -----BEGIN SSH SIGNATURE-----\n AAAA\n"
                               " -----END SSH SIGNATURE-----\n\nmessage\n");
  const std::string commit = repository_.Git("hash-object -t commit -w raw");
  const auto read = ReadSignedCommit(Open(), commit);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->signature, "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----");
  EXPECT_EQ(read->payload, "tree " + repository_.Git("rev-parse HEAD^{tree}") +
                               "\nauthor A <a@x> 1 +0000\ncommitter A <a@x> 1 +0000\n\nmessage\n");
}

TEST_F(CommitHistoryTest, CommitsSinceAreThoseOfTheBranchItselfNewestFirst) {
  const std::string first = repository_.Commit("a", "1");
  const std::string second = repository_.Commit("a", "2");
  repository_.Git("checkout -q -b side " + first);
  repository_.Commit("b", "1");
  repository_.Git("checkout -q main");
  repository_.Git("merge -q --no-ff -m Merge side");
  const std::string merge = repository_.Git("rev-parse HEAD");
  EXPECT_EQ(*CommitsSince(Open(), first, merge, 10), (std::vector<std::string>{merge, second}));
  EXPECT_EQ(*CommitsSince(Open(), merge, merge, 10), std::vector<std::string>{});
  const auto limited = CommitsSince(Open(), first, merge, 1);
  ASSERT_FALSE(limited.ok());
  EXPECT_EQ(limited.error().code, ErrorCode::kDenied);
  EXPECT_TRUE(limited.error().message.starts_with("RangeTooLong: ")) << limited.error().message;
}

TEST_F(CommitHistoryTest, AFollowedCommitThatWasMergedEndsTheRangeWhereTheHistoriesMeet) {
  const std::string base = repository_.Commit("a", "1");
  repository_.Git("checkout -q -b side");
  const std::string followed = repository_.Commit("b", "1");
  repository_.Git("checkout -q main");
  const std::string other = repository_.Commit("a", "2");
  repository_.Git("merge -q --no-ff -m Merge side");
  const std::string merge = repository_.Git("rev-parse HEAD");
  EXPECT_EQ(*CommitsSince(Open(), followed, merge, 10), (std::vector<std::string>{merge, other}));
}

TEST_F(CommitHistoryTest, FirstParentsEndAtTheRootOrAtTheLimit) {
  const std::string first = repository_.Commit("a", "1");
  const std::string second = repository_.Commit("a", "2");
  EXPECT_EQ(*FirstParents(Open(), second, 10), (std::vector<std::string>{second, first}));
  EXPECT_EQ(*FirstParents(Open(), second, 1), std::vector<std::string>{second});
}

TEST_F(CommitHistoryTest, AnUnknownCommitIsNotFound) {
  repository_.Commit("a", "1");
  EXPECT_EQ(ReadSignedCommit(Open(), std::string(40, '0')).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(ReadSignedCommit(Open(), "HEAD").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace portolan::controller
