#include "controller/validate/promtool.h"

#include <gtest/gtest.h>

namespace portolan::controller {
namespace {

using manifests::Value;

Value Rules(const std::string& json) {
  return Value::Object{{"entries", manifests::ParseJson(json).value()}};
}

ValidatorConfig Config() {
  ValidatorConfig config;
  config.name = "rules";
  config.limits.memory_bytes = 4ull << 30;
  return config;
}

TEST(Promtool, AKeyIsAGroupOfItsExpressionRuleOrRules) {
  EXPECT_EQ(manifests::CanonicalJson(RuleFile(
                manifests::ParseJson(R"({"a":"up","b":{"alert":"X","expr":"up"},"c":{"rules":[]}})")
                    .value())),
            R"({"groups":[{"name":"a","rules":[{"expr":"up","record":"portolan:expression"}]},)"
            R"({"name":"b","rules":[{"alert":"X","expr":"up"}]},{"name":"c","rules":[]}]})");
}

TEST(Promtool, AllowsRulesThatPrometheusWouldLoad) {
  const auto answer = AskPromtool(Config(), Rules(R"json({"errors": "sum(rate(errors_total[5m]))",
                    "down": {"alert": "Down", "expr": "up == 0", "for": "5m"}})json"));
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_TRUE(answer->allow) << answer->message;
}

TEST(Promtool, DeniesWithItsWordsByKey) {
  const auto answer = AskPromtool(
      Config(), Rules(R"({"name":{"record":"1x","expr":"up"},"ok":"up","open":"sum(("})"));
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_FALSE(answer->allow);
  ASSERT_EQ(answer->keys.size(), 2u);
  EXPECT_EQ(answer->keys[0].key, "name");
  EXPECT_EQ(answer->keys[1].key, "open");
  EXPECT_NE(answer->keys[1].message.find("unclosed left parenthesis"), std::string::npos)
      << answer->keys[1].message;
}

TEST(Promtool, DeniesWhatIsNoRule) {
  const auto answer = AskPromtool(Config(), Rules(R"({"a":{"alert":"X","exprr":"up"}})"));
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_FALSE(answer->allow);
  EXPECT_NE(answer->message.find("yaml"), std::string::npos) << answer->message;
  EXPECT_FALSE(AskPromtool(Config(), Rules(R"({"a":5})"))->allow);
}

}  // namespace
}  // namespace portolan::controller
