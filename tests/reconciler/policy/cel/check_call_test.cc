#include "reconciler/policy/cel/checker.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace portolan::reconciler::cel {
namespace {

TEST(CheckCall, NamesTheFunctionThatIsMeant) {
  EXPECT_EQ(Eval("'a'.startWith('b')"),
            "refused: 1:5: no such function `startWith`; did you mean `startsWith`?");
  EXPECT_EQ(Eval("startsWith('a', 'b')"),
            "refused: 1:1: no such function `startsWith`; write `x.startsWith()`");
  EXPECT_EQ(Eval("'a'.int()"), "refused: 1:5: no such function `int`; write `int(x)`");
}

TEST(CheckCall, RefusesWrongArguments) {
  EXPECT_EQ(Eval("'a'.charAt()"), "refused: 1:5: `charAt` does not take 0 argument(s)");
  EXPECT_EQ(Eval("'a'.charAt('b')"), "refused: 1:5: `charAt` does not apply to (string, string)");
  EXPECT_EQ(Eval("math.abs('a')"), "refused: 1:6: `math.abs` does not apply to (string)");
}

TEST(CheckCall, KnowsWhatFunctionsYield) {
  EXPECT_EQ(Eval("size('abc') + 'x'"), "refused: 1:13: `+` does not apply to int and string");
  EXPECT_EQ(Eval("'a,b'.split(',')[0].size()"), "1");
}

TEST(CheckCall, CompilesLiteralPatternsAtOnce) {
  EXPECT_EQ(Eval("'a'.matches(r'(a')"), "refused: 1:13: the pattern is not valid: missing ): (a");
  EXPECT_EQ(Eval("'a'.matches(r'(?=a)')"),
            "refused: 1:13: the pattern is not valid: invalid perl operator: (?=");
  EXPECT_NE(Eval("'a'.matches('(a{1,1000}){1,1000}')").find("refused"), std::string::npos);
}

TEST(CheckCall, WantsZonesThatExist) {
  EXPECT_EQ(Eval("timestamp(0).getHours('Europe/Berlin')"),
            "refused: 1:23: time zones by name are not available here; install tzdata, or write "
            "an offset such as '+02:00'");
  EXPECT_EQ(Eval("timestamp(0).getHours('+02:00')"), "2");
}

TEST(CheckCall, VariablesHideNamespaces) {
  TestVariables variables;
  variables.With("x", Type::List(Type::Int()), Value::Null());
  EXPECT_EQ(Eval("cel.bind(math, 1, math + 1)"), "2");
}

}  // namespace
}  // namespace portolan::reconciler::cel
