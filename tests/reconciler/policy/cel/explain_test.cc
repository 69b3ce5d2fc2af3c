#include "reconciler/policy/cel/explain.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace portolan::reconciler::cel {
namespace {

struct PlanValues {
  Arena arena;
  std::vector<MapEntry> plan = {{Value::String("first"), Value::Bool(false)},
                                {Value::String("percent"), Value::Double(10.5)}};
  std::vector<MapEntry> params = {{Value::String("max"), Value::Double(10.0)}};
  TestVariables variables;

  PlanValues() {
    variables.With("plan", Type::Dyn(), Value::OfMap(SortedMap(plan.data(), plan.size(), arena)))
        .With("params", Type::Dyn(), Value::OfMap(SortedMap(params.data(), params.size(), arena)));
  }
};

std::string Explained(std::string_view source, const TestVariables& variables = {}) {
  const auto program = Compile(source, variables.environment);
  if (!program.ok()) return program.error().message;
  Explanation explanation(*program);
  Arena arena;
  Evaluate(*program, ValueBindings(variables.values), arena, {.recorder = &explanation});
  return "\n" + explanation.Render();
}

TEST(Explanation, SetsValuesUnderTheirOperands) {
  const PlanValues values;
  EXPECT_EQ(Explained("plan.first || plan.percent <= params.max", values.variables), R"(
plan.first || plan.percent <= params.max
false      || 10.5         <= 10.0       ⇒ false
                           ^
)");
}

TEST(Explanation, MarksWhatWasNotReachedAndMakesRoomForLongValues) {
  EXPECT_EQ(Explained("1 == 1 || [1][0] == 2"), R"(
1 == 1 || [1][0] == 2
1 == 1 || ·      == 2 ⇒ true
  ^
)");
  TestVariables variables;
  variables.With("k", Type::String(), Value::String("a long value"));
  EXPECT_EQ(Explained("!(k == 'x') && k != k", variables), R"(
!(k              == 'x') && k              != k
!('a long value' == 'x') && 'a long value' != 'a long value' ⇒ false
                                           ^
)");
}

TEST(Explanation, ShowsTheElementThatDecided) {
  EXPECT_EQ(Explained("[1, 7, 9].all(x, x < 5)"), R"(
[1, 7, 9].all(x, x < 5)
false                   ⇒ false
^
  for x = 7:
  x < 5
  7 < 5 ⇒ false
    ^
)");
}

TEST(Explanation, ShowsErrorsAndLineFeedsOnOneLine) {
  EXPECT_EQ(Explained("1 / 0\n  == 2"), R"(
1 / 0 == 2
1 / 0 == 2 ⇒ «division by zero»
  ^
)");
}

TEST(Explanation, BreaksLongRowsBeforeLogicalOperators) {
  TestVariables variables;
  variables.With("v", Type::String(), Value::String("a value of forty characters, or nearly so"));
  const std::string text = Explained("v == '' || v == 'a' || v == 'b' || v == 'c'", variables);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 6) << text;
  EXPECT_NE(text.find("\n|| v"), std::string::npos) << text;
}

TEST(Explanation, ListsEverySubExpressionButLiterals) {
  const PlanValues values;
  const auto program = Compile("plan.percent <= 20.0", values.variables.environment);
  ASSERT_TRUE(program.ok());
  Explanation explanation(*program);
  Arena arena;
  Evaluate(*program, ValueBindings(values.variables.values), arena, {.recorder = &explanation});
  const auto listed = explanation.Values();
  ASSERT_EQ(listed.size(), 3u);
  EXPECT_EQ(listed[0].text, "plan.percent <= 20.0");
  EXPECT_EQ(listed[0].value, "true");
  EXPECT_EQ(listed[1].text, "plan.percent");
  EXPECT_EQ(listed[1].value, "10.5");
  EXPECT_EQ(listed[2].text, "plan");
  EXPECT_EQ(listed[1].offset, 0u);
  EXPECT_EQ(listed[1].length, 12u);
}

}  // namespace
}  // namespace portolan::reconciler::cel
