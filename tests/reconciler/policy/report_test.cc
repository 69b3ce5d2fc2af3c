#include "reconciler/policy/report.h"

#include <gtest/gtest.h>

namespace portolan::reconciler {
namespace {

using manifests::PolicyLevel;

PolicyVerdict Of(PolicyLevel level, Outcome outcome) {
  PolicyVerdict verdict;
  verdict.policy = "p";
  verdict.level = level;
  verdict.outcome = outcome;
  return verdict;
}

TEST(PolicyReport, IsBlockedByADenialOrAnErrorThatIsNotAdvisory) {
  for (const Outcome outcome : {Outcome::kDeny, Outcome::kError}) {
    EXPECT_TRUE(Of(PolicyLevel::kHard, outcome).blocks());
    EXPECT_TRUE(Of(PolicyLevel::kSoft, outcome).blocks());
    EXPECT_FALSE(Of(PolicyLevel::kAdvisory, outcome).blocks());
  }
  for (const Outcome outcome :
       {Outcome::kAllow, Outcome::kSkipped, Outcome::kWaived, Outcome::kOverridden})
    EXPECT_FALSE(Of(PolicyLevel::kHard, outcome).blocks()) << OutcomeName(outcome);
}

TEST(PolicyReport, KnowsWhetherAPersonMayLiftIt) {
  PolicyReport report;
  EXPECT_FALSE(report.blocked());
  report.verdicts = {Of(PolicyLevel::kSoft, Outcome::kDeny)};
  EXPECT_TRUE(report.blocked());
  EXPECT_FALSE(report.hard());
  report.verdicts.push_back(Of(PolicyLevel::kHard, Outcome::kError));
  EXPECT_TRUE(report.hard());
  EXPECT_EQ(report.Find("p"), &report.verdicts[0]);
  EXPECT_EQ(report.Find("q"), nullptr);
}

}  // namespace
}  // namespace portolan::reconciler
