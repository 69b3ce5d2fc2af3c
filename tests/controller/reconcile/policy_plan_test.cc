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

TEST(PolicyPlan, OfARollbackIsApprovedByAnOwnerWhoDidNotAskForIt) {
  PolicyPlan plan = Sample();
  plan.rollback = PolicyPlan::Rollback{Sha256Of("new"), Sha256Of("old"), "token:cid", "too loose"};
  EXPECT_TRUE(CheckPolicyApproval(plan, "token:bob", kPeople, kPlanned).ok());
  EXPECT_FALSE(CheckPolicyApproval(plan, "token:cid", kPeople, kPlanned).ok());
  EXPECT_FALSE(CheckPolicyApproval(plan, "cid@example.com", kPeople, kPlanned).ok());
  plan.rollback->by = "user:root";
  const Status refused = CheckPolicyApproval(plan, "token:bob", kPeople, kPlanned);
  ASSERT_FALSE(refused.ok()) << "nobody can tell that it was not bob";
  EXPECT_NE(refused.error().message.find("nobody whom the tokens file knows"), std::string::npos);
  EXPECT_TRUE(CheckPolicyApproval(plan, "anonymous", People(), kPlanned).ok());
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
  plan.rollback = PolicyPlan::Rollback{Sha256Of("new"), Sha256Of("old"), "token:cid", "too loose"};
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
  ASSERT_TRUE(read.rollback);
  EXPECT_EQ(read.rollback->leaves, Sha256Of("new"));
  EXPECT_EQ(read.rollback->set, Sha256Of("old"));
  EXPECT_EQ(read.rollback->reason, "too loose");
  EXPECT_FALSE(PolicyPlanFromValue(manifests::Value(manifests::Value::Object{})).ok());
}

}  // namespace
}  // namespace portolan::controller
