#include "manifests/text_rule.h"

#include <gtest/gtest.h>

#include "tests/manifests/decode_fixture.h"

namespace portolan::manifests {
namespace {

TextRule Rule(const std::string& yaml) {
  Decoding d(yaml);
  MappingDecoder decoder(d.field(), d.report);
  TextRule rule;
  rule.Read(decoder, true, d.report);
  decoder.Finish();
  EXPECT_EQ(d.Text(), "");
  return rule;
}

std::string RuleErrors(const std::string& yaml, bool with_format = true) {
  Decoding d(yaml);
  MappingDecoder decoder(d.field(), d.report);
  TextRule rule;
  rule.Read(decoder, with_format, d.report);
  decoder.Finish();
  return d.Text();
}

TEST(TextRule, IsEmptyWithoutKeywordsAndAcceptsEverything) {
  const TextRule rule = Rule("{}");
  EXPECT_TRUE(rule.empty());
  EXPECT_EQ(rule.Explain("anything"), "");
}

TEST(TextRule, CountsCodePoints) {
  const TextRule rule = Rule("{minLength: 2, maxLength: 3}");
  EXPECT_EQ(rule.Explain("日本語"), "");
  EXPECT_EQ(rule.Explain("日"), "expected a string of 2 to 3 characters");
}

TEST(TextRule, RefusesWhatRe2DoesNotHave) {
  EXPECT_NE(RuleErrors("{pattern: \"(?=a)\"}").find("not a pattern that RE2 accepts"),
            std::string::npos);
  EXPECT_NE(RuleErrors("{pattern: \"((a{100}){100}){100}\"}").find("not a pattern"),
            std::string::npos);
  EXPECT_NE(RuleErrors("{pattern: " + std::string(1001, 'a') + "}").find("1 to 1000 bytes"),
            std::string::npos);
}

TEST(TextRule, TakesTimeLinearInTheText) {
  EXPECT_NE(Rule("{pattern: \"^(a+)+$\"}").Explain(std::string(200'000, 'a') + "b"), "");
}

TEST(TextRule, RefusesUnknownFormats) {
  EXPECT_NE(RuleErrors("{format: date_time}").find("did you mean \"date-time\"?"),
            std::string::npos);
  EXPECT_NE(RuleErrors("{format: uri}", false).find("unknown field"), std::string::npos);
}

}  // namespace
}  // namespace portolan::manifests
