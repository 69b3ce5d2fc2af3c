#include "reconciler/policy/floor_policies.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/policy_fixture.h"

namespace portolan::reconciler {
namespace {

using manifests::PolicyLevel;

Outcome OutcomeOf(Scene& scene, std::string_view policy) {
  return scene.Judge(*FloorSet()).Find(policy)->outcome;
}

TEST(FloorPolicies, AreTheFourThatManifestsKnow) {
  Scene scene({{"a", "1"}}, {{"a", "2"}});
  const PolicyReport report = scene.Judge(*FloorSet());
  EXPECT_EQ(report.verdicts.size(), manifests::kFloorPolicyNames.size());
  for (const std::string_view name : manifests::kFloorPolicyNames)
    EXPECT_NE(report.Find(name), nullptr) << name;
  EXPECT_FALSE(report.blocked());
}

TEST(FloorPolicies, RefuseSecretsInClear) {
  const auto of = [](const std::string& key, const std::string& value) {
    Scene scene({}, {{key, value}});
    const PolicyReport report = scene.Judge(*FloorSet());
    EXPECT_EQ(report.hard(), report.blocked());
    return report.Find("no-secret-in-clear")->outcome;
  };
  EXPECT_EQ(of("a", R"("AKIAIOSFODNN7EXAMPLE")"), Outcome::kDeny);
  EXPECT_EQ(of("a", R"({"x":["-----BEGIN RSA PRIVATE KEY-----"]})"), Outcome::kDeny);
  EXPECT_EQ(of("db.password", R"("hunter2")"), Outcome::kDeny);
  EXPECT_EQ(of("db.password", R"({"secretRef":"db"})"), Outcome::kAllow);
  EXPECT_EQ(of("token_ttl_s", R"("3600")"), Outcome::kAllow);
  EXPECT_EQ(of("a", "12"), Outcome::kAllow);
}

TEST(FloorPolicies, WantACanaryForTierProd) {
  Scene scene({{"a", "1"}}, {{"a", "2"}});
  scene.declared().strategy.steps = {StepTo(100'000, {})};
  EXPECT_EQ(OutcomeOf(scene, "canary-for-prod"), Outcome::kDeny);
  EXPECT_EQ(scene.Judge(*FloorSet()).Find("canary-for-prod")->level, PolicyLevel::kSoft);
  scene.context.target.tier = "dev";
  EXPECT_EQ(OutcomeOf(scene, "canary-for-prod"), Outcome::kAllow);
  scene.context.target.tier = "prod";
  scene.context.actor.source = "rollback";
  EXPECT_EQ(OutcomeOf(scene, "canary-for-prod"), Outcome::kAllow);
}

TEST(FloorPolicies, HoldMassDeletesAndEmptyMaps) {
  Pairs many;
  for (int i = 0; i < 10; ++i) many.emplace_back("k" + std::to_string(i), "1");
  Scene scene(many, {});
  EXPECT_EQ(OutcomeOf(scene, "mass-delete-guard"), Outcome::kDeny);
  EXPECT_EQ(OutcomeOf(scene, "empty-map"), Outcome::kDeny);
}

}  // namespace
}  // namespace portolan::reconciler
