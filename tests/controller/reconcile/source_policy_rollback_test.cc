// Going back to policies that judged before. Ana writes the commits; bob asks; cid, an owner,
// approves.
#include <gtest/gtest.h>

#include "tests/controller/reconcile/gated_source.h"

namespace portolan::controller {
namespace {

using reconciler::Verb;

const std::string kOneChangeAtMost = "plan.first || plan.changed <= 1";
const std::string kAtMostFive = "plan.first || plan.changed <= 5";

std::string Policy(const std::string& level, const std::string& rule) {
  return "apiVersion: portolan/v1\nkind: Policy\nmetadata: {name: few, owner: policy-owners}\n"
         "spec:\n  scope: plan\n  level: " +
         level + "\n  rule: '" + rule + "'\n  message: \"'changes ' + string(plan.changed)\"\n";
}

class PolicyRollbackTest : public GatedSourceTest {
 protected:
  PolicyRollbackTest() : GatedSourceTest("") {}

  static FileTexts Files(const std::string& entries, const std::string& policy) {
    return With({{"policies/few.yaml", policy}}, entries);
  }
  // Accepts what the newest commit's policies want, after the delay.
  void Accept() {
    const auto approved = ApprovePolicies("token:cid");
    ASSERT_TRUE(approved.ok()) << approved.error().message;
    world.clock.Advance(std::chrono::minutes(11));
    edge.Look();
    ASSERT_FALSE(Waits());
  }
  // Commit a allows one change at once; commit b, which judges, allows five.
  void Loosen() {
    Settle(Files("{a: 1, b: 1}", Policy("hard", kOneChangeAtMost)));
    edge.Push('b', Files("{a: 1, b: 1}", Policy("hard", kAtMostFive)));
    Accept();
    ASSERT_EQ(Judging(), 'b');
  }
  Result<SourceStatus> Ask(const std::string& to = "", const std::string& actor = "token:bob") {
    auto done = edge.source.RollBackPolicies({to, actor, "five is too many"});
    edge.Look();
    return done.get();
  }
  // Judged by commit a again, while git holds what b brought.
  void GoBack() {
    Loosen();
    ASSERT_TRUE(Ask().ok());
    Accept();
    ASSERT_EQ(Judging(), 'a');
  }
  // The daemon anew on the same store: `after` is on `disk`.
  void Restart(World& after, FollowedSource& again) {
    EXPECT_TRUE(after.rollouts.Restore().ok());
    again.git.Push('a', Files("{a: 1, b: 1}", Policy("hard", kOneChangeAtMost)));
    again.git.Push('b', Files("{a: 1, b: 1}", Policy("hard", kAtMostFive)));
    after.clock.Advance(world.clock.now().wall - after.clock.now().wall);
    after.Serving([&] { return again.source.Restore(after.clock.now()), 0; });
  }
  std::optional<PolicyPlan> Waits() const { return edge.source.status().policy_plan; }
  char Judging() const { return edge.source.status().policies.front(); }
  std::string Phase() { return world.Phase("limits"); }
};

TEST_F(PolicyRollbackTest, AsksAnOwnerAndMovesNoMap) {
  Loosen();
  const auto asked = Ask();
  ASSERT_TRUE(asked.ok()) << asked.error().message;
  EXPECT_TRUE(Said("PoliciesRollbackAsked"));
  ASSERT_TRUE(Waits());
  EXPECT_EQ(Waits()->commit, ScriptedGit::Name('a'));
  EXPECT_EQ(Waits()->changes,
            std::vector<std::string>{"policy few: another rule, scope or parameter"});
  EXPECT_EQ(Judging(), 'b') << "nothing is changed before an owner approves";
  const auto record = disk.Get("plan/" + Waits()->id.ToString());
  ASSERT_TRUE(record.ok());
  EXPECT_NE(record->body.find(R"("reason":"five is too many")"), std::string::npos);
  Accept();
  EXPECT_EQ(Judging(), 'a');
  EXPECT_EQ(Phase(), "Healthy");
  EXPECT_EQ(edge.source.status().followed, ScriptedGit::Name('b'));
  EXPECT_TRUE(edge.source.status().policies_left);
  EXPECT_EQ(edge.source.status().reason, "Succeeded");
}

TEST_F(PolicyRollbackTest, NeitherWhoAsksNorWhoWroteTheSetNorAnybodyElseMayApprove) {
  Loosen();
  ASSERT_TRUE(Ask("", "token:cid").ok());
  EXPECT_EQ(ApprovePolicies("token:cid").error().message,
            "token:cid asked for the rollback; somebody else must approve it");
  EXPECT_NE(ApprovePolicies("token:ana").error().message.find("wrote the commit"),
            std::string::npos);
  EXPECT_NE(ApprovePolicies("token:bob").error().message.find("needs an owner"), std::string::npos);
  EXPECT_EQ(Judging(), 'b');
}

TEST_F(PolicyRollbackTest, WhatComesBetweenTwoLooksIsTakenUpInTheOrderInWhichItCame) {
  Loosen();
  ASSERT_TRUE(Ask().ok());
  auto approved = edge.source.ApprovePolicies({Waits()->id, "token:cid", "agreed"});
  auto withdrawn =
      edge.source.RollBackPolicies({ScriptedGit::Name('b'), "token:bob", "never mind"});
  edge.Look();
  EXPECT_TRUE(approved.get().ok());
  EXPECT_EQ(withdrawn.get().error().code, ErrorCode::kConflict) << "it is approved already";
}

TEST_F(PolicyRollbackTest, WhatItLoosensWaitsAndWhatItTightensDoesNot) {
  Loosen();
  ASSERT_TRUE(Ask().ok());
  ASSERT_TRUE(ApprovePolicies("token:cid").ok());
  ASSERT_TRUE(Waits()) << "another rule may loosen";
  edge.Push('c', Files("{a: 2, b: 2}", Policy("hard", kAtMostFive)));
  EXPECT_EQ(Phase(), "Held") << "until then both judge";
  world.clock.Advance(std::chrono::minutes(11));
  edge.Look();
  edge.Push('d', Files("{a: 2, b: 2}", Policy("soft", kOneChangeAtMost)));
  Accept();
  ASSERT_EQ(Judging(), 'd');
  ASSERT_TRUE(Ask(ScriptedGit::Name('a').substr(0, 7)).ok());
  ASSERT_TRUE(ApprovePolicies("token:cid").ok());
  EXPECT_EQ(Judging(), 'a') << "a higher level only tightens";
}

TEST_F(PolicyRollbackTest, CommitsThatLeaveThePoliciesAloneAreJudgedByTheSetThatWasGoneBackTo) {
  GoBack();
  edge.Push('c', Files("{a: 2, b: 2}", Policy("hard", kAtMostFive)));
  EXPECT_EQ(edge.source.status().reason, "Succeeded") << edge.source.status().message;
  EXPECT_FALSE(Waits()) << "what git holds is not accepted again by itself";
  EXPECT_EQ(Phase(), "Held");
  EXPECT_NE(Limits()->message.find("few (hard): changes 2"), std::string::npos);
  edge.Push('d', Files("{a: 2, b: 1}", Policy("hard", kAtMostFive)));
  EXPECT_EQ(Phase(), "Stepping");
}

TEST_F(PolicyRollbackTest, ACommitThatChangesThePoliciesIsHeldWithEverythingThatItBringsBack) {
  GoBack();
  edge.git.authors['c'] = "Bob <bob@example.com>";
  edge.Push('c', Files("{a: 1, b: 1}", Policy("hard", "plan.first || plan.changed <= 4")));
  ASSERT_TRUE(Waits());
  EXPECT_EQ(Waits()->commit, ScriptedGit::Name('c'));
  EXPECT_EQ(Waits()->writers.authors,
            (std::vector<std::string>{"Bob <bob@example.com>", "Ana <ana@example.com>"}))
      << "who wrote what was rolled back from has a part in it";
  EXPECT_FALSE(edge.source.status().policies_left);
  // The set that was rolled back from is asked for as well once a commit brings it anew.
  edge.Push('d', Files("{a: 1, b: 1}", Policy("hard", kAtMostFive)));
  ASSERT_TRUE(Waits());
  EXPECT_EQ(Waits()->commit, ScriptedGit::Name('d'));
}

TEST_F(PolicyRollbackTest, ACommitThatRevertsThePoliciesInGitNeedsNothingMore) {
  GoBack();
  edge.Push('c', Files("{a: 1, b: 1}", Policy("hard", kOneChangeAtMost)));
  EXPECT_FALSE(Waits());
  EXPECT_FALSE(edge.source.status().policies_left);
  EXPECT_EQ(Judging(), 'a');
}

TEST_F(PolicyRollbackTest, WhatWasRolledBackFromMayBeGoneBackToByItsName) {
  GoBack();
  EXPECT_EQ(Ask().error().code, ErrorCode::kNotFound) << "nothing judged before a";
  ASSERT_TRUE(Ask(ScriptedGit::Name('b')).ok());
  Accept();
  EXPECT_EQ(Judging(), 'b');
  EXPECT_FALSE(edge.source.status().policies_left) << "it is what git holds";
}

TEST_F(PolicyRollbackTest, ComesIntoForceAfterARestartAtACommitWithAnUnreadableFile) {
  Loosen();
  ASSERT_TRUE(Ask().ok());
  ASSERT_TRUE(ApprovePolicies("token:cid").ok());
  FileTexts files = Files("{a: 1, b: 1}", Policy("hard", kAtMostFive));
  files["policies/other.yaml"] = "a: [";
  edge.Push('c', files);
  ASSERT_TRUE(Waits());
  World after(disk);
  FollowedSource again(after, SettingsFor(Staff(), ""));
  again.git.Push('c', files);
  Restart(after, again);
  again.git.Reset('c');
  ASSERT_TRUE(again.source.status().policy_plan);
  after.clock.Advance(std::chrono::minutes(11));
  again.Look();
  EXPECT_EQ(again.source.status().policies, ScriptedGit::Name('a'));
}

TEST_F(PolicyRollbackTest, SurvivesARestartWhileItWaitsAndAfterwards) {
  Loosen();
  ASSERT_TRUE(Ask().ok());
  {
    World after(disk);
    FollowedSource again(after, SettingsFor(Staff(), ""));
    Restart(after, again);
    ASSERT_TRUE(again.source.status().policy_plan);
    EXPECT_EQ(again.source.status().policy_plan->id, Waits()->id);
    EXPECT_EQ(again.source.status().policy_plan->rollback->by, "token:bob");
  }
  Accept();
  World after(disk);
  FollowedSource again(after, SettingsFor(Staff(), ""));
  Restart(after, again);
  EXPECT_EQ(again.source.status().policies, ScriptedGit::Name('a'));
  EXPECT_FALSE(again.source.status().policy_plan);
  again.Push('c', Files("{a: 2, b: 2}", Policy("hard", kAtMostFive)));
  EXPECT_EQ(after.Phase("limits"), "Held");
}

TEST_F(PolicyRollbackTest, RefusesWhatNeverJudgedAndWhatJudgesAlready) {
  Loosen();
  EXPECT_EQ(
      Ask("ccccccc").error().message,
      "the policies of commit ccccccc were never accepted; those that were: aaaaaaa, bbbbbbb");
  EXPECT_EQ(Ask("bbbbbbb").error().code, ErrorCode::kConflict);
  edge.git.FailOpens({ErrorCode::kCorrupt, "CorruptMirror: gone"});
  EXPECT_EQ(Ask().error().code, ErrorCode::kCorrupt);
  edge.git.Heal();
  EXPECT_FALSE(Waits());
  edge.Push('c', Files("{a: 2, b: 2}", Policy("hard", kAtMostFive)));
  EXPECT_EQ(Phase(), "Stepping") << "what judges was not touched";
}

// Until its time both sets judge: else whoever may ask could lift what an owner tightened.
TEST_F(PolicyRollbackTest, WaitsForAChangeThatAnOwnerApprovedAlready) {
  Loosen();
  edge.Push('c', Files("{a: 1, b: 1}", Policy("hard", kOneChangeAtMost)));
  ASSERT_TRUE(ApprovePolicies("token:cid").ok());
  ASSERT_TRUE(Waits());
  const auto asked = Ask();
  ASSERT_FALSE(asked.ok());
  EXPECT_EQ(asked.error().code, ErrorCode::kConflict);
  EXPECT_NE(asked.error().message.find("is approved and judges from"), std::string::npos);
}

TEST_F(PolicyRollbackTest, IsTakenBackByAskingForWhatJudges) {
  Loosen();
  edge.Push('c', Files("{a: 1, b: 1}", Policy("soft", kAtMostFive)));
  ASSERT_TRUE(Ask().ok());
  EXPECT_EQ(Waits()->commit, ScriptedGit::Name('a')) << "it takes the place of what waited";
  ASSERT_TRUE(Ask("bbbbbbb").ok());
  EXPECT_TRUE(Said("PoliciesRollbackDropped"));
  ASSERT_TRUE(Waits());
  EXPECT_EQ(Waits()->commit, ScriptedGit::Name('c')) << "what git wants is asked for again";
}

TEST_F(PolicyRollbackTest, EndsWhenItsSetCannotBeReadAnyMore) {
  Loosen();
  ASSERT_TRUE(Ask().ok());
  edge.git.Push('a', Files("{a: 1, b: 1}", Policy("hard", "plan.frist")));
  edge.Push('c', Files("{a: 2, b: 2}", Policy("hard", kAtMostFive)));
  EXPECT_TRUE(Said("PoliciesRollbackDropped"));
  EXPECT_FALSE(Waits());
  EXPECT_EQ(Phase(), "Stepping") << "b goes on judging";
}

TEST_F(PolicyRollbackTest, RollingBackAMapRollsBackNoPolicies) {
  Settle(Files("{a: 1, b: 1}", Policy("hard", kAtMostFive)));
  const Digest first = Limits()->stable->digest;
  edge.Push('b', Files("{a: 2, b: 2}", Policy("hard", kAtMostFive)));
  world.Pass(std::chrono::minutes(2));
  edge.Push('c', Files("{a: 2, b: 2}", Policy("hard", kOneChangeAtMost)));
  Accept();
  reconciler::Command back;
  back.verb = Verb::kRollback;
  back.reason = "errors";
  ASSERT_TRUE(world.Do("limits", back)->outcome.accepted);
  world.Pass(std::chrono::minutes(2));
  EXPECT_EQ(Limits()->stable->digest, first);
  EXPECT_EQ(Judging(), 'c');
  edge.Push('d', Files("{a: 3, b: 3}", Policy("hard", kOneChangeAtMost)));
  EXPECT_EQ(Phase(), "Held");
  EXPECT_NE(Limits()->message.find("few (hard): changes 2"), std::string::npos)
      << Limits()->message;
}

}  // namespace
}  // namespace portolan::controller
