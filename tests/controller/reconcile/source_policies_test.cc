#include <gtest/gtest.h>

#include "tests/controller/reconcile/scripted_git.h"

namespace portolan::controller {
namespace {

using reconciler::Phase;

// A policy on whole plans with one test that allows and one that denies.
std::string PolicyText(const std::string& level, const std::string& rule,
                       const std::string& tests = "") {
  return "apiVersion: portolan/v1\nkind: Policy\nmetadata: {name: few, owner: sre@example.com}\n"
         "spec:\n  scope: plan\n  level: " +
         level + "\n  rule: '" + rule + "'\n  message: \"'changes ' + string(plan.changed)\"\n" +
         tests;
}
const std::string kAtMostOne = "plan.first || plan.changed <= 1";

class SourcePoliciesTest : public testing::Test {
 protected:
  static FileTexts Files(const std::string& entries, const std::string& policy) {
    FileTexts files = MapsOf({{"limits", entries}});
    if (!policy.empty()) files["policies/few.yaml"] = policy;
    return files;
  }
  // "limits" is healthy with a and b, under this policy.
  void Settle(const std::string& policy) {
    edge.Push('a', Files("{a: 1, b: 1}", policy));
    world.Pass(std::chrono::minutes(2));
    ASSERT_EQ(world.Phase("limits"), "Healthy") << edge.source.status().message;
  }
  std::string Reason() { return world.rollouts.Find("limits")->reason; }
  Result<VerbAnswer> Approve(const std::string& despite = "") {
    reconciler::Command command;
    command.verb = reconciler::Verb::kApprove;
    command.despite = despite;
    command.plan = world.rollouts.Find("limits")->target->plan;
    return world.Do("limits", command);
  }
  void ApprovePolicies() {
    const auto plan = edge.source.status().policy_plan;
    ASSERT_TRUE(plan) << edge.source.status().message;
    auto done = edge.source.ApprovePolicies({plan->id, "user:ana", "reviewed"});
    edge.Look();
    EXPECT_TRUE(done.get().ok());
  }
  bool Said(const std::string& reason) const {
    for (const reconciler::Event& event : edge.events)
      if (event.reason == reason) return true;
    return false;
  }

