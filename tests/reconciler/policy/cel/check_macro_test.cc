#include "reconciler/policy/cel/checker.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace portolan::reconciler::cel {
namespace {

TEST(CheckMacro, GivesElementsTheirType) {
  EXPECT_EQ(Eval("['a'].all(x, x > 1)"), "refused: 1:16: `>` does not apply to string and int");
  EXPECT_EQ(Eval("[1].all(i, x, i + x == 'a'.size())"), "true");
  EXPECT_EQ(Eval("{'k': 1}.exists(k, v, k == 'k' && v == 1)"), "true");
  EXPECT_EQ(Eval("{'k': 1}.exists(k, k + 1 == 2)"),
            "refused: 1:22: `+` does not apply to string and int");
}

TEST(CheckMacro, WantsAListOrAMapAndATestThatIsBool) {
  EXPECT_EQ(Eval("'abc'.all(c, true)"),
            "refused: 1:7: `'abc'` is string; only a list or a map has elements to go over");
  EXPECT_EQ(Eval("[1].filter(x, x)"), "refused: 1:15: the test of a macro needs a bool, found int");
}

TEST(CheckMacro, ForgetsVariablesAfterTheBody) {
  EXPECT_EQ(Eval("[1].all(x, true) && x == 1"), "refused: 1:21: no such variable `x`");
  EXPECT_EQ(Eval("[[1, 2], [3]].map(x, x.map(x, x * 2))"), "[[2, 4], [6]]");
}

}  // namespace
}  // namespace portolan::reconciler::cel
