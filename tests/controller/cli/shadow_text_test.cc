#include "controller/cli/shadow_text.h"

#include <gtest/gtest.h>

namespace portolan::controller {
namespace {

std::string Text(const std::string& json) {
  std::string text;
  for (const auto& [label, row] : ShadowRows(*manifests::ParseJson(json)))
    text += label + " | " + row + "\n";
  return text;
}

TEST(ShadowText, SaysHowFarItIsWhatWasComparedAndWhichKeysDisagree) {
  EXPECT_EQ(
      Text(
          R"({"share":5000,"tolerance":1e-05,"soakMs":3600000,"soakRequiredMs":259200000,)"
          R"("message":"12 lookups compared","changedKeys":12,"changedKeysLookedUp":3,"keys":[)"
          R"({"key":"a","planned":true,"differing":1372,"lost":4,"disagreeing":0,"failed":0},)"
          R"({"key":"b","planned":false,"differing":0,"disagreeing":2,"failed":1,"example":)"
          R"({"subjectHash":"9f86d081884c7d65","distance":0.031,"stable":"0.1","canary":"0.13"}}],)"
          R"("moreKeys":80,"elsewhere":5})"),
      "shadow | 1h of 3d, 5% of lookups, tolerance 1e-05\n"
      "compared | 12 lookups compared\n"
      "changed keys | 3 of 12 were looked up\n"
      "disagrees | a: 1,372 lookups differ, 4 of them find nothing\n"
      "disagrees | b: 2 outputs disagree, 1 of them failed, though the plan does not change the "
      "key; "
      "subject 9f86d081884c7d65: 0.1 -> 0.13, distance 0.031\n"
      "disagrees | and 80 more keys\n"
      "disagrees | 5 more differences, on keys that are not counted apart\n");
}

TEST(ShadowText, OutputsOfOtherShapesHaveNoDistanceAndSteerNoTerminal) {
  const std::string text =
      Text(R"({"keys":[{"key":"a\u001b[2J","planned":true,"disagreeing":1,"example":)"
           R"({"subjectHash":"9f","distance":null,"stable":"\u001b[2J","canary":"{}"}}]})");
  EXPECT_EQ(text.find('\033'), std::string::npos);
  EXPECT_EQ(text.find("distance"), std::string::npos) << text;
}

}  // namespace
}  // namespace portolan::controller
