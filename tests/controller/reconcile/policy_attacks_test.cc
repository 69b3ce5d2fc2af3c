// Ways to get a change live that the rules do not allow, each tried against the parts of the daemon
// (docs/policies.md, "Attacks"). Ana writes every commit; nothing of hers gets live.
#include "tests/controller/reconcile/gated_source.h"

namespace portolan::controller {
namespace {

constexpr const char* kBefore = "{a: 1, b: 1}";
constexpr const char* kAfter = "{a: 2, b: 1}";

std::string Policy(const std::string& name, const std::string& spec) {
  return "apiVersion: portolan/v1\nkind: Policy\nmetadata: {name: " + name +
         ", owner: policy-owners}\nspec:\n" + spec;
}
// Nothing but first versions goes live.
std::string Freeze(const std::string& more = "", const std::string& level = "hard") {
  return Policy("freeze", "  scope: plan\n  level: " + level +
                              "\n  rule: plan.first\n  message: \"'nothing goes live now'\"\n" +
                              more);
}
std::string WaiverText(const std::string& until) {
  return "apiVersion: portolan/v1\nkind: Waiver\nmetadata: {name: mine, owner: ana}\nspec: "
         "{policy: "
         "freeze, maps: [limits], until: " +
         until + ", reason: mine}\n";
}

class PolicyAttacksTest : public GatedSourceTest {
 protected:
  PolicyAttacksTest() { edge.git.time = world.clock.now().wall; }

