// Maps of class regulated, against the parts of the daemon; only the signatures are made up: one
// that reads "by NAME" is NAME's.
#include <functional>

#include "tests/controller/reconcile/gated_source.h"

namespace portolan::controller {
namespace {

class Regulators final : public ExternalApproval {
 public:
  void Ask(ExternalQuestion question) override {
    if (asked.empty() || asked.back().plan != question.plan) asked.push_back(std::move(question));
  }
  void Drop(const std::string& map) override { dropped.push_back(map); }
  Result<ExternalAnswer> Check(const SignedAnswer& answer, const std::string&, const Digest& plan,
                               WallTime) const override {
    if (!answer.text.starts_with(plan.ToString()))
      return Error{ErrorCode::kDenied, "OtherPlan: the answer is for another plan"};
    if (answer.signature != "by " + regulator)
      return Error{ErrorCode::kDenied, "UnknownSigner: the answer is signed by nobody known"};
    return ExternalAnswer{{regulator}, "", answer.text.ends_with(" none")};
  }

  std::string regulator = "audit@regulator.example";
  std::vector<ExternalQuestion> asked;
  std::vector<std::string> dropped;
};

class SourceRegulatedTest : public testing::Test {
 protected:
  static FileTexts Maps(const std::string& entries, bool regulated = true) {
    FileTexts files = MapsOf({{"limits", entries}});
    if (regulated) files["maps/limits.yaml"] += "  class: regulated\n";
    return files;
  }
  std::shared_ptr<const reconciler::Rollout> Limits() const {
    return world.rollouts.Find("limits");
  }
  // As the API hands an answer in that it verified.
  VerbAnswer Answer(const std::string& more = "", const std::string& plan = "") {
    reconciler::Command command;
    command.verb = reconciler::Verb::kApprove;
    command.actor = "signer:" + regulators.regulator;
    command.plan = Limits()->target->plan;
    command.despite = reconciler::kRegulated;
    command.answer = (plan.empty() ? command.plan.ToString() : plan) + more;
    command.signature = "by " + regulators.regulator;
    return Do(command);
  }
  // `portolan approve`, plain or despite a policy.
  VerbAnswer Approve(const std::string& despite = "") {
    reconciler::Command command;
    command.verb = reconciler::Verb::kApprove;
    command.actor = "token:bob";
    command.plan = Limits()->target->plan;
    command.despite = despite;
    command.reason = "reviewed";
    return Do(command);
  }
  VerbAnswer Do(const reconciler::Command& command) {
    VerbAnswer answer = world.Do("limits", command).value();
    edge.source.Rejudge("limits");
    edge.Look();
    return answer;
  }
  void ExpectWaits() {
    EXPECT_EQ(world.Phase("limits"), "Held");
    EXPECT_EQ(Limits()->reason, reconciler::reason::kApprovalRequired);
    EXPECT_NE(Limits()->message.find("regulated: waits for a signed answer from outside; to allow "
                                     "it: portolan approve sha256:"),
              std::string::npos)
        << Limits()->message;
    EXPECT_NE(Limits()->message.find(" --signed FILE"), std::string::npos) << Limits()->message;
  }
  // A first version goes live by an answer, too.
  void Settle() {
    edge.Push('a', Maps("{a: 1}"));
    ExpectWaits();
    EXPECT_TRUE(Answer().outcome.accepted);
    world.Pass(std::chrono::minutes(2));
    ASSERT_EQ(world.Phase("limits"), "Healthy") << Limits()->message;
  }

  std::vector<reconciler::Finding> JudgeRaise(const reconciler::Rollout& rollout) {
    return edge.source.JudgeRaise(rollout, world.clock.now().wall);
  }

