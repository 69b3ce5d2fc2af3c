#include "manifests/value.h"

#include <gtest/gtest.h>

#include <memory>

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

TEST(Value, GivesTheTextsOfAnArrayAndNoneOfAnythingElse) {
  Value value;
  value.Set("globs", Value::Array{"a.*", 3, "b", Value::Array{"c"}});
  value.Set("name", "limits");
  EXPECT_EQ(value.StringsAt("globs"), (std::vector<std::string>{"a.*", "b"}));
  EXPECT_TRUE(value.StringsAt("name").empty());
  EXPECT_TRUE(value.StringsAt("none").empty());
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

// `depth` arrays and objects by turns, a scalar innermost; every tenth level has another beside it.
Value Nested(int depth) {
  Value value = "innermost";
  for (int i = 0; i < depth; ++i) {
    const std::size_t children = i % 10 == 1 ? 2 : 1;
    if (i % 2 == 0) {
      Value::Array array(children);
      array[0] = std::move(value);
      value = std::move(array);
    } else {
      Value::Object object(children);
      object[0] = {"in/side", std::move(value)};
      value = std::move(object);
    }
  }
  return value;
}

TEST(Value, AMillionLevelsAreClonedAndDestroyedWithoutAStack) {
  auto deep = std::make_unique<Value>(Nested(1'000'000));
  auto clone = std::make_unique<Value>(*deep);
  Value* at = clone.get();
  int levels = 0;
  for (; at->is_array() || at->is_object(); ++levels)
    at = at->is_array() ? &at->as_array()[0] : &at->as_object()[0].second;
  EXPECT_EQ(levels, 1'000'000);
  deep.reset();
  EXPECT_EQ(at->as_string(), "innermost");  // nothing of the clone was the other's
}

TEST(Value, DeepValuesAreComparedWithoutAStack) {
  const Value deep = Nested(100'000);
  Value clone = deep;
  EXPECT_TRUE(clone == deep);
  Value* at = &clone;
  while (at->is_array() || at->is_object())
    at = at->is_array() ? &at->as_array()[0] : &at->as_object()[0].second;
  *at = "changed";
  EXPECT_FALSE(clone == deep);
}

TEST(Value, AMoveOutOfAValuesOwnDepthsLosesNothing) {
  Value value = Nested(20'000);
  value = Value(std::move(value.as_object()[0].second));
  EXPECT_TRUE(value == Nested(19'999));
}

TEST(Value, ACopySharesNothingWithItsOriginal) {
  Value original = *ParseJson(R"({"a":[1,{"b":[true,null,"x"]},[]],"c":{},"d":2.5})");
  const Value copy = original;
  EXPECT_EQ(copy, original);
  original.as_object()[0].second.as_array()[1].as_object()[0].second.as_array()[2] = "changed";
  original.Set("e", 1);
  EXPECT_EQ(CanonicalJson(copy), R"({"a":[1,{"b":[true,null,"x"]},[]],"c":{},"d":2.5})");
  EXPECT_NE(copy, original);
}

TEST(Value, WideAndDeepTreesAreDestroyedWhole) {
  for (int round = 0; round < 3; ++round) {
    Value::Array wide;
    for (int i = 0; i < 1'000; ++i) wide.push_back(Nested(i % 50));
    Value value = std::move(wide);
    Value::Object object;
    object.emplace_back("left", value);
    object.emplace_back("right", std::move(value));
    value = std::move(object);
    EXPECT_EQ(value.Find("left")->as_array().size(), 1'000u);
    EXPECT_EQ(*value.Find("left"), *value.Find("right"));
  }
}

TEST(Value, CloneWithinNamesThePlaceThatIsTooDeep) {
  const Value value = *ParseJson(R"({"a":[1,{"b/c":[{}]}],"d":[]})");
  EXPECT_EQ(*CloneWithin(value, 5), value);
  const auto refused = CloneWithin(value, 3);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(refused.error().message,
            "\"/a/1/b~1c\": expected at most 3 levels, found one more; flatten the value");
  EXPECT_EQ(*CloneWithin(Value(1), 0), Value(1));
  EXPECT_FALSE(CloneWithin(Value::Array(), 0).ok());
  EXPECT_FALSE(CloneWithin(Nested(50'000)).ok());
  EXPECT_TRUE(CloneWithin(Nested(50'000), 50'000).ok());
}

}  // namespace
}  // namespace portolan::manifests
