#include "controller/git/mirror.h"

#include <gtest/gtest.h>
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

#include <filesystem>
#include <set>
#include <sstream>

#include "tests/controller/git/test_repository.h"

namespace portolan::controller {
namespace {

using reconciler::BranchMove;

class MirrorTest : public ::testing::Test {
 protected:
  std::set<std::string> Pins() const {
    std::istringstream lines(
        repository_.Git("for-each-ref --format='%(objectname)' refs/portolan/keep"));
    std::set<std::string> pins;
    for (std::string line; std::getline(lines, line);) pins.insert(line);
    return pins;
  }

  TestDirectory directory_;
  TestRepository repository_{directory_.Path("repository")};
  Mirror mirror_{repository_.dir() + "/.git"};
};

TEST_F(MirrorTest, ClassifiesEveryMoveOfABranch) {
  const std::string base = repository_.Commit("a", "1");
  const std::string ahead = repository_.Commit("a", "2");
  repository_.Git("checkout -q -b fork " + base);
  const std::string fork = repository_.Commit("a", "3");
  repository_.Git("checkout -q --orphan island");
  const std::string island = repository_.Commit("a", "4");
  EXPECT_EQ(mirror_.Classify("", ahead).value(), BranchMove::kFirst);
  EXPECT_EQ(mirror_.Classify(ahead, ahead).value(), BranchMove::kUnchanged);
  EXPECT_EQ(mirror_.Classify(base, ahead).value(), BranchMove::kFastForward);
  EXPECT_EQ(mirror_.Classify(ahead, base).value(), BranchMove::kRewritten);
  EXPECT_EQ(mirror_.Classify(ahead, fork).value(), BranchMove::kRewritten);
  EXPECT_EQ(mirror_.Classify(ahead, island).value(), BranchMove::kUnrelated);
}

TEST_F(MirrorTest, WalksFirstParentsFromAFollowedCommit) {
  const std::string base = repository_.Commit("a", "1");
  const std::string second = repository_.Commit("a", "2");
  repository_.Git("checkout -q -b side");
  const std::string side = repository_.Commit("b", "1");
  repository_.Git("checkout -q -");
  repository_.Git("merge -q --no-ff --no-edit side");
  const std::string merge = repository_.Git("rev-parse HEAD");
  EXPECT_EQ(mirror_.FirstParents(base, merge).value(), (std::vector<std::string>{second, merge}));
  EXPECT_TRUE(mirror_.FirstParents(merge, merge).value().empty());
  EXPECT_EQ(mirror_.FirstParents(side, merge).error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(mirror_.corrupt());
}

TEST_F(MirrorTest, TakesAFollowedCommitThatIsMissingForARewrite) {
  const std::string tip = repository_.Commit("a", "1");
  EXPECT_EQ(mirror_.Classify(std::string(40, 'b'), tip).value(), BranchMove::kRewritten);
  EXPECT_FALSE(mirror_.corrupt());
}

TEST_F(MirrorTest, MarksItselfCorruptWhenHistoryIsMissing) {
  const std::string base = repository_.Commit("a", "1");
  const std::string lost = repository_.Commit("a", "2");
  const std::string tip = repository_.Commit("a", "3");
  std::filesystem::remove(repository_.dir() + "/.git/objects/" + lost.substr(0, 2) + "/" +
                          lost.substr(2));
#if defined(__SANITIZE_ADDRESS__)
  // libgit2 1.5.1 leaks 64 bytes when git_graph_reachable_from_any fails.
  const __lsan::ScopedDisabler libgit2_leaks;
#endif
  const auto move = mirror_.Classify(base, tip);
  ASSERT_FALSE(move.ok());
  EXPECT_EQ(move.error().code, ErrorCode::kCorrupt);
  EXPECT_TRUE(mirror_.corrupt());
}

TEST_F(MirrorTest, KeepsTheLastPinsOnly) {
  std::vector<std::string> commits;
  for (int i = 0; i < 13; ++i) {
    commits.push_back(repository_.Commit("a", std::to_string(i)));
    ASSERT_TRUE(mirror_.Pin(commits.back(), 10).ok());
  }
  EXPECT_EQ(Pins(), std::set<std::string>(commits.begin() + 3, commits.end()));
}

TEST_F(MirrorTest, CountsACommitThatIsPinnedAgainAsItsNewestPin) {
  const std::string first = repository_.Commit("a", "1");
  const std::string second = repository_.Commit("a", "2");
  const std::string third = repository_.Commit("a", "3");
  for (const std::string& commit : {first, second, first, first, third}) {
    ASSERT_TRUE(mirror_.Pin(commit, 2).ok());
  }
  EXPECT_EQ(Pins(), (std::set<std::string>{first, third}));
}

TEST_F(MirrorTest, TellsAnyTimeThatACommitterClaimsAsOneThatCanBeStored) {
  repository_.Commit("a", "1");
  const std::string tree = repository_.Git("rev-parse HEAD^{tree}");
  for (const auto& [seconds, told] : {std::pair{"253402300800", "9999-12-31T23:59:59.000Z"},
                                      {"9223372036854775807", "9999-12-31T23:59:59.000Z"},
                                      {"1700000000", "2023-11-14T22:13:20.000Z"}}) {
    WriteFile(directory_.Path("commit"), "tree " + tree + "\nauthor A <a@b> 1 +0000\ncommitter A " +
                                             "<a@b> " + seconds + " +0000\n\nfar\n");
    const std::string commit =
        repository_.Git("hash-object -t commit --literally -w " + directory_.Path("commit"));
    const auto revision = mirror_.Describe(commit, "main");
    ASSERT_TRUE(revision.ok()) << revision.error().message;
    EXPECT_EQ(FormatTime(revision->time), told) << seconds;
    EXPECT_TRUE(ParseTime(FormatTime(revision->time)).ok());
  }
}

TEST_F(MirrorTest, PinsNothingThatItDoesNotHold) {
  repository_.Commit("a", "1");
  const auto pinned = mirror_.Pin(std::string(40, 'c'), 10);
  ASSERT_FALSE(pinned.ok());
  EXPECT_EQ(pinned.error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(mirror_.corrupt());
}

}  // namespace
}  // namespace portolan::controller
