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
