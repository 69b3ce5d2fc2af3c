// A source of maps whose policies are in another repository, and the source that follows that one.
#include <gtest/gtest.h>

#include "tests/controller/reconcile/scripted_git.h"

namespace portolan::controller {
namespace {

using reconciler::Verb;

constexpr Duration kMaxAge = std::chrono::hours(24);

std::string BindingPolicyText(const std::string& level, const std::string& rule) {
  return "apiVersion: portolan/v1\nkind: Policy\nmetadata: {name: few, owner: o}\nspec:\n"
         "  scope: plan\n  level: " +
         level + "\n  rule: '" + rule + "'\n  message: \"'changes ' + string(plan.changed)\"\n";
}
std::string WaiverText(const std::string& map) {
  return "apiVersion: portolan/v1\nkind: Waiver\nmetadata: {name: inc, owner: o}\nspec: {policy: "
         "few, maps: [" +
         map + "], until: 2020-01-01T00:00:00Z, reason: INC-1}\n";
}
const std::string kBindingAtMostOne = "plan.first || plan.changed <= 1";

SourceSettings RulesSettings() {
  SourceSettings settings = SettingsOf("rules");
  settings.policies_only = true;
  return settings;
}

// A daemon's parts; another one on the same store is the daemon after a restart.
struct Parts {
  explicit Parts(MemoryStore& disk)
      : world(disk, [this](const reconciler::Rollout& rollout) {
          return edge.source.JudgeRaise(rollout, world.clock.now().wall);
        }) {}

  void Look() {
    rules.LookLater();
    edge.LookLater();
  }
  std::string Message() const { return world.rollouts.Find("limits")->message; }
  bool Said(const std::string& reason) const {
    return std::ranges::any_of(rules.events,
                               [&](const auto& event) { return event.reason == reason; });
  }

  World world;
  BindingPolicies binding{"rules", PolicyGate({}), kMaxAge};
  FollowedSource rules{world, RulesSettings(), nullptr, &binding};
  FollowedSource edge{world, SettingsOf("edge"), nullptr, &binding};
};

class SourceBindingTest : public testing::Test {
 protected:
  static FileTexts Policy(const std::string& level = "hard",
                          const std::string& rule = kBindingAtMostOne) {
    return {{"few.yaml", BindingPolicyText(level, rule)}};
  }
  static FileTexts Maps(const std::string& entries) { return MapsOf({{"limits", entries}}); }
  // "limits" is healthy with a and b, under the policy of the other repository.
  void Settle() {
    ASSERT_TRUE(parts.rules.source.Restore(parts.world.clock.now()));
    ASSERT_TRUE(parts.edge.source.Restore(parts.world.clock.now()));
    parts.rules.Push('a', Policy());
    parts.edge.Push('a', Maps("{a: 1, b: 1}"));
    parts.world.Pass(std::chrono::minutes(2));
    ASSERT_EQ(parts.world.Phase("limits"), "Healthy") << parts.edge.source.status().message;
  }

