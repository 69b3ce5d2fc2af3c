#include "controller/cli/trial_output.h"

#include <gtest/gtest.h>

namespace portolan::controller {
namespace {

std::vector<reconciler::TrialResult> Sample() {
  reconciler::TrialResult passed;
  passed.policy = "a";
  passed.test = "at the limit";
  passed.file = "a.yaml";
  passed.position = {7, 5};
  reconciler::TrialResult failed = passed;
  failed.test = "over <the> limit";
  failed.complaint = "expected deny, found allow";
  failed.expected = manifests::PolicyExpect::kDeny;
  return {passed, failed};
}

TEST(TrialOutput, WritesJunit) {
  EXPECT_EQ(TrialsToJunit(Sample()),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
            "  <testsuite name=\"a\" tests=\"2\" failures=\"1\">\n"
            "    <testcase classname=\"a\" name=\"at the limit\" file=\"a.yaml\" line=\"7\"/>\n"
            "    <testcase classname=\"a\" name=\"over &lt;the&gt; limit\" file=\"a.yaml\" "
            "line=\"7\">\n"
            "      <failure message=\"expected deny, found allow\"/>\n    </testcase>\n"
            "  </testsuite>\n</testsuites>\n");
}

TEST(TrialOutput, WritesTap) {
  auto trials = Sample();
  trials[0].test = "at # 1";
  EXPECT_EQ(TrialsToTap(trials),
            "TAP version 14\n1..2\nok 1 - a: at \\# 1\nnot ok 2 - a: over <the> limit\n  ---\n"
            "  message: \"expected deny, found allow\"\n  at: \"a.yaml\"\n  line: 7\n  ...\n");
}

TEST(TrialOutput, WritesJunitOfWhatLintFound) {
  manifests::Diagnostic error = manifests::ErrorAt("b.yaml", {3, 5}, "no such field");
  error.field = "spec.rule";
  manifests::Diagnostic warning = manifests::ErrorAt("b.yaml", {1, 1}, "no case denies");
  warning.severity = manifests::Diagnostic::Severity::kWarning;
  const std::string lenient = LintToJunit({"a.yaml", "b.yaml"}, {error, warning}, false);
  EXPECT_NE(lenient.find("<testsuite name=\"a.yaml\" tests=\"1\" failures=\"0\">\n"
                         "    <testcase classname=\"a.yaml\" name=\"lint\" file=\"a.yaml\" "
                         "line=\"1\"/>"),
            std::string::npos)
      << lenient;
  EXPECT_NE(lenient.find("<testsuite name=\"b.yaml\" tests=\"2\" failures=\"1\">"),
            std::string::npos)
      << lenient;
  EXPECT_NE(lenient.find("name=\"spec.rule\" file=\"b.yaml\" line=\"3\">\n      <failure"),
            std::string::npos)
      << lenient;
  EXPECT_NE(LintToJunit({"b.yaml"}, {error, warning}, true).find("failures=\"2\""),
            std::string::npos);
}

TEST(TrialOutput, ListsFailuresOrAll) {
  EXPECT_EQ(TrialsToText(Sample(), false),
            "FAIL  a: over <the> limit\n      a.yaml:7:5: expected deny, found allow\n");
  EXPECT_TRUE(TrialsToText(Sample(), true).starts_with("ok    a: at the limit\n"));
}

TEST(TrialOutput, CountsInJson) {
  const manifests::Value value = TrialsToValue(Sample());
  EXPECT_EQ(value.IntOr("passed", 0), 1);
  EXPECT_EQ(value.IntOr("failed", 0), 1);
  EXPECT_EQ(value.Find("tests")->as_array().at(1).StringOr("expected", ""), "deny");
}

}  // namespace
}  // namespace portolan::controller
