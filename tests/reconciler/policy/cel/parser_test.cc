#include "reconciler/policy/cel/parser.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace portolan::reconciler::cel {
namespace {

std::string ProblemOf(std::string_view source) {
  Ast ast;
  Problem problem;
  if (Parse(source, ast, problem)) return "";
  return std::to_string(problem.offset) + ": " + problem.message;
}

std::string Times(int count, const std::string& text) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

TEST(Parser, BindsOperatorsAsTightlyAsTheGrammarSays) {
  EXPECT_EQ(Eval("1 + 2 * 3 - 4 / 2"), "5");
  EXPECT_EQ(Eval("10 - 3 - 2"), "5");
  EXPECT_EQ(Eval("true || false && false"), "true");
  EXPECT_EQ(Eval("1 + 1 == 2 && 3 in [3]"), "true");
  EXPECT_EQ(Eval("false ? 1 : false ? 2 : 3"), "3");
  EXPECT_EQ(Eval("!false == true"), "true");
  EXPECT_EQ(Eval("-(1) + 3"), "2");
  EXPECT_EQ(Eval("--5"), "5");
  EXPECT_EQ(Eval("-9223372036854775808"), "-9223372036854775808");
}

TEST(Parser, TakesTrailingCommasAndQuotedNames) {
  EXPECT_EQ(Eval("[1, 2,]"), "[1, 2]");
  EXPECT_EQ(Eval("{'a-b': 1,}.`a-b`"), "1");
  EXPECT_EQ(Eval("{'if': 1}.if"), "1");
}

TEST(Parser, SaysWhereAndWhatWasExpected) {
  EXPECT_EQ(ProblemOf("1 +"), "3: expected an expression, found the end");
  EXPECT_EQ(ProblemOf("(1"), "2: expected `)`, found the end");
  EXPECT_EQ(ProblemOf("[1 2]"), "3: expected `,` or `]`, found `2`");
  EXPECT_EQ(ProblemOf("a.1"), "1: expected the end, or an operator, found `.1`");
  EXPECT_EQ(ProblemOf("a.true"), "2: expected a name after `.`, found `true`");
  EXPECT_EQ(ProblemOf("if"), "0: `if` is a reserved word");
  EXPECT_EQ(ProblemOf("a ? b"), "5: expected `:` of a conditional, found the end");
  EXPECT_EQ(ProblemOf("T{a: 1}"),
            "1: expected an operator; message literals T{…} are not part of the language, found "
            "`{`");
  EXPECT_EQ(ProblemOf("9223372036854775808"),
            "0: the number is too large for an int of 64 bits; write 9223372036854775808u or "
            "9223372036854775808.0");
}

TEST(Parser, TakesThirtyTwoLevelsAndMoreButNotAThousand) {
  EXPECT_EQ(ProblemOf(Times(200, "(") + "1" + Times(200, ")")), "");
  EXPECT_NE(ProblemOf(Times(251, "(") + "1" + Times(251, ")")), "");
  EXPECT_NE(ProblemOf(Times(8000, "[")), "");
  EXPECT_NE(ProblemOf(Times(8000, "!") + "true"), "");
  EXPECT_NE(ProblemOf("1" + Times(5000, "+1")), "");
}

TEST(Parser, TakesLongChainsOfLogicalOperators) {
  EXPECT_EQ(Eval("true" + Times(1000, " && true")), "true");
  EXPECT_EQ(Eval("false" + Times(1000, " || false")), "false");
}

TEST(Parser, RefusesLongSourcesAndBadUtf8) {
  EXPECT_EQ(ProblemOf(std::string(kSourceBytesMax + 1, ' ')),
            "0: the expression has 16385 bytes, at most 16384 are allowed");
  EXPECT_EQ(ProblemOf("'\xff'"), "0: the expression is not valid UTF-8");
}

}  // namespace
}  // namespace portolan::reconciler::cel
