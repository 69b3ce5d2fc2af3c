#include "reconciler/policy/report_text.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/report_fixture.h"

namespace portolan::reconciler {
namespace {

TEST(ReportText, ShowsOneDenialAsAPersonSeesIt) {
  PolicyReport report = SampleReport();
  report.verdicts = {report.verdicts[1]};
  EXPECT_EQ(ReportText(report),
            "DENY  max-percent-changed (soft, policies/limits.yaml:7)  changes 21 of 200 keys; the "
            "limit is 10 %\n"
            "  plan.percent <= params.maxPercent\n"
            "  10.5         <= 10.0              ⇒ false\n"
            "  cost 7; allow it: an approval despite the policy by a person who is not the author, "
            "or a waiver\n"
            "Policies of limits: DENIED; 1 deny, 0 to know, 1 judged by set " +
                report.policies.Short() + ".\n");
}

TEST(ReportText, CountsTheKeysItDoesNotShow) {
  const std::string text = ReportText(SampleReport());
  EXPECT_NE(text.find("22 keys, the first \"Аdmin\""), std::string::npos) << text;
  EXPECT_NE(text.find("and 2 more keys"), std::string::npos);
}

TEST(ReportText, SaysWhatLiftedADenialAndKeepsQuietOfTheRest) {
  const std::string text = ReportText(SampleReport());
  EXPECT_NE(text.find("WARN  drift-rate"), std::string::npos);
  EXPECT_NE(text.find("waiver inc-4711"), std::string::npos);
  EXPECT_NE(text.find("by bob: agreed"), std::string::npos);
  EXPECT_EQ(text.find("required-owner"), std::string::npos);
  EXPECT_EQ(text.find("value-schema"), std::string::npos);
}

TEST(ReportText, EscapesWhatSteersATerminal) {
  PolicyReport report = SampleReport();
  report.verdicts[1].message = "a\x1b[2Jb";
  EXPECT_EQ(ReportText(report).find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace portolan::reconciler
