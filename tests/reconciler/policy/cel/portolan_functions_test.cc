#include "reconciler/policy/cel/overload.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace portolan::reconciler::cel {
namespace {

TEST(Leaves, AreAllScalarsInOrder) {
  EXPECT_EQ(Eval("leaves({'b': [1, {'x': null}], 'a': 'text'})"), "['text', 1, null]");
  EXPECT_EQ(Eval("leaves('alone')"), "['alone']");
  EXPECT_EQ(Eval("leaves([[], {}])"), "[]");
}

TEST(Luhn, FindsCardNumbersAlsoInGroups) {
  EXPECT_EQ(Eval("luhn('4111 1111 1111 1111')"), "true");
  EXPECT_EQ(Eval("luhn('card 4111-1111-1111-1111, thanks')"), "true");
  EXPECT_EQ(Eval("luhn('4111111111111112')"), "false");
  EXPECT_EQ(Eval("luhn('0')"), "false");
  EXPECT_EQ(Eval("luhn('v1.2.3')"), "false");
}

TEST(Range, IsEmptyWhenItEndsBeforeItBegins) {
  EXPECT_EQ(Eval("range(1, 4)"), "[1, 2, 3]");
  EXPECT_EQ(Eval("range(4, 1)"), "[]");
  EXPECT_EQ(Eval("range(0, 9223372036854775807).size()"), "9223372036854775807");
  EXPECT_EQ(Eval("range(-9223372036854775808, 9223372036854775807)").substr(0, 6), "error:");
}

TEST(Within, TakesAnyNumbers) {
  EXPECT_EQ(Eval("within(120, 100, 20)"), "true");
  EXPECT_EQ(Eval("within(121, 100, 20.0)"), "false");
  EXPECT_EQ(Eval("within(80u, 100.0, 20)"), "true");
  EXPECT_EQ(Eval("within(-80, -100, 20)"), "true");
  EXPECT_EQ(Eval("within(1, 0, 100)"), "false");
  EXPECT_EQ(Eval("within(0, 0, 0)"), "true");
  EXPECT_EQ(Eval("within(0.0 / 0.0, 1, 100)"), "false");
}

TEST(Semver, ComparesByPrecedence) {
  EXPECT_EQ(Eval("semver('1.10.0', 'v1.9.9')"), "1");
  EXPECT_EQ(Eval("semver('1.0.0-rc.2', '1.0.0-rc.10')"), "-1");
  EXPECT_EQ(Eval("semver('1.0.0-alpha', '1.0.0')"), "-1");
  EXPECT_EQ(Eval("semver('1.0.0-1', '1.0.0-a')"), "-1");
  EXPECT_EQ(Eval("semver('1.0.0+one', '1.0.0+two')"), "0");
  EXPECT_EQ(Eval("semver('2.3.4-x').minor"), "3");
  for (const char* text : {"1.2", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3-01", "a.b.c", ""})
    EXPECT_EQ(Eval(std::string("semver('") + text + "')").substr(0, 6), "error:") << text;
}

TEST(Glob, FitsTheWholeText) {
  EXPECT_EQ(Eval("glob('limits*', 'limits.eu') && !glob('limits', 'limits.eu')"), "true");
  EXPECT_EQ(Eval("glob('*.b?', 'a.c.bd') && glob('', '') && glob('*', '')"), "true");
  EXPECT_EQ(Eval("glob('a?', 'a')"), "false");
}

}  // namespace
}  // namespace portolan::reconciler::cel