  MemoryStore disk;
  World world{disk};
  FollowedSource edge{world, SettingsOf("edge")};
};

TEST_F(SourcePoliciesTest, ASoftDenialHoldsUntilAPersonApproves) {
  Settle(PolicyText("soft", kAtMostOne));
  edge.Push('b', Files("{a: 2, b: 2}", PolicyText("soft", kAtMostOne)));
  ASSERT_EQ(world.Phase("limits"), "Held");
  EXPECT_EQ(Reason(), reconciler::reason::kApprovalRequired);
  EXPECT_NE(world.rollouts.Find("limits")->message.find("few: changes 2"), std::string::npos);
  EXPECT_TRUE(Approve()->outcome.accepted);
  edge.LookLater();
  EXPECT_EQ(world.Phase("limits"), "Held");
  EXPECT_TRUE(Approve("few")->outcome.accepted);
  EXPECT_EQ(world.Phase("limits"), "Stepping");
}

TEST_F(SourcePoliciesTest, NothingButAnotherCommitLiftsAHardDenial) {
  Settle(PolicyText("hard", kAtMostOne));
  edge.Push('b', Files("{a: 2, b: 2}", PolicyText("hard", kAtMostOne)));
  ASSERT_EQ(world.Phase("limits"), "Held");
  EXPECT_EQ(Reason(), reconciler::reason::kPolicyDenied);
  const auto answer = Approve("few");
  EXPECT_FALSE(answer->outcome.accepted);
  EXPECT_TRUE(answer->outcome.denied);
  edge.Push('c', Files("{a: 2, b: 1}", PolicyText("hard", kAtMostOne)));
  EXPECT_EQ(world.Phase("limits"), "Stepping");
}

TEST_F(SourcePoliciesTest, AnErrorWhileJudgingDenies) {
  const std::string policy = PolicyText("soft", "int(manifest.labels.tier) > 0");
  Settle(PolicyText("soft", kAtMostOne));
  edge.Push('b', Files("{a: 1, b: 1}", policy));
  ApprovePolicies();
  edge.Push('c', Files("{a: 2, b: 1}", policy));
  EXPECT_EQ(world.Phase("limits"), "Held");
  EXPECT_EQ(Reason(), reconciler::reason::kPolicyDenied);
}

TEST_F(SourcePoliciesTest, ACommitThatChangesPoliciesAndAMapIsRefused) {
  Settle(PolicyText("hard", kAtMostOne));
  edge.Push('b', Files("{a: 2, b: 1}", ""));
  EXPECT_EQ(world.Phase("limits"), "Healthy");
  EXPECT_EQ(edge.source.status().reason, "MixedCommit");
  EXPECT_NE(edge.source.status().message.find("split it"), std::string::npos);
  // A later commit on top of it does not carry it in.
  edge.Push('c', Files("{a: 3, b: 1}", ""));
  EXPECT_EQ(edge.source.status().reason, "MixedCommit");
  edge.Push('d', Files("{a: 2, b: 1}", PolicyText("hard", kAtMostOne)));
  EXPECT_EQ(edge.source.status().reason, "Succeeded") << edge.source.status().message;
  EXPECT_EQ(world.Phase("limits"), "Stepping");
}

TEST_F(SourcePoliciesTest, CommitsThatTravelAloneMayArriveTogether) {
  Settle(PolicyText("hard", kAtMostOne));
  edge.git.Push('b', Files("{a: 1, b: 1}", PolicyText("hard", "plan.changed <= 5")));
  edge.Push('c', Files("{a: 2, b: 2}", PolicyText("hard", "plan.changed <= 5")));
  EXPECT_EQ(edge.source.status().reason, "Succeeded") << edge.source.status().message;
  ASSERT_TRUE(edge.source.status().policy_plan);
  EXPECT_EQ(world.Phase("limits"), "Held");
  EXPECT_EQ(Reason(), reconciler::reason::kPolicyDenied);
}

TEST_F(SourcePoliciesTest, WhatIsTakenBackInTheSamePushIsNoChange) {
  Settle(PolicyText("hard", kAtMostOne));
  edge.git.Push('b', Files("{a: 2, b: 1}", ""));
  edge.Push('c', Files("{a: 2, b: 1}", PolicyText("hard", kAtMostOne)));
  EXPECT_EQ(edge.source.status().reason, "Succeeded") << edge.source.status().message;
  EXPECT_FALSE(edge.source.status().policy_plan);
  EXPECT_EQ(world.Phase("limits"), "Stepping");
}

TEST_F(SourcePoliciesTest, ATighterSetJudgesOnceItIsApproved) {
  Settle(PolicyText("advisory", kAtMostOne));
  edge.Push('b', Files("{a: 1, b: 1}", PolicyText("hard", kAtMostOne)));
  EXPECT_FALSE(Said("PoliciesApproved"));
  EXPECT_EQ(edge.source.status().policies, ScriptedGit::Name('a'));
  ApprovePolicies();
  EXPECT_EQ(edge.source.status().policies, ScriptedGit::Name('b'));
  EXPECT_FALSE(edge.source.status().policy_plan);
  edge.Push('c', Files("{a: 2, b: 2}", PolicyText("hard", kAtMostOne)));
  EXPECT_EQ(world.Phase("limits"), "Held");
}

TEST_F(SourcePoliciesTest, ALooserSetWaitsForItsTimeAfterTheApproval) {
  Settle(PolicyText("hard", kAtMostOne));
  const std::string looser = PolicyText("hard", "plan.first || plan.changed <= 2");
  edge.Push('b', Files("{a: 1, b: 1}", looser));
  ApprovePolicies();
  ASSERT_TRUE(edge.source.status().policy_plan);
  EXPECT_EQ(edge.source.status().policy_plan->changes,
            std::vector<std::string>{"policy few: another rule, scope or parameter"});
  edge.Push('c', Files("{a: 2, b: 2}", looser));
  EXPECT_EQ(world.Phase("limits"), "Held");
  world.clock.Advance(std::chrono::minutes(10));
  edge.Look();
  EXPECT_TRUE(Said("PoliciesAccepted"));
  EXPECT_EQ(edge.source.status().policies, ScriptedGit::Name('b'));
  EXPECT_EQ(world.Phase("limits"), "Stepping");
}

TEST_F(SourcePoliciesTest, WhatASetTightensHoldsWhileWhatItLoosensWaits) {
  Settle(PolicyText("hard", kAtMostOne));
  const std::string other = PolicyText("hard", "plan.first || plan.changed == 2");
  edge.Push('b', Files("{a: 1, b: 1}", other));
  ApprovePolicies();
  edge.Push('c', Files("{a: 2, b: 1}", other));
  EXPECT_EQ(world.Phase("limits"), "Held");
  edge.Push('d', Files("{a: 2, b: 2}", other));
  EXPECT_EQ(world.Phase("limits"), "Held");
}

TEST_F(SourcePoliciesTest, AnApprovalOfPoliciesSurvivesARestart) {
  Settle(PolicyText("hard", kAtMostOne));
  const FileTexts looser =
      Files("{a: 1, b: 1}", PolicyText("hard", "plan.first || plan.changed <= 2"));
  edge.Push('b', looser);
  ApprovePolicies();
  World after(disk);
  ASSERT_TRUE(after.rollouts.Restore().ok());
  FollowedSource again(after, SettingsOf("edge"));
  again.git.Push('a', Files("{a: 1, b: 1}", PolicyText("hard", kAtMostOne)));
  again.git.Push('b', looser);
  after.clock.Advance(world.clock.now().wall - after.clock.now().wall);
  after.Serving([&] { return again.source.Restore(after.clock.now()), 0; });
  ASSERT_TRUE(again.source.status().policy_plan);
  EXPECT_TRUE(again.source.status().policy_plan->approved());
  after.clock.Advance(std::chrono::minutes(11));
  again.Look();
  EXPECT_EQ(again.source.status().policies, ScriptedGit::Name('b'));
}

TEST_F(SourcePoliciesTest, ASetOfTheFirstCommitJudgesAtOnce) {
  Settle(PolicyText("hard", kAtMostOne));
  EXPECT_TRUE(Said("PoliciesAccepted"));
  EXPECT_EQ(edge.source.status().policies, ScriptedGit::Name('a'));
}

TEST_F(SourcePoliciesTest, ASetThatDoesNotCompileRefusesTheCommitAndTheOneBeforeStays) {
  Settle(PolicyText("hard", kAtMostOne));
  edge.Push('b', Files("{a: 2, b: 1}", PolicyText("hard", "plan.chnaged <= 1")));
  EXPECT_EQ(edge.source.status().reason, "PolicyRejected");
  EXPECT_NE(edge.source.status().message.find("did you mean"), std::string::npos)
      << edge.source.status().message;
  EXPECT_EQ(world.Phase("limits"), "Healthy");
}

TEST_F(SourcePoliciesTest, AFileThatCannotBeReadLeavesTheSetBeforeInForce) {
  Settle(PolicyText("hard", kAtMostOne));
  FileTexts files = Files("{a: 2, b: 2}", "");
  files["policies/few.yaml"] = "a: [";
  edge.Push('b', std::move(files));
  EXPECT_EQ(world.Phase("limits"), "Held");
  EXPECT_EQ(Reason(), reconciler::reason::kPolicyDenied);
}

TEST_F(SourcePoliciesTest, ASetWhoseTestsFailRefusesTheCommit) {
  Settle("");
  const std::string tests =
      "  tests: [{vars: {plan: {changed: 5, first: false}}, expect: allow}]\n";
  edge.Push('b', Files("{a: 2, b: 1}", PolicyText("hard", kAtMostOne, tests)));
  EXPECT_EQ(edge.source.status().reason, "PolicyRejected");
  EXPECT_EQ(world.Phase("limits"), "Healthy");
}

TEST_F(SourcePoliciesTest, TheAcceptedSetJudgesAfterARestart) {
  Settle(PolicyText("hard", kAtMostOne));
  World after(disk);
  ASSERT_TRUE(after.rollouts.Restore().ok());
  FollowedSource again(after, SettingsOf("edge"));
  again.git.Push('a', Files("{a: 1, b: 1}", PolicyText("hard", kAtMostOne)));
  after.Serving([&] { return again.source.Restore(after.clock.now()), 0; });
  again.Push('b', Files("{a: 2, b: 2}", PolicyText("hard", kAtMostOne)));
  EXPECT_EQ(after.Phase("limits"), "Held");
  EXPECT_EQ(after.rollouts.Find("limits")->reason, reconciler::reason::kPolicyDenied);
}

TEST_F(SourcePoliciesTest, AHeldPlanIsJudgedAnewAsTimePasses) {
  const WallTime open = world.clock.now().wall + std::chrono::hours(1);
  const std::string policy =
      PolicyText("hard", "plan.first || now > timestamp(\"" + FormatTime(open) + "\")");
  Settle(policy);
  edge.Push('b', Files("{a: 2, b: 1}", policy));
  ASSERT_EQ(world.Phase("limits"), "Held");
  world.clock.Advance(std::chrono::hours(1));
  edge.LookLater();
  EXPECT_EQ(world.Phase("limits"), "Stepping");
}

TEST_F(SourcePoliciesTest, TheVerdictsAreStoredWithThePlan) {
  Settle(PolicyText("soft", kAtMostOne));
  edge.Push('b', Files("{a: 2, b: 2}", PolicyText("soft", kAtMostOne)));
  const auto record =
      disk.Get("plan/" + world.rollouts.Find("limits")->target->plan.ToString()).value();
  EXPECT_NE(record.body.find(R"("policy":"few")"), std::string::npos);
  EXPECT_NE(record.body.find(R"("outcome":"deny")"), std::string::npos);
}

}  // namespace
}  // namespace portolan::controller
