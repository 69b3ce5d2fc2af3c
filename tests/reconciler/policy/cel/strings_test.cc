#include "reconciler/policy/cel/overload.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace portolan::reconciler::cel {
namespace {

TEST(Strings, CountCodePoints) {
  EXPECT_EQ(Eval("'a😀é'.size()"), "3");
  EXPECT_EQ(Eval("'a😀é'.charAt(1)"), "'😀'");
  EXPECT_EQ(Eval("'a😀é'.indexOf('é')"), "2");
  EXPECT_EQ(Eval("'a😀é'.substring(1, 2)"), "'😀'");
  EXPECT_EQ(Eval("'a😀é'.reverse()"), "'é😀a'");
  EXPECT_EQ(Eval("size(b'\\xff\\xfe')"), "2");
}

TEST(Strings, FailOutsideOfTheText) {
  EXPECT_EQ(Eval("'abc'.charAt(4)"), "error: the place 4 is outside of the string at 1:7");
  EXPECT_EQ(Eval("'abc'.charAt(3)"), "''");
  EXPECT_EQ(Eval("'abc'.substring(-1)"), "error: the place -1 is outside of the string at 1:7");
  EXPECT_EQ(Eval("'abc'.substring(2, 1)"), "error: substring(2, 1) ends before it begins at 1:7");
  EXPECT_EQ(Eval("'abc'.indexOf('a', 4)"), "error: the place 4 is outside of the string at 1:7");
}

TEST(Strings, SplitAndJoin) {
  EXPECT_EQ(Eval("'a,b,c'.split(',')"), "['a', 'b', 'c']");
  EXPECT_EQ(Eval("'a,b,c'.split(',', 2)"), "['a', 'b,c']");
  EXPECT_EQ(Eval("'a,b'.split(',', 0)"), "[]");
  EXPECT_EQ(Eval("'aé'.split('')"), "['a', 'é']");
  EXPECT_EQ(Eval("['a', 'b'].join('-') + ['c'].join()"), "'a-bc'");
  EXPECT_EQ(EvalUnchecked("['a', 1].join()").substr(0, 35), "error: join() needs a list of strin");
}

TEST(Strings, ReplaceAllOrSome) {
  EXPECT_EQ(Eval("'aaa'.replace('a', 'b')"), "'bbb'");
  EXPECT_EQ(Eval("'aaa'.replace('a', 'b', 2)"), "'bba'");
  EXPECT_EQ(Eval("'aaa'.replace('a', 'b', -1)"), "'bbb'");
  EXPECT_EQ(Eval("'aé'.replace('', '.')"), "'.a.é.'");
}

TEST(Strings, SearchAndChangeCase) {
  EXPECT_EQ(Eval("'Ab'.lowerAscii() + 'Ab'.upperAscii()"), "'abAB'");
  EXPECT_EQ(Eval("['abc'.startsWith('ab'), 'abc'.endsWith('ab'), 'abc'.contains('b')]"),
            "[true, false, true]");
  EXPECT_EQ(Eval("'tacocat'.lastIndexOf('a', 4)"), "1");
  EXPECT_EQ(Eval("'\\u2000 a b\\t'.trim()"), "'a b'");
  EXPECT_EQ(Eval("'  '.trim()"), "''");
}

TEST(Strings, SearchCostsTheProductOfBothTexts) {
  TestVariables variables;
  const std::string text(100'000, 'a'), part(50'000, 'a');
  variables.With("t", Type::String(), Value::String(text))
      .With("p", Type::String(), Value::String(part));
  EXPECT_EQ(Eval("t.contains(p + 'b') || true", variables),
            "error: cost limit (1000000 units) exceeded at 1:3");
}

TEST(Strings, PatternsCostMoreTheLongerTheyAre) {
  TestVariables variables;
  const std::string text(10'000, 'x');
  variables.With("t", Type::String(), Value::String(text));
  EXPECT_EQ(Eval("t.matches(r'abcdefghijklmnopqrstuvwxyz')", variables, {}, {.cost_limit = 5000}),
            "error: cost limit (5000 units) exceeded at 1:3");
}

}  // namespace
}  // namespace portolan::reconciler::cel
