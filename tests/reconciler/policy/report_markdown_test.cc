#include "reconciler/policy/report_markdown.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/report_fixture.h"

namespace portolan::reconciler {
namespace {

TEST(ReportMarkdown, HasARowAndABlockForADenial) {
  PolicyReport report = SampleReport();
  report.verdicts = {report.verdicts[1]};
  const std::string text = ReportMarkdown(report);
  EXPECT_TRUE(text.starts_with("### Policies of limits: **denied**\n")) << text;
  EXPECT_NE(text.find("| DENY | "), std::string::npos) << text;
  EXPECT_NE(text.find("<pre>\nplan.percent &lt;= params.maxPercent\n"), std::string::npos) << text;
  EXPECT_NE(text.find("To allow it: "), std::string::npos);
}

TEST(ReportMarkdown, EscapesForeignText) {
  PolicyReport report = SampleReport();
  report.verdicts = {report.verdicts[1]};
  report.verdicts[0].message = "x | <script>";
  const std::string text = ReportMarkdown(report);
  EXPECT_EQ(text.find("<script>"), std::string::npos) << text;
  EXPECT_EQ(text.find("x | <"), std::string::npos) << text;
}

TEST(ReportMarkdown, HasNoTableWhenEverythingIsAllowed) {
  PolicyReport report = SampleReport();
  report.verdicts = {report.verdicts[5]};
  const std::string text = ReportMarkdown(report);
  EXPECT_EQ(text.find('|'), std::string::npos) << text;
  EXPECT_NE(text.find("allowed"), std::string::npos);
}

}  // namespace
}  // namespace portolan::reconciler
