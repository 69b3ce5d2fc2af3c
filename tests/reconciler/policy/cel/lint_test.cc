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

TEST(Lint, KnowsThatThePartsOfElementsAreNoMoreThanTheData) {
  TestVariables variables;
  variables.With("l", Type::List(Type::Dyn()), {})
      .With("m", Type::Map(Type::String(), Type::Dyn()), {});
  EXPECT_TRUE(Linted("l.all(r, r.parts.all(p, p > 0))", variables).empty());
  EXPECT_TRUE(Linted("l.all(r, r.parts.all(p, p.bits[0].all(b, b)))", variables).empty());
  EXPECT_TRUE(Linted("m.all(k, v, v.all(p, p > 0))", variables).empty());
  // Of an element further out the parts are gone through again for each in between.
  const auto again = Linted("l.all(r, m.all(k, r.parts.all(p, p == k)))", variables);
  ASSERT_EQ(again.size(), 2u);
  EXPECT_EQ(again[0].message.substr(0, 8), "`m` is g");
  EXPECT_EQ(again[1].message.substr(0, 70),
            "`r.parts` is gone through once for each element of `m`; with long list");
  // Nor is a part of another list one of the element.
  EXPECT_EQ(Linted("l.all(r, l[0].parts.all(p, p > r))", variables).size(), 1u);
}

TEST(Lint, KnowsTheSizeOfWhatIsWrittenBesideTheExpression) {
  TestVariables variables;
  variables.With("l", Type::List(Type::Int()), {}).With("given", Type::Dyn(), {});
  const std::string_view inner = "l.all(x, given.bounds.exists(y, y == x))";
  const std::string_view outer = "given.bounds.all(y, l.exists(x, x == y))";
  EXPECT_EQ(Linted(inner, variables).size(), 1u);
  EXPECT_EQ(Linted(outer, variables).size(), 1u);
  const std::uint32_t written[] = {
      variables.environment.IndexOf(*variables.environment.Find("given"))};
  for (const std::string_view source : {inner, outer})
    EXPECT_TRUE(Lint(Compile(source, variables.environment).value(), written).empty()) << source;
  // Two hundred of each, one in the other, are forty thousand; four deep they are past any limit.
  const auto product = Compile("given.all(a, given.all(b, a != b))", variables.environment);
  ASSERT_TRUE(product.ok());
  EXPECT_EQ(Lint(*product, written).size(), 1u);
}

}  // namespace
}  // namespace portolan::reconciler::cel
