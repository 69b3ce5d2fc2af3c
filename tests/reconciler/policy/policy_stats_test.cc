#include "reconciler/policy/policy_stats.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/report_fixture.h"

namespace portolan::reconciler {
namespace {

using manifests::PolicyLevel;

// What one policy said at a time.
PolicyReport Said(const std::string& at, Outcome outcome, PolicyLevel level = PolicyLevel::kSoft) {
  PolicyReport report;
  report.at = ParseTime(at).value();
  PolicyVerdict verdict;
  verdict.policy = "few";
  verdict.level = level;
  verdict.outcome = outcome;
  report.verdicts = {verdict};
  return report;
}

TEST(PolicyStats, CountsEachOutcomeOfAPolicyOnce) {
  PolicyStats stats;
  stats.Add(SampleReport());
  PolicyReport later = SampleReport();
  later.at += std::chrono::hours(1);
  later.verdicts[1].outcome = Outcome::kError;
  stats.Add(later);
  EXPECT_EQ(stats.plans(), 2);
  const auto weeks = stats.Weeks();
  ASSERT_EQ(weeks.size(), 6u) << "the skipped one counts nowhere";
  EXPECT_EQ(weeks[0].policy, "drift-rate");
  EXPECT_EQ(weeks[0].level, PolicyLevel::kAdvisory);
  EXPECT_EQ(weeks[0].deny, 2);
  EXPECT_EQ(weeks[1].waived, 2);
  EXPECT_EQ(weeks[3],
            (PolicyWeek{"2026-07-20", "max-percent-changed", PolicyLevel::kSoft, 0, 1, 1, 0, 0}));
  EXPECT_EQ(weeks[4].overridden, 2);
  EXPECT_EQ(weeks[5].allow, 2);
  EXPECT_EQ(weeks[5].plans(), 2);
}

TEST(PolicyStats, DividesByWeeksFromMondayInUtcNewestFirst) {
  PolicyStats stats;
  stats.Add(Said("2026-11-15T23:59:59.999Z", Outcome::kDeny));  // Sunday
  stats.Add(Said("2026-11-16T00:00:00Z", Outcome::kAllow));
  stats.Add(Said("2026-11-22T23:59:59Z", Outcome::kAllow));
  const auto weeks = stats.Weeks();
  ASSERT_EQ(weeks.size(), 2u);
  EXPECT_EQ(weeks[0].week, "2026-11-16");
  EXPECT_EQ(weeks[0].allow, 2);
  EXPECT_EQ(weeks[1].week, "2026-11-09");
  EXPECT_EQ(weeks[1].deny, 1);
}

TEST(PolicyStats, KeepsTheLevelOfTheNewestPlanWhateverTheOrder) {
  PolicyStats stats;
  stats.Add(Said("2026-11-18T00:00:00Z", Outcome::kDeny, PolicyLevel::kHard));
  stats.Add(Said("2026-11-17T00:00:00Z", Outcome::kDeny, PolicyLevel::kAdvisory));
  ASSERT_EQ(stats.Weeks().size(), 1u);
  EXPECT_EQ(stats.Weeks()[0].level, PolicyLevel::kHard);
  EXPECT_EQ(manifests::CanonicalJson(PolicyWeekToValue(stats.Weeks()[0])),
            R"({"allow":0,"deny":2,"error":0,"level":"hard","overridden":0,"plans":2,)"
            R"("policy":"few","waived":0,"week":"2026-11-16"})");
}

}  // namespace
}  // namespace portolan::reconciler
