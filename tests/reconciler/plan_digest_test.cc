#include "reconciler/plan_digest.h"

#include <gtest/gtest.h>

#include "manifests/value.h"
#include "tests/reconciler/plan_fixture.h"

namespace portolan::reconciler {
namespace {

PlanIdentity Identity() {
  return {"limits", Numbered(1)->digest(), Numbered(2)->digest(), "prod-eu"};
}

TEST(PlanDigest, IsTheHashOfACanonicalPreimageWithFiveMembers) {
  const std::string preimage = PlanPreimage(Identity(), Guarded());
  const auto value = manifests::ParseJson(preimage);
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(value->as_object().size(), 5U);
  EXPECT_EQ(value->StringOr("map", ""), "limits");
  EXPECT_EQ(value->StringOr("base", ""), Numbered(1)->digest().ToString());
  EXPECT_EQ(value->StringOr("target", ""), Numbered(2)->digest().ToString());
  EXPECT_EQ(value->StringOr("environment", ""), "prod-eu");
  ASSERT_NE(value->Find("strategy"), nullptr);
  EXPECT_EQ(*value->Find("strategy"),
            *manifests::ParseJson(manifests::CanonicalJson(manifests::StrategyToValue(Guarded()))));
  EXPECT_TRUE(preimage.starts_with(R"({"base":"sha256:)"));
  EXPECT_EQ(PlanDigest(Identity(), Guarded()), Sha256Of(preimage));
}

TEST(PlanDigest, ChangesWithEveryPartOfTheIdentity) {
  const Digest original = PlanDigest(Identity(), Guarded());
  PlanIdentity identity = Identity();
  identity.map = "limits2";
  EXPECT_NE(PlanDigest(identity, Guarded()), original);
  identity = Identity();
  identity.base.reset();
  EXPECT_NE(PlanDigest(identity, Guarded()), original);
  identity = Identity();
  identity.target = Numbered(3)->digest();
  EXPECT_NE(PlanDigest(identity, Guarded()), original);
  identity = Identity();
  identity.environment = "staging";
  EXPECT_NE(PlanDigest(identity, Guarded()), original);
  manifests::Strategy faster = Guarded();
  faster.steps.front().soak = std::chrono::seconds(59);
  EXPECT_NE(PlanDigest(Identity(), faster), original);
}

TEST(PlanDigest, SaysNullForTheBaseOfAFirstVersion) {
  PlanIdentity identity = Identity();
  identity.base.reset();
  EXPECT_TRUE(PlanPreimage(identity, Guarded()).starts_with(R"({"base":null,)"));
}

}  // namespace
}  // namespace portolan::reconciler
