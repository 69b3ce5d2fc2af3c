#include "reconciler/rollout/marks.h"

#include <gtest/gtest.h>

#include "reconciler/rollout/group.h"
#include "tests/reconciler/rollout/rollout_fixture.h"

namespace portolan::reconciler {
namespace {

using Globs = std::vector<std::string>;

class MarksTest : public testing::Test {
 protected:
  // A commit of the content that marks these keys.
  void Commit(const std::string& content, Globs marks) {
    Observation seen;
    seen.desired = driver.TargetOf(content);
    seen.desired->version.sensitive = std::move(marks);
    seen.desired->version.revision.commit = Sha256Of(std::to_string(++commits_)).Hex();
    driver.Apply(std::move(seen));
  }
  void PassUntilHealthy() {
    for (int second = 0; second < 60 && driver.rollout.phase != Phase::kHealthy; ++second)
      driver.Pass(std::chrono::seconds(1));
    ASSERT_EQ(driver.rollout.phase, Phase::kHealthy);
  }
  bool Masks(const std::string& glob) const {
    return ServingOf(driver.rollout).sensitive.contains(glob);
  }

  Driver driver;

 private:
  int commits_ = 0;
};

TEST_F(MarksTest, OfALockedMapStayWhileItsContentIsServed) {
  driver.Settle("a");
  driver.Do(Verb::kLock);
  Commit("a", {"db/*"});
  Commit("b", {});
  EXPECT_TRUE(Masks("db/*"));
  driver.Do(Verb::kUnlock);
  Commit("b", {});
  ASSERT_EQ(driver.rollout.phase, Phase::kStepping);
  EXPECT_TRUE(Masks("db/*"));
  PassUntilHealthy();
  EXPECT_FALSE(Masks("db/*")) << "the content that git masked is gone";
}

TEST_F(MarksTest, OfARolloutStayWhenANewerCommitReplacesIt) {
  driver.Settle("a");
  driver.Want("b");
  Commit("b", {"db/*"});
  Commit("c", {});
  ASSERT_EQ(driver.rollout.target->version.digest, Sha256Of("c"));
  EXPECT_TRUE(Masks("db/*"));
}

TEST_F(MarksTest, OfAMapThatWasRemovedFromGitStay) {
  driver.Settle("a");
  driver.Do(Verb::kLock);
  Commit("a", {"db/*"});
  driver.Do(Verb::kUnlock);
  driver.Remove();
  ASSERT_EQ(driver.rollout.phase, Phase::kRetiring);
  EXPECT_TRUE(Masks("db/*"));
}

TEST_F(MarksTest, AreKeptForARollbackToTheContentThatACommitMarked) {
  driver.Settle("a");
  Commit("a", {"db/*"});
  Commit("b", {});
  PassUntilHealthy();
  ASSERT_FALSE(Masks("db/*"));
  driver.Do(Verb::kRollback);
  ASSERT_EQ(driver.rollout.stable->digest, Sha256Of("a"));
  EXPECT_TRUE(Masks("db/*"));
}

TEST_F(MarksTest, AreKeptForARollbackToAContentThatWasMarkedWhileItRolledOut) {
  driver.Settle("a");
  driver.Want("b");
  Commit("b", {"db/*"});
  PassUntilHealthy();
  driver.Do(Verb::kRollback);
  Commit("c", {});
  PassUntilHealthy();
  driver.Do(Verb::kRollback, Sha256Of("b").ToString());
  EXPECT_TRUE(Masks("db/*"));
}

TEST_F(MarksTest, GoWhenGitWantsTheServedContentWithoutThem) {
  driver.Settle("a");
  Commit("a", {"db/*"});
  EXPECT_TRUE(Masks("db/*"));
  Commit("a", {});
  EXPECT_FALSE(Masks("db/*"));
  Commit("b", {"db/*"});
  EXPECT_TRUE(Masks("db/*"));
  Commit("a", {});
  EXPECT_EQ(driver.rollout.phase, Phase::kHealthy);
  EXPECT_FALSE(Masks("db/*"));
}

TEST_F(MarksTest, GoAtTheEndOfARolloutWhenGitWantsItsContentWithoutThem) {
  driver.Settle("a");
  Commit("b", {"db/*"});
  Commit("b", {});
  ASSERT_EQ(driver.rollout.phase, Phase::kStepping);
  EXPECT_TRUE(Masks("db/*")) << "the version before is served too";
  PassUntilHealthy();
  EXPECT_FALSE(Masks("db/*"));
  driver.Do(Verb::kRollback);
  ASSERT_EQ(driver.Stable(), Sha256Of("a").Short());
  EXPECT_TRUE(Masks("db/*")) << "of the version before nobody took them";
}

TEST_F(MarksTest, StayAtTheEndOfARolloutWhenGitWantsAnotherContent) {
  driver.Settle("a");
  Commit("b", {"db/*"});
  while (driver.rollout.phase == Phase::kStepping) driver.Pass(std::chrono::seconds(1));
  ASSERT_EQ(driver.rollout.phase, Phase::kBaking);
  Commit("c", {});
  PassUntilHealthy();
  ASSERT_EQ(driver.Stable(), Sha256Of("b").Short());
  EXPECT_TRUE(Masks("db/*"));
}

TEST_F(MarksTest, OfAGroupAreThoseOfEachMap) {
  driver.Settle("a");
  driver.rollout = FormGroup("edge", {driver.rollout}, 0);
  const auto commit = [&](const std::string& content, Globs marks) {
    Driver member;
    member.rollout = MemberOf(driver.rollout, "limits");
    Target target = member.TargetOf(content);
    target.version.sensitive = std::move(marks);
    target.version.revision.commit = content;
    Observation seen;
    seen.desired = GroupTarget(driver.rollout, {{"limits", target}});
    driver.Apply(std::move(seen));
  };
  const auto masks = [&] {
    return ServingOf(MemberOf(driver.rollout, "limits")).sensitive.contains("db/*");
  };
  commit("a", {"db/*"});
  EXPECT_TRUE(masks());
  commit("b", {});
  ASSERT_EQ(driver.rollout.phase, Phase::kStepping);
  EXPECT_TRUE(masks());
  PassUntilHealthy();
  EXPECT_FALSE(masks());
  driver.Do(Verb::kRollback);
  EXPECT_TRUE(masks());
}

TEST_F(MarksTest, ComeIntoAGroupWithWhatGitWantedOfTheMap) {
  driver.Settle("a");
  driver.Do(Verb::kPause);
  Commit("b", {"db/*"});
  ASSERT_EQ(driver.rollout.phase, Phase::kHeld);
  const Rollout group = FormGroup("edge", {driver.rollout}, 0);
  EXPECT_EQ(MemberOf(group, "limits").stable->sensitive, Globs{"db/*"});
}

TEST_F(MarksTest, AreListedOfMapsThatHaveSome) {
  driver.Settle("a");
  const auto bare = std::make_shared<const Rollout>(driver.rollout);
  EXPECT_EQ(ServedMarksOf({bare}), ServedMarks{});
  Commit("a", {"db/*", "aws/*"});
  EXPECT_EQ(ServedMarksOf({std::make_shared<const Rollout>(driver.rollout)}),
            (ServedMarks{{driver.rollout.map, {"aws/*", "db/*"}}}));
}

TEST_F(MarksTest, OfTheHistoryLeaveTheGroupWithTheMap) {
  driver.Settle("a");
  const Rollout before = driver.rollout;
  Rollout group = FormGroup("edge", {before}, 0);
  VersionRef marked;
  marked.members = {{"limits", {}, 0, {"db/*"}, {}}};
  AddMarks(group.history.front().version, marked);
  const Rollout after = LeaveGroup(group, before);
  ASSERT_EQ(after.history.size(), 1u);
  EXPECT_EQ(after.history.front().version.sensitive, Globs{"db/*"});
}

}  // namespace
}  // namespace portolan::reconciler