  MemoryStore disk;
  Parts parts{disk};
};

TEST_F(SourceBindingTest, ThePoliciesOfTheOtherRepositoryAreRolledBackThere) {
  Settle();
  const auto ask = [&](FollowedSource& of) {
    auto done = of.source.RollBackPolicies({"", "token:bob", "too strict"});
    of.Look();
    return done.get();
  };
  const auto approve = [&] {
    auto done = parts.rules.source.ApprovePolicies(
        {parts.rules.source.status().policy_plan->id, "token:cid", ""});
    parts.rules.Look();
    ASSERT_TRUE(done.get().ok());
    parts.world.clock.Advance(std::chrono::minutes(11));
    parts.Look();
  };
  const auto refused = ask(parts.edge);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("portolan rollback --policies rules"), std::string::npos);
  parts.rules.Push('b', Policy("hard", "plan.first || plan.changed <= 5"));
  approve();
  ASSERT_EQ(parts.edge.source.status().bound_policies, ScriptedGit::Name('b'));
  ASSERT_TRUE(ask(parts.rules).ok());
  approve();
  EXPECT_EQ(parts.edge.source.status().bound_policies, ScriptedGit::Name('a'));
  parts.edge.Push('b', Maps("{a: 2, b: 2}"));
  EXPECT_EQ(parts.world.Phase("limits"), "Held");
}

TEST_F(SourceBindingTest, ThePoliciesOfTheOtherRepositoryJudge) {
  Settle();
  parts.edge.Push('b', Maps("{a: 2, b: 2}"));
  EXPECT_EQ(parts.world.Phase("limits"), "Held");
  EXPECT_NE(parts.Message().find("few (hard): changes 2"), std::string::npos) << parts.Message();
  const auto plan = parts.world.rollouts.Find("limits")->target->plan;
  const auto record =
      manifests::ParseJson(parts.world.store.Get("plan/" + plan.ToString())->body).value();
  EXPECT_EQ(record.StringOr("policiesSource", ""), "rules");
  EXPECT_EQ(record.StringOr("policiesCommit", ""), ScriptedGit::Name('a'));
  const auto status = SourceStatusToValue(parts.edge.source.status());
  EXPECT_EQ(status.Find("policies")->StringOr("source", ""), "rules");
  EXPECT_EQ(status.Find("policies")->StringOr("commit", ""), ScriptedGit::Name('a'));
}

TEST_F(SourceBindingTest, BeforeItsFirstSetNothingGoesLive) {
  parts.rules.source.Restore(parts.world.clock.now());
  parts.edge.source.Restore(parts.world.clock.now());
  parts.edge.Push('a', Maps("{a: 1}"));
  EXPECT_EQ(parts.world.Phase("limits"), "Held");
  EXPECT_NE(parts.Message().find("no policies of policySource \"rules\" were accepted yet"),
            std::string::npos);
  parts.rules.Push('a', Policy());
  parts.edge.Look();
  EXPECT_NE(parts.world.Phase("limits"), "Held")
      << "it is judged anew without a look at its remote";
}

TEST_F(SourceBindingTest, ACommitOfABoundSourceMayHoldNoPolicies) {
  Settle();
  FileTexts files = Maps("{a: 2, b: 1}");
  files["rules/mine.yaml"] = BindingPolicyText("disabled", "true");
  parts.edge.Push('b', files);
  const SourceStatus status = parts.edge.source.status();
  EXPECT_EQ(status.reason, "PoliciesElsewhere");
  EXPECT_EQ(status.message,
            "commit bbbbbbb holds policies or waivers (rules/mine.yaml), but those of policySource "
            "\"rules\" judge this source, nothing of it is taken; move them there");
  EXPECT_EQ(parts.world.Phase("limits"), "Healthy");
  parts.edge.Push('c', Maps("{a: 2, b: 1}"));
  EXPECT_EQ(parts.world.Phase("limits"), "Stepping") << "the commit after it goes on";
}

TEST_F(SourceBindingTest, ACommitOfThePolicySourceMayHoldNoMapsAndNoWaiverOfUnknownOnes) {
  Settle();
  FileTexts files = Policy();
  files["m.yaml"] = MapText("other", "{a: 1}");
  parts.rules.Push('b', files);
  EXPECT_EQ(parts.rules.source.status().reason, "MapsInPolicySource");
  FileTexts waived = {{"few.yaml", BindingPolicyText("soft", kBindingAtMostOne)},
                      {"w.yaml", WaiverText("limts")}};
  parts.rules.git.time = parts.world.clock.now().wall;
  parts.rules.Push('c', waived);
  EXPECT_EQ(parts.rules.source.status().reason, "PolicyRejected");
  EXPECT_NE(
      parts.rules.source.status().message.find("for a map \"limts\", which no source declares"),
      std::string::npos)
      << parts.rules.source.status().message;
  EXPECT_EQ(parts.binding.commit(), ScriptedGit::Name('a'));
}

TEST_F(SourceBindingTest, AChangeThereWaitsForAnOwnerAndForPolicyDelay) {
  Settle();
  parts.rules.Push('b', Policy("soft"));
  parts.edge.Push('b', Maps("{a: 2, b: 2}"));
  const auto plan = parts.rules.source.status().policy_plan;
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->loosens);
  EXPECT_NE(parts.Message().find("few (hard)"), std::string::npos);
  auto approved = parts.rules.source.ApprovePolicies({plan->id, "user:bob", "reviewed"});
  parts.rules.Look();
  ASSERT_TRUE(approved.get().ok());
  parts.edge.Look();
  EXPECT_NE(parts.Message().find("few (hard)"), std::string::npos);
  parts.world.clock.Advance(std::chrono::minutes(11));
  parts.rules.Look();
  parts.edge.Look();
  EXPECT_NE(parts.Message().find("few: changes 2; to allow it"), std::string::npos)
      << parts.Message();
  EXPECT_EQ(parts.edge.source.status().bound_policies, ScriptedGit::Name('b'));
}

