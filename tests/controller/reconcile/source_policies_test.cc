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
  Result<VerbAnswer> Approve() {
    reconciler::Command command;
    command.verb = reconciler::Verb::kApprove;
    command.plan = world.rollouts.Find("limits")->target->plan;
    return world.Do("limits", command);
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
  EXPECT_EQ(world.Phase("limits"), "Stepping");
}

TEST_F(SourcePoliciesTest, NothingButAnotherCommitLiftsAHardDenial) {
  Settle(PolicyText("hard", kAtMostOne));
  edge.Push('b', Files("{a: 2, b: 2}", PolicyText("hard", kAtMostOne)));
  ASSERT_EQ(world.Phase("limits"), "Held");
  EXPECT_EQ(Reason(), reconciler::reason::kPolicyDenied);
  const auto answer = Approve();
  EXPECT_FALSE(answer->outcome.accepted);
  EXPECT_TRUE(answer->outcome.denied);
  edge.Push('c', Files("{a: 2, b: 1}", PolicyText("hard", kAtMostOne)));
  EXPECT_EQ(world.Phase("limits"), "Stepping");
}

TEST_F(SourcePoliciesTest, AnErrorWhileJudgingDenies) {
  const std::string policy = PolicyText("soft", "int(manifest.labels.tier) > 0");
  Settle(PolicyText("soft", kAtMostOne));
  edge.Push('b', Files("{a: 1, b: 1}", policy));
  edge.Push('c', Files("{a: 2, b: 1}", policy));
  EXPECT_EQ(world.Phase("limits"), "Held");
  EXPECT_EQ(Reason(), reconciler::reason::kPolicyDenied);
}

TEST_F(SourcePoliciesTest, TheSetBeforeJudgesACommitThatRemovesAPolicy) {
  Settle(PolicyText("hard", kAtMostOne));
  edge.Push('b', Files("{a: 2, b: 2}", ""));
  EXPECT_EQ(world.Phase("limits"), "Held");
  EXPECT_EQ(Reason(), reconciler::reason::kPolicyDenied);
  EXPECT_EQ(edge.source.status().policies, ScriptedGit::Name('a'));
}

TEST_F(SourcePoliciesTest, ACommitThatChangesPoliciesAndAMapWaitsForAnApproval) {
  Settle(PolicyText("hard", kAtMostOne));
  edge.Push('b', Files("{a: 2, b: 1}", ""));
  ASSERT_EQ(world.Phase("limits"), "Held");
  EXPECT_EQ(Reason(), reconciler::reason::kApprovalRequired);
  EXPECT_NE(world.rollouts.Find("limits")->message.find("policy-change"), std::string::npos);
}

TEST_F(SourcePoliciesTest, PoliciesThatTravelAloneJudgeTheNextCommit) {
  Settle(PolicyText("hard", kAtMostOne));
  edge.Push('b', Files("{a: 1, b: 1}", PolicyText("hard", "plan.first || plan.changed <= 2")));
  EXPECT_TRUE(Said("PoliciesAccepted"));
  EXPECT_EQ(edge.source.status().policies, ScriptedGit::Name('b'));
  edge.Push('c', Files("{a: 2, b: 2}", PolicyText("hard", "plan.first || plan.changed <= 2")));
  EXPECT_EQ(world.Phase("limits"), "Stepping");
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
  files["maps/broken.yaml"] = "a: [";
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
  again.Push('b', Files("{a: 2, b: 2}", ""));
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