  FileTexts Frozen(const std::string& entries, const std::string& level = "hard") {
    return With({{"policies/freeze.yaml", Freeze("", level)}}, entries);
  }
  void ExpectNothingLive(const std::string& reason, const std::string& message) {
    const SourceStatus status = edge.source.status();
    EXPECT_EQ(status.reason, reason);
    EXPECT_NE(status.message.find(message), std::string::npos) << status.message;
    EXPECT_EQ(world.Phase("limits"), "Healthy");
    EXPECT_EQ(status.policies, ScriptedGit::Name('a'));
  }
  void ExpectHeld(const std::string& message) {
    EXPECT_EQ(world.Phase("limits"), "Held");
    EXPECT_NE(Limits()->message.find(message), std::string::npos) << Limits()->message;
    EXPECT_EQ(world.Served("limits").canary, "-");
  }
  // The change of policies that waits, and who may not let it pass.
  void ExpectPolicyPlan(const std::string& change) {
    const auto plan = edge.source.status().policy_plan;
    ASSERT_TRUE(plan) << edge.source.status().message;
    EXPECT_EQ(plan->changes, std::vector<std::string>{change});
    EXPECT_TRUE(plan->loosens);
    EXPECT_FALSE(plan->approved());
    const auto by_author = ApprovePolicies("token:ana");
    ASSERT_FALSE(by_author.ok());
    EXPECT_NE(by_author.error().message.find("ana wrote the commit"), std::string::npos);
    EXPECT_FALSE(ApprovePolicies("token:bob").ok());
  }
};

TEST_F(PolicyAttacksTest, A_OneCommitDeletesThePolicyAndChangesTheMap) {
  Settle(Frozen(kBefore));
  edge.Push('b', With({}, kAfter));
  ExpectNothingLive("MixedCommit", "commit bbbbbbb changes policies and maps");
}

TEST_F(PolicyAttacksTest, B_OneCommitLoosensAndTheNextUsesItAtOnce) {
  Settle(Frozen(kBefore));
  edge.Push('b', With({}, kBefore));
  edge.Push('c', With({}, kAfter));
  ExpectHeld("freeze (hard): nothing goes live now");
  ASSERT_TRUE(ApprovePolicies("token:cid").ok());
  edge.LookLater();
  ExpectHeld("freeze (hard): nothing goes live now");
  world.clock.Advance(std::chrono::minutes(9));
  edge.Look();
  EXPECT_EQ(world.Phase("limits"), "Stepping");
}

TEST_F(PolicyAttacksTest, C_APolicyIsASymbolicLinkIntoTheMaps) {
  Settle(Frozen(kBefore));
  edge.git.refusals = {{"policies/freeze.yaml", "is a symbolic link, which is never followed"}};
  edge.Push('b', With({}, kAfter));
  ExpectHeld("freeze (hard): nothing goes live now");
  EXPECT_EQ(edge.source.status().policies, ScriptedGit::Name('a'));
}

TEST_F(PolicyAttacksTest, D_AFileBecomesAPolicyByARename) {
  FileTexts before = Frozen(kBefore, "soft");
  before["drafts/waiver.txt"] = WaiverText("2020-01-05T00:00:00Z");
  Settle(before);
  FileTexts after = Frozen(kBefore, "soft");
  after["policies/waiver.yaml"] = before["drafts/waiver.txt"];
  edge.Push('b', after);
  ExpectPolicyPlan("waiver mine: new, of freeze until 2020-01-05T00:00:00.000Z");
}

TEST_F(PolicyAttacksTest, E_ATwinInAFolderOfAnotherCaseReplacesThePolicy) {
  Settle(Frozen(kBefore));
  FileTexts files = Frozen(kBefore);
  files["Policies/freeze.yaml"] = Freeze("", "disabled");
  edge.Push('b', files);
  ExpectNothingLive("PolicyRejected", "Policies/freeze.yaml");
}

TEST_F(PolicyAttacksTest, F_AWaiverThatNeverEnds) {
  Settle(Frozen(kBefore, "soft"));
  FileTexts files = Frozen(kBefore, "soft");
  files["waiver.yaml"] = WaiverText("9999-01-01T00:00:00Z");
  edge.Push('b', files);
  ExpectNothingLive("PolicyRejected", "a waiver ends at most 90 days after its commit");
  // The commit may say that it is of another time; the daemon's clock does not.
  edge.git.time = ParseTime("9998-12-31T00:00:00Z").value();
  edge.Push('c', files);
  ExpectNothingLive("PolicyRejected", "a waiver ends at most 90 days after its commit");
}

TEST_F(PolicyAttacksTest, G_TheAuthorWaivesAPolicyForTheirOwnChange) {
  Settle(Frozen(kBefore, "soft"));
  FileTexts files = Frozen(kBefore, "soft");
  files["waiver.yaml"] = WaiverText("2020-01-05T00:00:00Z");
  edge.Push('b', files);
  ExpectPolicyPlan("waiver mine: new, of freeze until 2020-01-05T00:00:00.000Z");
  files.merge(With({}, kAfter));
  files["maps/limits.yaml"] = MapText("limits", kAfter);
  edge.Push('c', files);
  ExpectHeld("freeze: nothing goes live now");
  EXPECT_FALSE(Approve("token:ana", "freeze").ok());
}

TEST_F(PolicyAttacksTest, H_AKeyThatIsThereTwiceHidesTheLevel) {
  Settle(Frozen(kBefore));
  edge.Push('b', With({{"policies/freeze.yaml", Freeze("  level: disabled\n")}}, kBefore));
  ExpectNothingLive("PolicyRejected", "policies/freeze.yaml");
}

TEST_F(PolicyAttacksTest, I_APolicyCostsTooMuchToJudge) {
  std::string list = "0", rule = "x0 + x1 + x2 + x3 + x4 + x5 >= 0";
  for (int i = 1; i < 32; ++i) list += ", " + std::to_string(i);
  for (int i = 5; i >= 0; --i) rule = "params.n.all(x" + std::to_string(i) + ", " + rule + ")";
  const std::string spec = "  scope: plan\n  level: soft\n  params: {n: [" + list +
                           "]}\n  rule: plan.first || " + rule + "\n";
  Settle(With({}, kBefore));
  const std::string tested = "  tests: [{vars: {plan: {first: false}}, expect: allow}]\n";
  edge.Push('b', With({{"policies/slow.yaml", Policy("slow", spec + tested)}}, kBefore));
  EXPECT_EQ(edge.source.status().reason, "PolicyRejected");
  EXPECT_NE(edge.source.status().message.find("cost"), std::string::npos)
      << edge.source.status().message;
  // Without a test that shows it, it denies when it judges.
  edge.Push('c', With({{"policies/slow.yaml", Policy("slow", spec)}}, kBefore));
  ASSERT_TRUE(ApprovePolicies("token:cid").ok());
  edge.Push('d', With({{"policies/slow.yaml", Policy("slow", spec)}}, kAfter));
  ExpectHeld("slow (hard): ");
  ExpectHeld("cost");
}

TEST_F(PolicyAttacksTest, J_AnApproverLeavesTheGroupAfterApproving) {
  const FileTexts policy{{"policies/keys.yaml", Example("protected-keys")}};
  Settle(With({}, "{kill_switch: 0}"));
  edge.Push('b', With(policy, "{kill_switch: 0}"));
  ASSERT_TRUE(ApprovePolicies("token:cid").ok());
  edge.Push('c', With(policy, "{kill_switch: 1}"));
  ASSERT_TRUE(Approve("token:bob").ok());
  ASSERT_EQ(world.Phase("limits"), "Stepping");
  // The daemon starts again with a tokens file in which bob is no longer of sre.
  FollowedSource* source = nullptr;
  World after(disk, [&](const reconciler::Rollout& rollout) {
    return source->source.JudgeRaise(rollout, after.clock.now().wall);
  });
  ASSERT_TRUE(after.rollouts.Restore().ok());
  FollowedSource again(after, SettingsFor(Staff({}), "prod"));
  source = &again;
  for (const char commit : {'a', 'b', 'c'})
    again.git.Push(commit, With(commit == 'a' ? FileTexts{} : policy,
                                commit == 'c' ? "{kill_switch: 1}" : "{kill_switch: 0}"));
  after.Serving([&] { return again.source.Restore(after.clock.now()), 0; });
  after.Pass(std::chrono::seconds(30));
  EXPECT_EQ(after.Phase("limits"), "Paused");
  EXPECT_EQ(after.Served("limits").weight, 5'000u);
  EXPECT_NE(after.rollouts.Find("limits")->message.find(
                "held at 5 % by protected-keys (hard): key kill_switch is protected"),
            std::string::npos)
      << after.rollouts.Find("limits")->message;
}

TEST_F(PolicyAttacksTest, K_TheAuthorBearsTheNameOfAnApprover) {
  Settle(Frozen(kBefore, "soft"));
  edge.git.author = "bob <ana@example.com>";
  edge.Push('b', Frozen(kAfter, "soft"));
  ExpectHeld("freeze: nothing goes live now");
  const auto own = Approve("token:ana", "freeze");
  ASSERT_FALSE(own.ok());
  EXPECT_NE(own.error().message.find("ana wrote the commit (bob <ana@example.com>)"),
            std::string::npos)
      << own.error().message;
  // An address that nobody knows may be anybody's.
  edge.git.author = "bob <nobody@example.com>";
  edge.Push('c', Frozen("{a: 3, b: 1}", "soft"));
  const auto unknown = Approve("token:cid", "freeze");
  ASSERT_FALSE(unknown.ok());
  EXPECT_NE(unknown.error().message.find("so cid may be the author"), std::string::npos);
}

TEST_F(PolicyAttacksTest, L_AMatchIsChangedSoThatItCoversNothing) {
  Settle(Frozen(kBefore));
  edge.Push('b', With({{"policies/freeze.yaml", Freeze("  match: {maps: [nothing]}\n")}}, kBefore));
  ExpectPolicyPlan("policy freeze: its match covers less, or something else");
  edge.Push('c', With({{"policies/freeze.yaml", Freeze("  match: {maps: [nothing]}\n")}}, kAfter));
  ExpectHeld("freeze (hard): nothing goes live now");
}

TEST_F(PolicyAttacksTest, M_TheAuthorForgesTheAddressOfAColleague) {
  Settle(Frozen(kBefore, "soft"));
  edge.git.author = "Cid <cid@example.com>";
  edge.git.Sign('b', std::vector<std::string>{"ana@example.com"});
  edge.Push('b', Frozen(kAfter, "soft"));
  ExpectHeld("freeze: nothing goes live now");
  const auto own = Approve("token:ana", "freeze");
  ASSERT_FALSE(own.ok());
  EXPECT_EQ(own.error().message,
            "ana signed the commit (ana@example.com); somebody else must approve it");
  EXPECT_FALSE(Approve("token:cid", "freeze").ok());
  EXPECT_TRUE(Approve("token:bob", "freeze").ok());
  EXPECT_EQ(world.Phase("limits"), "Stepping");
}

TEST_F(PolicyAttacksTest, N_TheAuthorLetsAnothersCommitFollowTheirOwn) {
  Settle(Frozen(kBefore, "soft"));
  // Both commits are seen at once; bob's is about something else.
  edge.git.Push('b', Frozen(kAfter, "soft"));
  FileTexts files = Frozen(kAfter, "soft");
  files["maps/routes.yaml"] = MapText("routes", "{a: 1}");
  edge.git.authors['c'] = "Bob <bob@example.com>";
  edge.Push('c', files);
  ExpectHeld("freeze: nothing goes live now");
  const auto own = Approve("token:ana", "freeze");
  ASSERT_FALSE(own.ok());
  EXPECT_NE(own.error().message.find("ana wrote the commit"), std::string::npos);
  EXPECT_TRUE(Approve("token:bob", "freeze").ok());
  EXPECT_EQ(world.Phase("limits"), "Stepping");
}

}  // namespace
}  // namespace portolan::controller
