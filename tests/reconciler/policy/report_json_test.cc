#include "reconciler/policy/report_json.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/report_fixture.h"

namespace portolan::reconciler {
namespace {

TEST(ReportJson, ReadsWhatItWrote) {
  const PolicyReport report = SampleReport();
  const auto parsed = manifests::ParseJson(manifests::WriteJson(ReportToValue(report)));
  ASSERT_TRUE(parsed.ok());
  const auto read = ReportFromValue(*parsed);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read, report);
}

TEST(ReportJson, SaysWhatProgramsNeed) {
  const manifests::Value value = ReportToValue(SampleReport());
  EXPECT_TRUE(value.BoolOr("blocked", false));
  const manifests::Value& verdict = value.Find("verdicts")->as_array().at(0);
  EXPECT_EQ(verdict.StringOr("policy", ""), "key-shape");
  EXPECT_EQ(verdict.StringOr("outcome", ""), "deny");
  EXPECT_EQ(verdict.StringOr("level", ""), "hard");
  EXPECT_EQ(verdict.StringOr("key", ""), "Аdmin");
  EXPECT_EQ(verdict.IntOr("denied", 0), 22);
}

TEST(ReportJson, RefusesWhatItDidNotWrite) {
  for (const char* bad :
       {R"([])", R"({"at":"never"})", R"({"at":"2026-07-20T10:00:00Z","plan":"x"})",
        R"({"at":"2026-07-20T10:00:00Z","verdicts":[{"outcome":"maybe"}]})"}) {
    const auto read = ReportFromValue(manifests::ParseJson(bad).value());
    ASSERT_FALSE(read.ok()) << bad;
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
  }
}

}  // namespace
}  // namespace portolan::reconciler
