#include "reconciler/policy/schema.h"

#include <gtest/gtest.h>

namespace portolan::reconciler {
namespace {

using manifests::PolicyScope;

TEST(PolicySchema, NamesAChangeOnlyWhereThereIsOne) {
  EXPECT_TRUE(InScope(Variable::kChange, PolicyScope::kChange));
  EXPECT_FALSE(InScope(Variable::kChange, PolicyScope::kPlan));
  EXPECT_FALSE(InScope(Variable::kPlan, PolicyScope::kLive));
  EXPECT_TRUE(InScope(Variable::kLive, PolicyScope::kLive));
}

TEST(PolicySchema, TypesParamsByTheirValues) {
  const auto params = manifests::ParseJson(R"({"a":1,"b":1.5,"c":["x"],"d":{"e":1}})").value();
  const cel::Type type = TypeOf(Variable::kParams, params);
  ASSERT_NE(type.object(), nullptr);
  EXPECT_EQ(type.object()->Find("a")->type.ToString(), "int");
  EXPECT_EQ(type.object()->Find("b")->type.ToString(), "double");
  EXPECT_EQ(type.object()->Find("c")->type.ToString(), "list(dyn)");
  EXPECT_EQ(type.object()->Find("d")->type.ToString(), "map(string, dyn)");
  EXPECT_EQ(type.object()->Find("e"), nullptr);
}

TEST(PolicySchema, TypesEveryVariable) {
  EXPECT_EQ(TypeOf(Variable::kNow, {}).ToString(), "google.protobuf.Timestamp");
  EXPECT_EQ(TypeOf(Variable::kMaps, {}).ToString(), "map(string, map(string, dyn))");
  EXPECT_EQ(TypeOf(Variable::kPlan, {}).object()->Find("percent")->type.ToString(), "double");
  for (std::size_t i = 0; i < kVariableCount; ++i)
    EXPECT_FALSE(TypeOf(static_cast<Variable>(i), {}).dyn()) << kVariableNames[i];
}

}  // namespace
}  // namespace portolan::reconciler
