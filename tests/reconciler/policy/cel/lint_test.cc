#include "reconciler/policy/cel/lint.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace portolan::reconciler::cel {
namespace {

std::vector<Problem> Linted(std::string_view source, const TestVariables& variables = {}) {
  const auto program = Compile(source, variables.environment);
  EXPECT_TRUE(program.ok());
  return program.ok() ? Lint(*program) : std::vector<Problem>{};
}

TEST(Lint, WarnsOfPatternsWithBackslashesThatAreNotRaw) {
  const auto problems = Linted("'a'.matches('\\\\bx')");
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].offset, 12u);
  EXPECT_TRUE(Linted("'a'.matches(r'\\bx')").empty());
  EXPECT_TRUE(Linted("'a'.matches('x+')").empty());
}

TEST(Lint, WarnsOfNestedMacrosOverUnknownSizes) {
  TestVariables variables;
  variables.With("l", Type::List(Type::Int()), {}).With("m", Type::List(Type::Int()), {});
  const auto problems = Linted("l.all(x, m.exists(y, y == x))", variables);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].offset, 9u);
  EXPECT_EQ(problems[0].message.substr(0, 52),
            "`m` is gone through once for each element of `l`; wi");
  EXPECT_TRUE(Linted("l.all(x, [1, 2].exists(y, y == x))", variables).empty());
  EXPECT_TRUE(Linted("l.all(x, x > 0) && m.all(y, y > 0)", variables).empty());
}

}  // namespace
}  // namespace portolan::reconciler::cel
