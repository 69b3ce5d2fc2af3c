#include "reconciler/policy/cel/operators.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace portolan::reconciler::cel {
namespace {

std::string TypeOf(Op op, const Type& left, const Type& right) {
  const auto type = OperatorType(op, left, right);
  return type ? type->ToString() : "none";
}

TEST(OperatorType, MixesNoNumbersInArithmetic) {
  EXPECT_EQ(TypeOf(Op::kAdd, Type::Int(), Type::Int()), "int");
  EXPECT_EQ(TypeOf(Op::kAdd, Type::Int(), Type::Double()), "none");
  EXPECT_EQ(TypeOf(Op::kModulo, Type::Double(), Type::Double()), "none");
  EXPECT_EQ(TypeOf(Op::kMultiply, Type::String(), Type::String()), "none");
  EXPECT_EQ(TypeOf(Op::kMultiply, Type::Dyn(), Type::String()), "dyn");
}

TEST(OperatorType, KnowsTimes) {
  EXPECT_EQ(TypeOf(Op::kSubtract, Type::Timestamp(), Type::Timestamp()),
            "google.protobuf.Duration");
  EXPECT_EQ(TypeOf(Op::kAdd, Type::Duration(), Type::Timestamp()), "google.protobuf.Timestamp");
  EXPECT_EQ(TypeOf(Op::kAdd, Type::Timestamp(), Type::Timestamp()), "none");
  EXPECT_EQ(TypeOf(Op::kSubtract, Type::Duration(), Type::Timestamp()), "none");
}

TEST(OperatorType, OrdersNumbersAcrossKindsAndNothingElse) {
  EXPECT_EQ(TypeOf(Op::kLess, Type::Int(), Type::Double()), "bool");
  EXPECT_EQ(TypeOf(Op::kLess, Type::Null(), Type::Null()), "none");
  EXPECT_EQ(TypeOf(Op::kLess, Type::String(), Type::Int()), "none");
  EXPECT_EQ(TypeOf(Op::kEqual, Type::String(), Type::Int()), "bool");
  EXPECT_EQ(TypeOf(Op::kIn, Type::Int(), Type::String()), "none");
}

TEST(Sign, IsWrittenAsInTheSource) {
  EXPECT_EQ(Sign(Op::kLessEqual), "<=");
  EXPECT_EQ(Sign(Op::kIn), "in");
}

}  // namespace
}  // namespace portolan::reconciler::cel
