#include "reconciler/policy/cel/check.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace portolan::reconciler::cel {
namespace {

TestVariables Plan() {
  static const auto plan =
      std::make_shared<const ObjectType>(ObjectType{"plan",
                                                    {{"percent", Type::Double()},
                                                     {"first", Type::Bool()},
                                                     {"changes", Type::List(Type::Dyn())}}});
  TestVariables variables;
  variables.With("plan", Type::Object(plan), Value::Null())
      .With("labels", Type::Map(Type::String(), Type::String()), Value::Null())
      .With("any", Type::Dyn(), Value::Null());
  return variables;
}

TEST(Check, NamesTheFieldThatIsMeant) {
  EXPECT_EQ(Eval("plan.percnt > 1.0", Plan()),
            "refused: 1:6: no such field `plan.percnt`; did you mean `percent`?");
  EXPECT_EQ(Eval("has(plan.percnt)", Plan()),
            "refused: 1:10: no such field `plan.percnt`; did you mean `percent`?");
}

TEST(Check, NamesTheVariableThatIsMeant) {
  EXPECT_EQ(Eval("plann.first", Plan()),
            "refused: 1:1: no such variable `plann`; did you mean `plan`?");
  EXPECT_EQ(Eval("[1].all(item, itm > 0)"),
            "refused: 1:15: no such variable `itm`; did you mean `item`?");
}

TEST(Check, RefusesWhatCanNeverWork) {
  EXPECT_EQ(Eval("plan.percent + 1", Plan()),
            "refused: 1:14: `+` does not apply to double and int; convert one of them, as in "
            "double(x)");
  EXPECT_EQ(Eval("plan.first && plan.percent", Plan()),
            "refused: 1:15: `&&` needs a bool, found double");
  EXPECT_EQ(Eval("plan.percent.x", Plan()),
            "refused: 1:14: `plan.percent` is double and has no field `x`");
  EXPECT_EQ(Eval("plan.changes['a']", Plan()),
            "refused: 1:13: a list is indexed by an int, found string");
  EXPECT_EQ(Eval("1 ? 2 : 3"), "refused: 1:1: the condition before `?` needs a bool, found int");
  EXPECT_EQ(Eval("{[]: 1}"),
            "refused: 1:2: a key is a string, an int, a uint or a bool, found list(dyn)");
  EXPECT_EQ(Eval("3 in 'abc'"),
            "refused: 1:3: `in` needs a list or a map on its right, found string");
  EXPECT_EQ(Eval("!1"), "refused: 1:2: `!` needs a bool, found int");
  EXPECT_EQ(Eval("-'a'"), "refused: 1:1: `-` does not apply to string");
}

TEST(Check, LetsDynPass) {
  TestVariables variables;
  variables.With("any", Type::Dyn(), Value::Int(2));
  EXPECT_EQ(Eval("any + 1", variables), "3");
  EXPECT_EQ(Eval("any.x", variables), "error: a value of type int has no field `x` at 1:5");
  EXPECT_EQ(Eval("any + 1.0", variables),
            "error: `+` does not apply to int and double; convert one of them, as in double(x) at "
            "1:5");
}

TEST(Check, WantsTheDemandedResult) {
  const CompileOptions wants_bool{.result = Type::Bool()};
  EXPECT_EQ(Eval("'text'", {}, wants_bool),
            "refused: 1:1: the expression must yield a bool, it yields a string");
  EXPECT_EQ(Eval("1 < 2", {}, wants_bool), "true");
}

TEST(Check, ResolvesTheLongestQualifiedName) {
  TestVariables variables;
  variables.With("a.b", Type::Int(), Value::Int(1)).With("a.b.c", Type::Int(), Value::Int(2));
  EXPECT_EQ(Eval("a.b.c + a.b", variables), "3");
  EXPECT_EQ(Eval("type(timestamp(0)) == google.protobuf.Timestamp"), "true");
}

TEST(Check, PutsMacroVariablesBeforeOthersUnlessRooted) {
  TestVariables variables;
  variables.With("x", Type::Int(), Value::Int(100));
  EXPECT_EQ(Eval("[1, 2].map(x, x + .x)", variables), "[101, 102]");
}

TEST(Check, UncheckedNamesFailOnlyWhenReached) {
  EXPECT_EQ(EvalUnchecked("true || nothing.here(1)"), "true");
  EXPECT_EQ(EvalUnchecked("nothing"), "error: no such variable `nothing` at 1:1");
}

}  // namespace
}  // namespace portolan::reconciler::cel
