#include "manifests/query_template.h"

#include <gtest/gtest.h>

namespace portolan::manifests {
namespace {

const QueryValues kValues{"limits", "canary", "sha256:07e1", "1m30s"};

TEST(QueryTemplate, FillsEveryPlaceholderInPlace) {
  EXPECT_EQ(FillPlaceholders(R"(rate(x{map="{{map}}",arm="{{ arm }}",d="{{digest}}"}[{{window}}]))",
                             kValues, QueryQuoting::kPromQl),
            R"(rate(x{map="limits",arm="canary",d="sha256:07e1"}[1m30s]))");
  EXPECT_EQ(FillPlaceholders("{{arm}}{{arm}}", kValues, QueryQuoting::kPromQl), "canarycanary");
  EXPECT_EQ(FillPlaceholders("up", kValues, QueryQuoting::kPromQl), "up");
}

TEST(QueryTemplate, QuotesAValueForThePlaceWhereItStands) {
  const QueryValues hostile{"a\"b\\c\nd/é {{arm}}", "stable", "", ""};
  EXPECT_EQ(FillPlaceholders("x{m=\"{{map}}\"}", hostile, QueryQuoting::kPromQl),
            "x{m=\"a\\\"b\\\\c\\nd/é {{arm}}\"}");
  EXPECT_EQ(FillPlaceholders("/{{map}}", hostile, QueryQuoting::kPercent),
            "/a%22b%5Cc%0Ad%2F%C3%A9%20%7B%7Barm%7D%7D");
  EXPECT_EQ(FillPlaceholders("{\"m\":\"{{map}}\"}", hostile, QueryQuoting::kJson),
            "{\"m\":\"a\\\"b\\\\c\\nd/é {{arm}}\"}");
}

TEST(QueryTemplate, RefusesPlaceholdersThatNobodyFills) {
  EXPECT_FALSE(CheckPlaceholders("a {{map}} {{arm}} {{digest}} {{window}} {b}").has_value());
  const auto typo = CheckPlaceholders("{{map}} {{digets}}");
  ASSERT_TRUE(typo.has_value());
  EXPECT_EQ(typo->message,
            "unknown placeholder \"digets\"; expected {{map}}, {{arm}}, {{digest}} or {{window}}");
  EXPECT_EQ(typo->hint, "did you mean \"digest\"?");
  EXPECT_EQ(CheckPlaceholders("x{{map")->message, "\"{{\" without \"}}\"");
}

TEST(QueryTemplate, TellsWhetherAPlaceholderIsThere) {
  EXPECT_TRUE(HasPlaceholder("{{map}} {{arm}}", "arm"));
  EXPECT_FALSE(HasPlaceholder("{{map}} arm", "arm"));
  EXPECT_FALSE(HasPlaceholder("{{arm", "arm"));
}

}  // namespace
}  // namespace portolan::manifests
