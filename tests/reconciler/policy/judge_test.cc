#include "reconciler/policy/judge.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/policy_fixture.h"

namespace portolan::reconciler {
namespace {

using manifests::Waiver;

class Judging : public testing::Test {
 protected:
  void Use(const std::string& spec, const std::string& name = "p") {
    set_ = std::make_shared<CompiledSet>(*set_);
    set_->policies[name] = PolicyOf(spec, name);
  }
  void Waive(Waiver waiver) {
    waiver.until = scene_.context.now + std::chrono::hours(1);
    waiver.name = "w";
    waiver.maps = {"limits"};
    set_->waivers["w"] = std::make_shared<const Waiver>(std::move(waiver));
  }
  PolicyVerdict Of(const std::string& policy, const JudgeOptions& options = {}) {
    return *scene_.Judge(*set_, options).Find(policy);
  }

  std::shared_ptr<CompiledSet> set_ = std::make_shared<CompiledSet>(*FloorSet());
  Scene scene_{{{"a", "1"}, {"b", "1"}}, {{"a", "2"}, {"b", "2"}}};
};

constexpr char kNever[] = "  {scope: change, level: soft, rule: change.key == 'z'}\n";

TEST_F(Judging, AsksEveryPolicyInOrderOfName) {
  Use(kNever, "zz");
  Use("  {scope: plan, level: soft, rule: \"true\"}\n", "aa");
  Use("  {scope: live, level: soft, rule: \"true\"}\n", "ll");
  const PolicyReport report = scene_.Judge(*set_);
  std::string names;
  for (const PolicyVerdict& verdict : report.verdicts) names += verdict.policy + " ";
  EXPECT_EQ(names, "aa canary-for-prod empty-map mass-delete-guard no-secret-in-clear zz ");
  EXPECT_TRUE(report.blocked());
  EXPECT_EQ(report.map, "limits");
  EXPECT_EQ(report.policies, set_->digest);
  EXPECT_EQ(report.plan, scene_.Plan().id);
  EXPECT_GT(report.cost, 0u);
}

TEST_F(Judging, GivesEqualReportsForEqualInputs) {
  Use(kNever);
  EXPECT_EQ(scene_.Judge(*set_), scene_.Judge(*set_));
}

TEST_F(Judging, LetsAWaiverLiftSomeKeysUntilItEnds) {
  Use(kNever);
  Waiver waiver;
  waiver.policy = "p";
  waiver.keys = {"a"};
  Waive(waiver);
  PolicyVerdict verdict = Of("p");
  EXPECT_EQ(verdict.outcome, Outcome::kDeny);
  EXPECT_EQ(verdict.denied, 1);
  EXPECT_EQ(verdict.keys.at(0).key, "b");
  waiver.keys = {};
  Waive(waiver);
  verdict = Of("p");
  EXPECT_EQ(verdict.outcome, Outcome::kWaived);
  EXPECT_EQ(verdict.waiver, "w");
  scene_.context.now += std::chrono::hours(1);
  EXPECT_EQ(Of("p").outcome, Outcome::kDeny);
}

TEST_F(Judging, LetsAWaiverLiftAPlanRuleAndTheFloor) {
  Use("  {scope: plan, level: soft, rule: \"false\"}\n");
  Waiver waiver;
  waiver.policy = "p";
  Waive(waiver);
  EXPECT_EQ(Of("p").outcome, Outcome::kWaived);
  scene_ = Scene({{"a", "1"}}, {});
  waiver.policy = "empty-map";
  Waive(waiver);
  EXPECT_EQ(Of("empty-map").outcome, Outcome::kWaived);
}

TEST_F(Judging, BindsAnOverrideToPlanAndPolicy) {
  Use(kNever);
  JudgeOptions options;
  options.overrides = {
      {"p", scene_.Plan().id, set_->Find("p")->digest, {"bob", "agreed with payments"}}};
  PolicyVerdict verdict = Of("p", options);
  EXPECT_EQ(verdict.outcome, Outcome::kOverridden);
  EXPECT_EQ(verdict.override_note->by, "bob");
  options.overrides[0].policy_digest = FloorSet()->digest;
  EXPECT_EQ(Of("p", options).outcome, Outcome::kDeny);
  options.overrides[0].policy_digest = set_->Find("p")->digest;
  options.overrides[0].plan = FloorSet()->digest;
  EXPECT_EQ(Of("p", options).outcome, Outcome::kDeny);
}

TEST_F(Judging, TakesAnOverrideOnlyFromTheGroupsThatThePolicyNames) {
  Use("  {scope: plan, level: soft, rule: \"false\", overrideGroups: [sre, leads]}\n");
  JudgeOptions options;
  options.overrides = {{"p", scene_.Plan().id, set_->Find("p")->digest, {"bob", "agreed"}, {}}};
  EXPECT_EQ(Of("p", options).outcome, Outcome::kDeny);
  options.overrides[0].groups = {"dev"};
  EXPECT_EQ(Of("p", options).outcome, Outcome::kDeny);
  options.overrides[0].groups = {"dev", "leads"};
  EXPECT_EQ(Of("p", options).outcome, Outcome::kOverridden);
}

TEST_F(Judging, NeverLetsAnOverrideLiftAHardPolicy) {
  Use("  {scope: plan, level: hard, rule: \"false\"}\n");
  JudgeOptions options;
  options.overrides = {{"p", scene_.Plan().id, set_->Find("p")->digest, {"bob", "please"}}};
  EXPECT_EQ(Of("p", options).outcome, Outcome::kDeny);
}

TEST_F(Judging, DeniesWhatIsLeftWhenTheTimeIsUp) {
  Use("  {scope: plan, level: soft, rule: \"range(0, 1000).all(i, i >= 0)\"}\n");
  JudgeOptions options;
  options.expired = [] { return true; };
  EXPECT_EQ(Of("p", options).outcome, Outcome::kError);
}

TEST_F(Judging, SeesEveryMapOfTheCommit) {
  Use("  {scope: plan, level: hard, rule: \"maps.routes.all(k, v, v in maps.limits)\"}\n");
  scene_.Add(Desired("routes", Version({{"/pay", R"("a")"}})));
  EXPECT_EQ(Of("p").outcome, Outcome::kAllow);
  scene_.Add(Desired("routes", Version({{"/pay", R"("gone")"}})));
  EXPECT_EQ(Of("p").outcome, Outcome::kDeny);
}

TEST_F(Judging, JudgesServedMapsByPoliciesOfScopeLiveOnly) {
  Use("  {scope: live, level: soft, rule: \"live.all(k, v, v >= 2)\"}\n", "ll");
  Use(kNever);
  scene_.Prepare();
  const PolicyReport report = JudgeLive(*set_, scene_.declared(), scene_.context);
  ASSERT_EQ(report.verdicts.size(), 1u);
  EXPECT_EQ(report.verdicts[0].policy, "ll");
  EXPECT_EQ(report.verdicts[0].outcome, Outcome::kDeny);
}

}  // namespace
}  // namespace portolan::reconciler
