#include "controller/telemetry/clean_text.h"

#include <gtest/gtest.h>

namespace portolan::controller {
namespace {

TEST(ValidUtf8, ReplacesEveryBadByteAndKeepsTheRest) {
  EXPECT_EQ(ValidUtf8("plain ünï"), "plain ünï");
  EXPECT_EQ(ValidUtf8("a\xff\xfe"
                      "b\xC3"),
            "a\xEF\xBF\xBD\xEF\xBF\xBD"
            "b\xEF\xBF\xBD");
  EXPECT_EQ(ValidUtf8(""), "");
}

TEST(EscapeInvisible, EscapesWhatReordersHidesOrControls) {
  EXPECT_EQ(EscapeInvisible("a\u202Eb"), "a\\u202eb");
  EXPECT_EQ(EscapeInvisible("\u2066\u200B\uFEFF\u2028"), "\\u2066\\u200b\\ufeff\\u2028");
  EXPECT_EQ(EscapeInvisible("\x7F\u009B"), "\\u007f\\u009b");
}

TEST(EscapeInvisible, KeepsVisibleTextOfAnyLength) {
  const std::string text = "{\"a\":\"é € 😀 עברית\"}";
  EXPECT_EQ(EscapeInvisible(text), text);
}

}  // namespace
}  // namespace portolan::controller
