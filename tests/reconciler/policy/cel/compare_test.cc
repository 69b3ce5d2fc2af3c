#include "reconciler/policy/cel/compare.h"

#include <gtest/gtest.h>

#include <cmath>

#include "reconciler/policy/cel/type.h"
#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace portolan::reconciler::cel {
namespace {

constexpr std::int64_t kBeyondDouble = (1ll << 53) + 1;

bool Equals(const Value& left, const Value& right) {
  Arena arena;
  Meter meter(1000);
  return Equal(left, right, arena, meter);
}

TEST(Compare, OrdersNumbersByMathematicalValue) {
  EXPECT_EQ(Compare(Value::Int(-1), Value::Uint(0)), Order::kLess);
  EXPECT_EQ(Compare(Value::Uint(~0ull), Value::Int(-1)), Order::kGreater);
  EXPECT_EQ(Compare(Value::Int(kBeyondDouble), Value::Double(0x1p53)), Order::kGreater);
  EXPECT_EQ(Compare(Value::Double(0x1p53), Value::Int(kBeyondDouble)), Order::kLess);
  EXPECT_EQ(Compare(Value::Int(1), Value::Double(1.5)), Order::kLess);
  EXPECT_EQ(Compare(Value::Int(-1), Value::Double(-1.5)), Order::kGreater);
  EXPECT_EQ(Compare(Value::Uint(~0ull), Value::Double(0x1p64)), Order::kLess);
  EXPECT_EQ(Compare(Value::Int(INT64_MIN), Value::Double(-0x1p63)), Order::kEqual);
}

TEST(Compare, KnowsNoOrderOfNaNNullAndMixedKinds) {
  EXPECT_EQ(Compare(Value::Double(NAN), Value::Double(1)), Order::kUnordered);
  EXPECT_EQ(Compare(Value::Int(1), Value::Double(NAN)), Order::kUnordered);
  EXPECT_EQ(Compare(Value::Null(), Value::Null()), Order::kNone);
  EXPECT_EQ(Compare(Value::String("1"), Value::Int(1)), Order::kNone);
}

TEST(OperatorOrder, MeetsADoubleAsTheNearestDouble) {
  EXPECT_EQ(OperatorOrder(Value::Int(INT64_MAX), Value::Double(0x1p63)), Order::kEqual);
  EXPECT_EQ(OperatorOrder(Value::Int(INT64_MAX), Value::Double(0x1.0000000000001p63)),
            Order::kLess);
  EXPECT_EQ(OperatorOrder(Value::Int(3), Value::Double(2.5)), Order::kGreater);
  EXPECT_EQ(OperatorOrder(Value::Int(kBeyondDouble), Value::Uint(1ull << 53)), Order::kGreater);
}

TEST(Equal, IsExactBeyondTheIntegersOfADouble) {
  EXPECT_TRUE(Equals(Value::Int(1), Value::Double(1)));
  EXPECT_FALSE(Equals(Value::Int(kBeyondDouble), Value::Double(0x1p53)));
  EXPECT_FALSE(Equals(Value::Double(NAN), Value::Double(NAN)));
  EXPECT_TRUE(Equals(Value::Double(0.0), Value::Double(-0.0)));
}

TEST(Equal, OfDifferentKindsIsFalseAndNoError) {
  EXPECT_EQ(Eval("1 == '1'"), "false");
  EXPECT_EQ(Eval("[1, 'a', null] == [1u, 'a', null]"), "true");
  EXPECT_EQ(Eval("{'a': [1]} == {'a': [1.0]}"), "true");
  EXPECT_EQ(Eval("{'a': 1} == {'b': 1}"), "false");
}

TEST(Equal, EndsInValuesNestedWithoutMeasure) {
  std::string nested = "a";
  for (int i = 0; i < 12; ++i)
    nested =
        "cel.bind(a, " + std::string(100, '[') + "a" + std::string(100, ']') + ", " + nested + ")";
  EXPECT_EQ(Eval("cel.bind(a, 1, " + nested + " == " + nested + ")").substr(0, 17),
            "error: cost limit");
}

TEST(Equal, StopsAtTheCostLimit) {
  EXPECT_EQ(Eval("range(0, 9000000000) == range(0, 9000000000)"),
            "error: cost limit (1000000 units) exceeded at 1:22");
}

}  // namespace
}  // namespace portolan::reconciler::cel
