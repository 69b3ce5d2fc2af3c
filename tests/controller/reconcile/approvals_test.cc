#include "controller/reconcile/approvals.h"

#include <gtest/gtest.h>

namespace portolan::controller {
namespace {

constexpr WallTime kNow{std::chrono::hours(10'000)};
const People kPeople({{"token:ann", {"ann@example.com"}, {"sre"}, {}},
                      {"token:bob", {"bob@example.com"}, {"sre"}, {}},
                      {"token:bob-laptop", {"bob@example.com"}, {"dev"}, {}}});
const std::string kAnn = "Ann <ann@example.com>";

class ApprovalsTest : public testing::Test {
 protected:
  ApprovalsTest() {
    plan.id = Sha256Of("plan");
    plan.writers.authors = {kAnn};
    rollout.map = "limits";
    rollout.number = 7;
  }
  void Approve(const std::string& actor, const std::string& despite = "",
               const std::string& of = "plan") {
    rollout.approvals.push_back(
        {Sha256Of(of), actor, "why", kNow, despite, Sha256Of("text of " + despite), ""});
  }
  CountedApprovals Count(WallTime now = kNow) {
    return CountApprovals(rollout, plan, kPeople, now);
  }

  ApprovablePlan plan;
  reconciler::Rollout rollout;
};

TEST_F(ApprovalsTest, CountOncePerPersonAndNeverForTheAuthorOrAnotherPlan) {
  Approve("token:ann");
  Approve("token:bob", "", "another plan");
  EXPECT_TRUE(Count().facts.empty());
  Approve("token:bob");
  Approve("token:bob-laptop");
  ASSERT_EQ(Count().facts.size(), 1u);
  EXPECT_EQ(Count().facts[0].by, "bob");
  EXPECT_EQ(Count().facts[0].plan, plan.id.ToString());
  EXPECT_EQ(Count().facts[0].groups, (std::vector<std::string>{"dev", "sre"}));
}

TEST_F(ApprovalsTest, AnUnknownAuthorCountsAsEveryone) {
  plan.writers.authors = {"Eve <eve@example.com>"};
  Approve("token:ann");
  Approve("token:bob");
  EXPECT_TRUE(Count().facts.empty());
  const Status refused = CheckApprover(kPeople, "token:bob", plan.writers, kNow);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kDenied);
  EXPECT_NE(refused.error().message.find("bob may be the author"), std::string::npos);
}

TEST_F(ApprovalsTest, WhoSignedTheCommitIsAnAuthorWhateverNameItBears) {
  plan.writers = {{"Bob <bob@example.com>"}, {"ann@example.com"}};
  Approve("token:ann");
  Approve("token:bob");
  EXPECT_TRUE(Count().facts.empty());
  const Status refused = CheckApprover(kPeople, "token:ann", plan.writers, kNow);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message,
            "ann signed the commit (ann@example.com); somebody else must approve it");
  plan.writers = {{kAnn}, {"a key of nobody"}};
  EXPECT_TRUE(Count().facts.empty());
  EXPECT_NE(CheckApprover(kPeople, "token:bob", plan.writers, kNow)
                .error()
                .message.find("bob may be the signer"),
            std::string::npos);
}

TEST_F(ApprovalsTest, EverybodyWhoWroteAPartIsAnAuthor) {
  plan.writers.authors = {kAnn, "Bob <bob@example.com>"};
  Approve("token:ann");
  Approve("token:bob");
  EXPECT_TRUE(Count().facts.empty());
}

TEST_F(ApprovalsTest, ATargetOfAnEarlierProgramHasTheAuthorOfItsCommit) {
  reconciler::Target target;
  target.version.revision.author = kAnn;
  EXPECT_EQ(WritersOf(target), (reconciler::Writers{{kAnn}, {}}));
  target.writers.signers = {"bob@example.com"};
  EXPECT_EQ(WritersOf(target), (reconciler::Writers{{}, {"bob@example.com"}}));
}

TEST_F(ApprovalsTest, AnActorWhomNoTokenListsIsNoApprover) {
  Approve("user:root");
  Approve("anonymous");
  EXPECT_TRUE(Count().facts.empty());
  EXPECT_FALSE(CheckApprover(kPeople, "user:root", plan.writers, kNow).ok());
  EXPECT_TRUE(CheckApprover(kPeople, "token:bob", plan.writers, kNow).ok());
  EXPECT_FALSE(CheckApprover(kPeople, "token:ann", plan.writers, kNow).ok());
}

TEST_F(ApprovalsTest, WithoutATokensFileEveryActorCounts) {
  Approve("user:root");
  const auto counted = CountApprovals(rollout, plan, People(), kNow);
  ASSERT_EQ(counted.facts.size(), 1u);
  EXPECT_EQ(counted.facts[0].by, "user:root");
}

TEST_F(ApprovalsTest, AnOverrideExpiresAfterADayUnlessItsRolloutIsInFlight) {
  Approve("token:bob", "few");
  ASSERT_EQ(Count().overrides.size(), 1u);
  EXPECT_EQ(Count().overrides[0].note, (reconciler::OverrideNote{"bob", "why"}));
  EXPECT_EQ(Count(kNow + std::chrono::hours(24) - Duration(1)).overrides.size(), 1u);
  EXPECT_TRUE(Count(kNow + std::chrono::hours(24)).overrides.empty());
  rollout.approvals[0].rollout = rollout.id();
  rollout.phase = reconciler::Phase::kPaused;
  EXPECT_EQ(Count(kNow + std::chrono::hours(100)).overrides.size(), 1u);
}

TEST_F(ApprovalsTest, AnOverrideServesOneRollout) {
  Approve("token:bob", "few");
  rollout.approvals[0].rollout = rollout.id();
  rollout.phase = reconciler::Phase::kRolledBack;
  EXPECT_TRUE(Count().overrides.empty());
  ++rollout.number;
  rollout.phase = reconciler::Phase::kStepping;
  EXPECT_TRUE(Count().overrides.empty());
}

}  // namespace
}  // namespace portolan::controller
