#include "manifests/value.h"

#include <gtest/gtest.h>

namespace portolan::manifests {
namespace {

TEST(Value, FindsMembersAndFallsBackOnWrongKinds) {
  Value value;
  value.Set("name", "limits");
  value.Set("size", 3);
  value.Set("on", true);
  EXPECT_EQ(value.Find("none"), nullptr);
  EXPECT_EQ(Value(3).Find("name"), nullptr);
  EXPECT_EQ(value.StringOr("name", "x"), "limits");
  EXPECT_EQ(value.StringOr("size", "x"), "x");
  EXPECT_EQ(value.IntOr("size", 7), 3);
  EXPECT_EQ(value.IntOr("name", 7), 7);
  EXPECT_TRUE(value.BoolOr("on", false));
  EXPECT_FALSE(value.BoolOr("size", false));
}

TEST(Value, SetReplacesAMemberInItsPlace) {
  Value value;
  value.Set("a", 1);
  value.Set("b", 2);
  value.Set("a", 3);
  EXPECT_EQ(WriteJson(value), R"({"a":3,"b":2})");
}

TEST(Value, ComparesObjectsWithoutOrder) {
  const Value a(Value::Object{{"x", 1}, {"y", Value::Object{{"p", 1}, {"q", 2}}}});
  const Value b(Value::Object{{"y", Value::Object{{"q", 2}, {"p", 1}}}, {"x", 1}});
  EXPECT_EQ(a, b);
  EXPECT_NE(a, Value(Value::Object{{"x", 1}}));
  EXPECT_NE(a, Value(Value::Object{{"x", 1}, {"z", 2}}));
}

TEST(Value, ComparesArraysWithOrderAndKindsStrictly) {
  EXPECT_NE(Value(Value::Array{1, 2}), Value(Value::Array{2, 1}));
  EXPECT_EQ(Value(Value::Array{1, 2}), Value(Value::Array{1, 2}));
  EXPECT_NE(Value(1), Value(1.0));
  EXPECT_NE(Value(), Value(false));
  EXPECT_NE(Value("1"), Value(1));
}

TEST(KindName, NamesJsonTypes) {
  EXPECT_EQ(KindName(Value().kind()), "null");
  EXPECT_EQ(KindName(Value(true).kind()), "boolean");
  EXPECT_EQ(KindName(Value(1).kind()), "integer");
  EXPECT_EQ(KindName(Value(1.5).kind()), "number");
  EXPECT_EQ(KindName(Value("x").kind()), "string");
  EXPECT_EQ(KindName(Value(Value::Array{}).kind()), "array");
  EXPECT_EQ(KindName(Value(Value::Object{}).kind()), "object");
}

}  // namespace
}  // namespace portolan::manifests
