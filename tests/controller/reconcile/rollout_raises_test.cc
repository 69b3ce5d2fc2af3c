// The policies in force are asked before every raise of the weight.
#include <gtest/gtest.h>

#include "tests/controller/reconcile/world.h"

namespace portolan::controller {
namespace {

using reconciler::Verb;

class RolloutRaisesTest : public testing::Test {
 protected:
  RolloutRaisesTest() {
    world.Settle("limits", world.limits_1);
    asked.clear();
  }
  // The weights at which they were asked, since the last call.
  std::vector<std::uint32_t> Asked() { return std::exchange(asked, {}); }
  std::string Reason() { return world.rollouts.Find("limits")->reason; }
  void Deny(const std::string& level = "hard") {
    findings = {{"freeze", level, "nothing goes live now"}};
  }
  // A verb that asks gets its answer a round later.
  Result<VerbAnswer> Do(reconciler::Command command) {
    command.actor = "user:ana";
    auto answer = world.rollouts.Submit("limits", std::move(command));
    world.Process();
    world.Process();
    return answer.get();
  }
  Result<VerbAnswer> Do(Verb verb) {
    reconciler::Command command;
    command.verb = verb;
    return Do(command);
  }

  std::vector<reconciler::Finding> findings;
  std::vector<std::uint32_t> asked;
  MemoryStore disk;
  World world{disk, [this](const reconciler::Rollout& rollout) {
                asked.push_back(reconciler::ServingOf(rollout).split.weight);
                return findings;
              }};
};

TEST_F(RolloutRaisesTest, AreAskedOnceEachAndAWishComesJudged) {
  world.Want("limits", world.limits_2);
  EXPECT_EQ(Asked(), std::vector<std::uint32_t>{});
  world.Pass(std::chrono::seconds(12));
  EXPECT_EQ(world.Served("limits").weight, 50'000u);
  EXPECT_EQ(Asked(), std::vector<std::uint32_t>{5'000});
  world.Pass(std::chrono::seconds(12));
  EXPECT_EQ(world.Phase("limits"), "Baking");
  EXPECT_EQ(Asked(), std::vector<std::uint32_t>{50'000});
}

TEST_F(RolloutRaisesTest, ADenialHoldsTheRolloutAtItsStepUntilItIsLifted) {
  world.Want("limits", world.limits_2);
  Deny();
  world.Pass(std::chrono::seconds(30));
  EXPECT_EQ(world.Phase("limits"), "Paused");
  EXPECT_EQ(Reason(), reconciler::reason::kPolicyDenied);
  EXPECT_EQ(world.Served("limits").weight, 5'000u);
  EXPECT_NE(world.rollouts.Find("limits")->message.find("held at 5 % by freeze (hard)"),
            std::string::npos)
      << world.rollouts.Find("limits")->message;
  findings.clear();
  world.Pass(std::chrono::seconds(7));
  EXPECT_EQ(world.Served("limits").weight, 50'000u);
}

TEST_F(RolloutRaisesTest, AHeldRolloutIsStillAbortedWithoutAsking) {
  world.Want("limits", world.limits_2);
  Deny();
  world.Pass(std::chrono::seconds(12));
  Asked();
  EXPECT_TRUE(world.Do("limits", Verb::kAbort)->outcome.accepted);
  EXPECT_EQ(world.Served("limits").weight, 0u);
  EXPECT_TRUE(Asked().empty());
}

TEST_F(RolloutRaisesTest, LockAndRollbackNeverAsk) {
  world.Settle("limits", world.limits_2);
  Asked();
  Deny();
  EXPECT_TRUE(world.Do("limits", Verb::kRollback)->outcome.accepted);
  EXPECT_EQ(world.Served("limits").stable, world.limits_1->digest().ToString());
  world.Pass(std::chrono::minutes(1));
  EXPECT_TRUE(world.Do("limits", Verb::kLock)->outcome.accepted);
  EXPECT_TRUE(Asked().empty());
}

TEST_F(RolloutRaisesTest, PromoteAndSkipAreRefusedWithTheDenialAndChangeNothing) {
  world.Want("limits", world.limits_2);
  Deny("soft");
  reconciler::Command full;
  full.verb = Verb::kPromote;
  full.full = true;
  for (const auto& answer : {Do(full), Do(Verb::kSkip)}) {
    EXPECT_FALSE(answer->outcome.accepted);
    EXPECT_TRUE(answer->outcome.denied);
    EXPECT_NE(answer->outcome.message.find("freeze (soft)"), std::string::npos);
  }
  EXPECT_EQ(world.Phase("limits"), "Stepping");
  EXPECT_EQ(world.Served("limits").weight, 5'000u);
  EXPECT_EQ(Asked().size(), 2u);
  findings.clear();
  EXPECT_TRUE(Do(full)->outcome.accepted);
  EXPECT_EQ(world.Phase("limits"), "Baking");
}

TEST_F(RolloutRaisesTest, ResumeDoesNotLiftADenial) {
  world.Want("limits", world.limits_2);
  Deny();
  world.Pass(std::chrono::seconds(12));
  const auto answer = Do(Verb::kResume);
  EXPECT_FALSE(answer->outcome.accepted);
  EXPECT_TRUE(answer->outcome.denied);
  EXPECT_EQ(Reason(), reconciler::reason::kPolicyDenied);
}

TEST_F(RolloutRaisesTest, ARetryIsJudgedAnew) {
  world.Want("limits", world.limits_2);
  ASSERT_TRUE(world.Do("limits", Verb::kAbort).ok());
  world.Process();
  ASSERT_EQ(world.Phase("limits"), "RolledBack");
  Deny();
  EXPECT_TRUE(Do(Verb::kRetry)->outcome.accepted);
  EXPECT_EQ(world.Phase("limits"), "Held");
  EXPECT_EQ(Reason(), reconciler::reason::kPolicyDenied);
}

}  // namespace
}  // namespace portolan::controller
