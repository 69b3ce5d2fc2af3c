#include "controller/reconcile/binding_policies.h"

#include <gtest/gtest.h>

namespace portolan::controller {
namespace {

constexpr Duration kDay = std::chrono::hours(24);

class BindingPoliciesTest : public testing::Test {
 protected:
  // Why an empty plan is denied at that time; empty when it is not.
  std::string Denial(WallTime at) const {
    reconciler::JudgeContext context;
    const manifests::DesiredState desired;
    context.desired = &desired;
    context.now = at;
    for (const reconciler::Finding& finding : binding.gate().Judge({}, context).findings)
      if (finding.policy == "policies") return finding.message;
    return "";
  }

  const WallTime start = ParseTime("2026-11-21T10:00:00Z").value();
  BindingPolicies binding{"rules", PolicyGate({}), kDay};
};

TEST_F(BindingPoliciesTest, DenyEverythingUntilASetIsPublished) {
  EXPECT_EQ(Denial(start), "no policies of policySource \"rules\" were accepted yet");
  const auto before = binding.generation();
  binding.Publish(PolicyGate({}), "aaaaaaa");
  EXPECT_EQ(Denial(start), "");
  EXPECT_EQ(binding.commit(), "aaaaaaa");
  EXPECT_NE(binding.generation(), before);
}

TEST_F(BindingPoliciesTest, DenyOnceTheyAreOlderThanTheyMayBeUntilTheyAreSeenAgain) {
  binding.Publish(PolicyGate({}), "aaaaaaa");
  binding.Seen(start);
  EXPECT_FALSE(binding.GrewOld(start + kDay));
  EXPECT_EQ(Denial(start + kDay), "");
  const auto before = binding.generation();
  EXPECT_TRUE(binding.GrewOld(start + kDay + Duration(1)));
  EXPECT_FALSE(binding.GrewOld(start + kDay + Duration(2))) << "it is said once";
  EXPECT_NE(binding.generation(), before);
  EXPECT_EQ(Denial(start + kDay + Duration(1)),
            "policySource \"rules\" was last read at 2026-11-21T10:00:00.000Z, longer ago than the "
            "1d, which maxPolicyAge allows: no weight is raised and nothing new goes live until "
            "it can be read; rollback, abort and lock work");
  binding.Seen(start + 2 * kDay);
  EXPECT_EQ(Denial(start + 2 * kDay), "");
}

TEST_F(BindingPoliciesTest, PublishingTheSameChangesNothing) {
  binding.Publish(PolicyGate({}), "aaaaaaa");
  binding.Seen(start);
  const auto before = binding.generation();
  binding.Publish(PolicyGate({}), "aaaaaaa");
  binding.Seen(start + Duration(5));
  EXPECT_EQ(binding.generation(), before);
  PolicyGate denying({});
  denying.DenyAll("broken");
  binding.Publish(denying, "aaaaaaa");
  EXPECT_NE(binding.generation(), before);
}

}  // namespace
}  // namespace portolan::controller