TEST_F(SourceBindingTest, WhatTheyDenyHoldsARolloutAtItsStep) {
  Settle();
  parts.rules.Push('b', Policy("hard", "plan.first"));
  const auto plan = parts.rules.source.status().policy_plan;
  ASSERT_TRUE(plan);
  parts.edge.Push('b', Maps("{a: 2, b: 1}"));
  ASSERT_EQ(parts.world.Phase("limits"), "Stepping") << "nobody approved the change yet";
  auto approved = parts.rules.source.ApprovePolicies({plan->id, "user:bob", "reviewed"});
  parts.rules.Look();
  ASSERT_TRUE(approved.get().ok());
  parts.world.Pass(std::chrono::minutes(1));
  EXPECT_EQ(parts.world.Phase("limits"), "Paused") << parts.Message();
  EXPECT_EQ(parts.world.Served("limits").weight, 5'000u);
}

TEST_F(SourceBindingTest, PoliciesThatCannotBeReadJudgeUntilTheyAreTooOld) {
  Settle();
  parts.rules.git.FailFetches({ErrorCode::kUnavailable, "Unreachable: no route"});
  parts.world.clock.Advance(kMaxAge - std::chrono::minutes(30));
  parts.edge.Push('b', Maps("{a: 2, b: 1}"));
  ASSERT_EQ(parts.world.Phase("limits"), "Stepping") << "the last good set judges";
  parts.world.clock.Advance(std::chrono::minutes(31));
  parts.rules.Look();
  EXPECT_TRUE(parts.Said("PoliciesTooOld"));
  parts.world.Pass(std::chrono::seconds(10));
  EXPECT_EQ(parts.world.Phase("limits"), "Paused") << parts.Message();
  EXPECT_NE(parts.Message().find("policySource \"rules\" was last read at"), std::string::npos)
      << parts.Message();
  EXPECT_TRUE(parts.world.Do("limits", Verb::kAbort)->outcome.accepted);
  EXPECT_EQ(parts.world.Served("limits").weight, 0u);
  EXPECT_TRUE(parts.world.Do("limits", Verb::kLock)->outcome.accepted);
  EXPECT_TRUE(parts.world.Do("limits", Verb::kUnlock)->outcome.accepted);
  parts.edge.Push('c', Maps("{a: 3, b: 1}"));
  EXPECT_EQ(parts.world.Phase("limits"), "Held");
  parts.rules.git.Heal();
  parts.world.clock.Advance(std::chrono::minutes(10));
  parts.rules.Look();
  parts.edge.Look();
  EXPECT_EQ(parts.world.Phase("limits"), "Stepping") << parts.Message();
}

TEST_F(SourceBindingTest, ATipThatIsRefusedThereMakesThePoliciesNoYounger) {
  Settle();
  parts.rules.Push('b', {{"few.yaml", BindingPolicyText("hard", "plan.chnaged < 1")}});
  const auto read = parts.binding.seen_at();
  parts.rules.LookLater();
  EXPECT_EQ(parts.binding.seen_at(), read);
  parts.rules.Push('c', Policy());
  EXPECT_NE(parts.binding.seen_at(), read);
}

TEST_F(SourceBindingTest, ARestartKeepsWhatJudgesAndHowOldItIs) {
  Settle();
  const auto read = parts.binding.seen_at();
  Parts again(disk);
  again.world.clock.Advance(parts.world.clock.now().wall - again.world.clock.now().wall);
  ASSERT_TRUE(again.world.rollouts.Restore().ok());
  again.rules.git.Push('a', Policy());
  again.rules.git.FailFetches({ErrorCode::kUnavailable, "Unreachable: no route"});
  again.edge.git.Push('a', Maps("{a: 1, b: 1}"));
  EXPECT_FALSE(again.edge.source.Restore(again.world.clock.now()))
      << "a bound source waits until the policies are restored";
  EXPECT_TRUE(
      again.world.Serving([&] { return again.rules.source.Restore(again.world.clock.now()); }));
  EXPECT_TRUE(
      again.world.Serving([&] { return again.edge.source.Restore(again.world.clock.now()); }));
  EXPECT_EQ(again.binding.commit(), ScriptedGit::Name('a'));
  ASSERT_TRUE(again.binding.seen_at());
  // As often as the record is written.
  EXPECT_LE(*read - *again.binding.seen_at(), std::chrono::minutes(1));
  again.edge.Push('b', Maps("{a: 2, b: 2}"));
  EXPECT_NE(again.Message().find("few (hard): changes 2"), std::string::npos) << again.Message();
  again.world.clock.Advance(kMaxAge);
  again.Look();
  EXPECT_NE(again.Message().find("was last read at"), std::string::npos) << again.Message();
}

TEST_F(SourceBindingTest, AnOverrideIsCheckedByThem) {
  Settle();
  parts.rules.Push('b', Policy("hard", "plan.first"));
  const auto plan = parts.rules.source.status().policy_plan;
  auto approved = parts.rules.source.ApprovePolicies({plan->id, "user:bob", "reviewed"});
  parts.rules.Look();
  ASSERT_TRUE(approved.get().ok());
  mapcore::ReadGuard guard;
  const auto refused = CheckOverride(
      *parts.edge.source.override_rules(), {"limits", "a", 5, "user:x"},
      {*parts.world.catalog.Find(guard, "limits")->stable, {}}, parts.world.clock.now().wall);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("policy few (hard)"), std::string::npos)
      << refused.error().message;
}

}  // namespace
}  // namespace portolan::controller