  MemoryStore disk;
  Regulators regulators;
  World world{disk, std::bind_front(&SourceRegulatedTest::JudgeRaise, this)};
  FollowedSource edge{world, SettingsFor(Staff(), "prod"), &regulators};
};

TEST_F(SourceRegulatedTest, APlanWaitsUntilAnAnswerComesAndThenGoesToTheEnd) {
  Settle();
  edge.Push('b', Maps("{a: 2}"));
  ExpectWaits();
  EXPECT_TRUE(Answer().outcome.accepted);
  EXPECT_EQ(world.Phase("limits"), "Stepping");
  world.Pass(std::chrono::minutes(2));
  EXPECT_EQ(world.Phase("limits"), "Healthy");
  edge.Push('c', Maps("{a: 3}"));
  ExpectWaits();
}

TEST_F(SourceRegulatedTest, TheQuestionIsThePlanWithItsWritersAndVerdicts) {
  Settle();
  edge.Push('b', Maps("{a: 2}"));
  edge.LookLater();
  ASSERT_EQ(regulators.asked.size(), 2u);
  const ExternalQuestion& asked = regulators.asked.back();
  EXPECT_EQ(asked.map, "limits");
  EXPECT_EQ(asked.source, "edge");
  EXPECT_EQ(asked.plan, Limits()->target->plan);
  EXPECT_EQ(asked.body.StringOr("class", ""), "regulated");
  EXPECT_EQ(asked.body.StringOr("environment", ""), "test");
  EXPECT_EQ(asked.body.Find("plan")->StringOr("id", ""), asked.plan.ToString());
  EXPECT_EQ(asked.body.Find("authors")->as_array().at(0).as_string(), "Ana <ana@example.com>");
  EXPECT_NE(asked.body.Find("policies"), nullptr);
  regulators.dropped.clear();
  Answer();
  EXPECT_EQ(regulators.dropped, std::vector<std::string>{"limits"});
}

TEST_F(SourceRegulatedTest, OrdinaryApprovalsReleaseNothing) {
  Settle();
  edge.Push('b', Maps("{a: 2}"));
  EXPECT_TRUE(Approve().outcome.accepted);
  ExpectWaits();
  const VerbAnswer despite = Approve("regulated");
  EXPECT_FALSE(despite.outcome.accepted);
  EXPECT_TRUE(despite.outcome.denied);
  EXPECT_NE(despite.outcome.message.find("only a signed answer releases a regulated map"),
            std::string::npos);
  ExpectWaits();
}

TEST_F(SourceRegulatedTest, AnAnswerIsGoodForItsPlanOnly) {
  Settle();
  edge.Push('b', Maps("{a: 2}"));
  const std::string plan = Limits()->target->plan.ToString();
  EXPECT_TRUE(Answer().outcome.accepted);
  world.Pass(std::chrono::minutes(2));
  edge.Push('c', Maps("{a: 3}"));
  ExpectWaits();
  // Handed in for this one, it is not believed.
  Answer("", plan);
  EXPECT_EQ(world.Phase("limits"), "Held");
  EXPECT_NE(Limits()->message.find("waits for another signed answer: OtherPlan"), std::string::npos)
      << Limits()->message;
}

TEST_F(SourceRegulatedTest, AnAnswerBySomebodyWhoWroteTheChangeDoesNotCount) {
  Settle();
  regulators.regulator = "ana@example.com";
  edge.Push('b', Maps("{a: 2}"));
  Answer();
  EXPECT_EQ(world.Phase("limits"), "Held");
  EXPECT_NE(Limits()->message.find("signed by ana@example.com, who wrote the commit"),
            std::string::npos)
      << Limits()->message;
}

TEST_F(SourceRegulatedTest, ASignerWhoIsTakenOutHoldsTheRolloutAtItsStep) {
  Settle();
  edge.Push('b', Maps("{a: 2}"));
  Answer();
  EXPECT_EQ(world.Phase("limits"), "Stepping");
  regulators.regulator = "somebody else";
  world.Pass(std::chrono::seconds(30));
  EXPECT_EQ(world.Phase("limits"), "Paused");
  EXPECT_NE(Limits()->message.find("UnknownSigner"), std::string::npos) << Limits()->message;
  EXPECT_EQ(world.Served("limits").weight, 5'000u);
}

TEST_F(SourceRegulatedTest, AbortRollbackAndLockNeedNoAnswer) {
  using reconciler::Verb;
  Settle();
  edge.Push('b', Maps("{a: 2}"));
  Answer();
  reconciler::Command command;
  command.actor = "token:bob";
  command.verb = Verb::kAbort;
  EXPECT_TRUE(Do(command).outcome.accepted);
  EXPECT_EQ(world.Served("limits").weight, 0u);
  command.verb = Verb::kLock;
  EXPECT_TRUE(Do(command).outcome.accepted);
  EXPECT_EQ(world.Phase("limits"), "Locked");
  command.verb = Verb::kUnlock;
  EXPECT_TRUE(Do(command).outcome.accepted);
  edge.Push('c', Maps("{a: 3}"));
  Answer();
  world.Pass(std::chrono::minutes(2));
  ASSERT_EQ(world.Phase("limits"), "Healthy") << Limits()->message;
  command.verb = Verb::kRollback;
  EXPECT_TRUE(Do(command).outcome.accepted);
  world.Pass(std::chrono::minutes(2));
  EXPECT_EQ(Limits()->stable->number, 1u);
}

TEST_F(SourceRegulatedTest, TheManifestTakesAMapInAndOnlyAnAnswerLetsItOut) {
  Settle();
  // Alone this plans nothing, and frees nothing.
  edge.Push('b', Maps("{a: 1}", false));
  edge.Push('c', Maps("{a: 2}", false));
  ExpectWaits();
  EXPECT_EQ(regulators.asked.back().body.StringOr("class", ""), "none");
  Answer();
  world.Pass(std::chrono::minutes(2));
  edge.source.Replan("limits");
  edge.Look();
  edge.Push('d', Maps("{a: 3}", false));
  ExpectWaits();
  Answer(" none");
  world.Pass(std::chrono::minutes(2));
  edge.source.Replan("limits");
  edge.Look();
  EXPECT_TRUE(edge.source.status().regulated.empty());
  edge.Push('e', Maps("{a: 4}", false));
  EXPECT_EQ(world.Phase("limits"), "Stepping");
}

TEST_F(SourceRegulatedTest, AMapStaysRegulatedOverARestart) {
  Settle();
  World after(disk);
  ASSERT_TRUE(after.rollouts.Restore().ok());
  FollowedSource again(after, SettingsFor(Staff(), "prod"), &regulators);
  again.git.Push('a', Maps("{a: 1}"));
  again.git.Push('b', Maps("{a: 2}", false));
  after.Serving([&] { return again.source.Restore(after.clock.now()), 0; });
  again.LookLater();
  EXPECT_EQ(after.Phase("limits"), "Held");
}

TEST_F(SourceRegulatedTest, WithoutAnybodyToAnswerItGoesNowhere) {
  FollowedSource alone(world, SettingsFor(Staff(), "prod"));
  alone.Push('a', Maps("{a: 1}"));
  EXPECT_EQ(world.Phase("limits"), "Held");
  EXPECT_NE(Limits()->message.find("the daemon's configuration has no \"regulated\""),
            std::string::npos)
      << Limits()->message;
}

}  // namespace
}  // namespace portolan::controller
