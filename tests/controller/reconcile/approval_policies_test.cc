// The example policies that ask for approvals, against the parts of the daemon.
#include "tests/controller/reconcile/gated_source.h"

namespace portolan::controller {
namespace {

class ApprovalPoliciesTest : public GatedSourceTest {
 protected:
  // Under this policy since the map is healthy; ana then changes the map.
  void Judge(const std::string& policy, const std::string& before, const std::string& after) {
    const FileTexts policies{{"policies/p.yaml", Example(policy)}};
    Settle(With({}, before));
    edge.Push('b', With(policies, before));
    ASSERT_TRUE(ApprovePolicies("token:cid").ok());
    edge.Push('c', With(policies, after));
    ASSERT_EQ(world.Phase("limits"), "Held") << edge.source.status().message;
    EXPECT_EQ(Limits()->reason, reconciler::reason::kPolicyDenied);
  }
};

TEST_F(ApprovalPoliciesTest, TwoPersonApprovalHoldsUntilTwoOthersThanTheAuthorApproved) {
  Judge("two-person-approval", "{a: 1, b: 1}", "{a: 2, b: 1}");
  EXPECT_NE(Limits()->message.find("prod needs two approvals"), std::string::npos)
      << Limits()->message;
  EXPECT_FALSE(Approve("token:ana").ok());
  EXPECT_TRUE(Approve("token:bob")->outcome.accepted);
  EXPECT_EQ(world.Phase("limits"), "Held");
  EXPECT_TRUE(Approve("token:bob")->outcome.accepted);
  EXPECT_EQ(world.Phase("limits"), "Held");
  EXPECT_TRUE(Approve("token:cid")->outcome.accepted);
  EXPECT_EQ(world.Phase("limits"), "Stepping");
}

TEST_F(ApprovalPoliciesTest, AnotherContentNeedsApprovalsOfItsOwn) {
  Judge("two-person-approval", "{a: 1, b: 1}", "{a: 2, b: 1}");
  EXPECT_TRUE(Approve("token:bob")->outcome.accepted);
  edge.Push('d', With({{"policies/p.yaml", Example("two-person-approval")}}, "{a: 3, b: 1}"));
  EXPECT_TRUE(Approve("token:cid")->outcome.accepted);
  EXPECT_EQ(world.Phase("limits"), "Held");
}

TEST_F(ApprovalPoliciesTest, ProtectedKeysWaitForTheGroupThatGuardsThem) {
  Judge("protected-keys", "{kill_switch: 0, b: 1}", "{kill_switch: 1, b: 1}");
  EXPECT_TRUE(Approve("token:cid")->outcome.accepted);
  EXPECT_EQ(world.Phase("limits"), "Held");
  EXPECT_NE(Limits()->message.find("cannot be changed without an approval by sre"),
            std::string::npos)
      << Limits()->message;
  EXPECT_TRUE(Approve("token:bob")->outcome.accepted);
  EXPECT_EQ(world.Phase("limits"), "Stepping");
}

}  // namespace
}  // namespace portolan::controller
