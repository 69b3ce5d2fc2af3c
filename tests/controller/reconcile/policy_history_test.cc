#include "controller/reconcile/policy_history.h"

#include <gtest/gtest.h>

namespace portolan::controller {
namespace {

// A commit of 40 of this digit.
std::string Commit(char digit) {
  return std::string(40, digit);
}

// Accepted one after the other, each written by its digit.
PolicyHistory Accepted(const std::string& digits) {
  PolicyHistory history;
  for (const char digit : digits)
    history.Accept({Commit(digit),
                    WallTime(Duration(digit)),
                    "token:cid",
                    {{std::string(1, digit) + " <x@example.com>"}, {}},
                    false});
  return history;
}

TEST(PolicyHistory, FindsTheNewestSetBeforeTheOneThatJudges) {
  const PolicyHistory history = Accepted("abc");
  EXPECT_EQ(history.Find(Commit('c'), "")->commit, Commit('b'));
  EXPECT_EQ(history.Find(Commit('b'), "")->commit, Commit('a'));
  EXPECT_EQ(history.Find(Commit('a'), "").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(history.Find(Commit('d'), "").error().code, ErrorCode::kNotFound);
}

TEST(PolicyHistory, DoesNotGoBackToWhatWasLeft) {
  PolicyHistory history = Accepted("ab");
  history.Leave(Commit('b'));
  history.Accept({Commit('c'), {}, "", {}, false});
  EXPECT_EQ(history.Find(Commit('c'), "")->commit, Commit('a'));
  EXPECT_EQ(history.Find(Commit('c'), "bbbbbbb")->commit, Commit('b')) << "unless it is named";
  history.Accept({Commit('b'), {}, "", {}, false});
  EXPECT_EQ(history.sets().size(), 3u) << "a set that judges again keeps its place";
  EXPECT_EQ(history.Find(Commit('c'), "")->commit, Commit('b'));
}

TEST(PolicyHistory, NamesTheSetsThatThereAreToOneWhoAsksForAnother) {
  const auto found = Accepted("ab").Find(Commit('b'), "ccccccc");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(
      found.error().message,
      "the policies of commit ccccccc were never accepted; those that were: aaaaaaa, bbbbbbb");
  EXPECT_EQ(Accepted("ab").Find(Commit('b'), "aaa").error().code, ErrorCode::kInvalid);
}

TEST(PolicyHistory, KnowsWhoWroteWhatWasAcceptedAfterwards) {
  const PolicyHistory history = Accepted("abc");
  EXPECT_EQ(history.WritersAfter(Commit('a')).authors,
            (std::vector<std::string>{"b <x@example.com>", "c <x@example.com>"}));
  EXPECT_TRUE(history.WritersAfter(Commit('c')).empty());
  EXPECT_TRUE(history.WritersAfter(Commit('d')).empty());
}

TEST(PolicyHistory, ForgetsTheOldest) {
  PolicyHistory history;
  for (std::size_t i = 0; i <= kAcceptedSetsMax; ++i)
    history.Accept({"commit-" + std::to_string(i), {}, "", {}, false});
  EXPECT_EQ(history.sets().size(), kAcceptedSetsMax);
  EXPECT_EQ(history.sets().front().commit, "commit-1");
}

TEST(PolicyHistory, IsTheSameAfterItsRecordWasRead) {
  PolicyHistory history = Accepted("ab");
  history.Leave(Commit('b'));
  EXPECT_EQ(PolicyHistory::FromValue(history.ToValue()).sets(), history.sets());
  EXPECT_TRUE(PolicyHistory::FromValue(manifests::Value()).sets().empty());
}

}  // namespace
}  // namespace portolan::controller
