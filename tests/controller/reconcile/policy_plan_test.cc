#include "controller/reconcile/policy_plan.h"

#include <gtest/gtest.h>

namespace portolan::controller {
namespace {

constexpr WallTime kPlanned{std::chrono::hours(10'000)};
const People kPeople({{"token:ann", {"ann@example.com"}, {"owners"}, {}},
                      {"token:bob", {"bob@example.com"}, {}, {}},
                      {"token:cid", {"cid@example.com"}, {"owners"}, {}}});

PolicyPlan Sample() {
  PolicyPlan plan;
  plan.id = Sha256Of("plan");
  plan.commit = std::string(40, 'b');
  plan.writers.authors = {"Ann <ann@example.com>"};
  plan.owners = {"owners", "bob@example.com"};
  plan.changes = {"policy few: removed"};
  return plan;
}

TEST(PolicyPlan, IsApprovedByAnOwnerWhoIsNoneOfItsAuthors) {
  PolicyPlan plan = Sample();
  EXPECT_FALSE(CheckPolicyApproval(plan, "token:ann", kPeople, kPlanned).ok());
  EXPECT_TRUE(CheckPolicyApproval(plan, "token:bob", kPeople, kPlanned).ok());
  EXPECT_TRUE(CheckPolicyApproval(plan, "token:cid", kPeople, kPlanned).ok());
  plan.writers.authors.push_back("Cid <cid@example.com>");
  EXPECT_FALSE(CheckPolicyApproval(plan, "token:cid", kPeople, kPlanned).ok());
  plan.writers.authors.pop_back();
  plan.writers.signers = {"cid@example.com"};
  EXPECT_FALSE(CheckPolicyApproval(plan, "token:cid", kPeople, kPlanned).ok());
  plan.owners = {"owners"};
  const Status refused = CheckPolicyApproval(plan, "token:bob", kPeople, kPlanned);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kDenied);
  EXPECT_NE(refused.error().message.find("one of owners"), std::string::npos);
}

TEST(PolicyPlan, WithoutOwnersAnyOtherPersonApproves) {
  PolicyPlan plan = Sample();
  plan.owners.clear();
  EXPECT_TRUE(CheckPolicyApproval(plan, "token:bob", kPeople, kPlanned).ok());
  EXPECT_FALSE(CheckPolicyApproval(plan, "user:root", kPeople, kPlanned).ok());
  EXPECT_TRUE(CheckPolicyApproval(Sample(), "anonymous", People(), kPlanned).ok());
}

TEST(PolicyPlan, IsTheSameAfterItsRecordWasRead) {
  PolicyPlan plan = Sample();
  plan.loosens = false;
  EXPECT_FALSE(PolicyPlanFromValue(PolicyPlanToValue(plan))->approved());
  plan.approved_by = "token:cid";
  plan.reason = "fine";
  plan.approved_at = kPlanned;
  plan.effective = kPlanned + std::chrono::minutes(10);
  const PolicyPlan read = PolicyPlanFromValue(PolicyPlanToValue(plan)).value();
  EXPECT_EQ(manifests::CanonicalJson(PolicyPlanToValue(read)),
            manifests::CanonicalJson(PolicyPlanToValue(plan)));
  EXPECT_EQ(read.id, plan.id);
  EXPECT_EQ(read.effective, plan.effective);
  EXPECT_FALSE(read.loosens);
  EXPECT_FALSE(PolicyPlanFromValue(manifests::Value(manifests::Value::Object{})).ok());
}

}  // namespace
}  // namespace portolan::controller
