#include "reconciler/policy/cel/evaluate.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace portolan::reconciler::cel {
namespace {

class CountingBindings final : public Bindings {
 public:
  Value Find(std::uint32_t variable, Arena& arena) const override {
    ++asked[variable];
    return variable == 1 ? MakeError(arena, "the source is away") : Value::Int(7);
  }
  mutable int asked[3] = {};
};

TestVariables Three() {
  TestVariables variables;
  variables.With("a", Type::Int(), {}).With("broken", Type::Bool(), {}).With("c", Type::Int(), {});
  return variables;
}

TEST(Evaluate, AsksForEachVariableAtMostOnceAndOnlyWhenReached) {
  const auto program = Compile("a + a == 14 || c == 1", Three().environment);
  ASSERT_TRUE(program.ok());
  CountingBindings bindings;
  Arena arena;
  EXPECT_TRUE(Evaluate(*program, bindings, arena).value.AsBool());
  EXPECT_EQ(bindings.asked[0], 1);
  EXPECT_EQ(bindings.asked[2], 0);
}

TEST(Evaluate, TakesAnErrorOfABindingAsTheValueOfTheVariable) {
  const auto program = Compile("broken && a == 7", Three().environment);
  ASSERT_TRUE(program.ok());
  CountingBindings bindings;
  Arena arena;
  const Evaluation result = Evaluate(*program, bindings, arena);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(FailureText(*program, result.value.AsFailure()), "the source is away at 1:1");
}

TEST(Evaluate, AbsorbsErrorsInAndAndOr) {
  for (const char* source : {"1 / 0 == 1 || true", "true || 1 / 0 == 1", "!(1 / 0 == 1 && false)",
                             "!(false && 1 / 0 == 1)", "[0, 1].exists(x, 1 / x == 1)",
                             "!([0, 2].all(x, 1 / x == 1))", "false || 1 / 0 == 1 || true"})
    EXPECT_EQ(Eval(source), "true") << source;
  EXPECT_EQ(Eval("1 / 0 == 1 || 2 % 0 == 1"), "error: division by zero at 1:3");
  EXPECT_EQ(EvalUnchecked("true && 5"), "error: `&&` needs a bool, found int at 1:6");
  EXPECT_EQ(Eval("true ? 1 : 1 / 0"), "1");
}

TEST(Evaluate, NeverAbsorbsTheCostLimit) {
  const EvaluateOptions limited{.cost_limit = 1000};
  const std::string exceeded = "error: cost limit (1000 units) exceeded at 1:";
  EXPECT_EQ(Eval("range(0, 100000).all(x, x >= 0) || true", {}, {}, limited), exceeded + "27");
  EXPECT_EQ(Eval("range(0, 9223372036854775807).all(x, true)", {}, {}, limited), exceeded + "31");
  EXPECT_EQ(Eval("range(0, 1000000).filter(x, x > 5).size()", {}, {}, limited).substr(0, 45),
            exceeded);
  EXPECT_EQ(Eval("5 in range(6, 100000)", {}, {}, limited), exceeded + "3");
}

TEST(Evaluate, CountsWhatItCosts) {
  const auto cost = [](const char* source) {
    const auto program = Compile(source, Three().environment);
    Arena arena;
    return Evaluate(*program, CountingBindings(), arena).cost;
  };
  EXPECT_EQ(cost("1"), 0u);
  EXPECT_EQ(cost("a"), 1u);
  EXPECT_EQ(cost("a + c"), 3u);
  EXPECT_EQ(cost("[a]"), 12u);
  EXPECT_EQ(cost("{1: a}"), 32u);
  EXPECT_EQ(cost("[1, 2, 3].all(x, x > 0)"), 10u);
}

TEST(Evaluate, AsksForTheTimeEveryHundredSteps) {
  int asked = 0;
  const std::function<bool()> expired = [&] { return ++asked == 3; };
  EXPECT_EQ(Eval("range(0, 1000).all(x, x >= 0)", {}, {}, {.expired = &expired}).substr(0, 41),
            "error: the time for the evaluation is up ");
  EXPECT_EQ(asked, 3);
}

TEST(Evaluate, OrdersOnlyWhatHasAnOrder) {
  EXPECT_EQ(Eval("[1 < 2.5, 1u <= 1, 0.0 / 0.0 < 1.0, 'a' < 'b', b'b' > b'a', false < true]"),
            "[true, true, false, true, true, true]");
  EXPECT_EQ(EvalUnchecked("null < null"),
            "error: `<` does not apply to null_type and null_type at 1:6");
  EXPECT_EQ(EvalUnchecked("[1] < [2]").substr(0, 24), "error: `<` does not appl");
  EXPECT_EQ(EvalUnchecked("1 in 2").substr(0, 27), "error: `in` needs a list or");
}

}  // namespace
}  // namespace portolan::reconciler::cel
