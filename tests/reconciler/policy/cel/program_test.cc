#include "reconciler/policy/cel/program.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace portolan::reconciler::cel {
namespace {

TEST(Compile, PutsThePositionBeforeTheMessageAndTheOffsetBeside) {
  Problem problem;
  const auto program = Compile("1 +\n  x", {}, {}, &problem);
  EXPECT_EQ(program.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(program.error().message, "2:3: no such variable `x`");
  EXPECT_EQ(problem.offset, 6u);
  EXPECT_EQ(problem.message, "no such variable `x`");
}

TEST(Program, NamesItsVariablesOnceAndItsType) {
  TestVariables variables;
  variables.With("a", Type::Int(), {}).With("b", Type::Int(), {}).With("c", Type::Int(), {});
  const auto program = Compile("c + a > c", variables.environment);
  ASSERT_TRUE(program.ok());
  EXPECT_EQ(program->variables(), (std::vector<std::uint32_t>{2, 0}));
  EXPECT_EQ(program->type().ToString(), "bool");
  EXPECT_EQ(program->source(), "c + a > c");
}

TEST(PositionOf, CountsLinesAndColumnsFromOne) {
  EXPECT_EQ(PositionOf("ab\ncd", 0).column, 1u);
  EXPECT_EQ(PositionOf("ab\ncd", 4).line, 2u);
  EXPECT_EQ(PositionOf("ab\ncd", 4).column, 2u);
  EXPECT_EQ(PositionOf("ab", 99).column, 3u);
}

}  // namespace
}  // namespace portolan::reconciler::cel
