#include "reconciler/policy/cel/type.h"

#include <gtest/gtest.h>

namespace portolan::reconciler::cel {
namespace {

TEST(Type, SpellsItself) {
  EXPECT_EQ(Type::Map(Type::String(), Type::List(Type::Int())).ToString(),
            "map(string, list(int))");
  EXPECT_EQ(Type::Dyn().ToString(), "dyn");
  EXPECT_EQ(Type::Optional(Type::Bool()).ToString(), "optional_type(bool)");
  const auto plan = std::make_shared<const ObjectType>(ObjectType{"plan", {}});
  EXPECT_EQ(Type::Object(plan).ToString(), "plan");
}

TEST(Type, DynMayBeEverything) {
  EXPECT_TRUE(Type::Dyn().MayBe(Kind::kString));
  EXPECT_FALSE(Type::Int().MayBe(Kind::kString));
  EXPECT_TRUE(Type::List(Type::Int()).MayBe(Kind::kList));
}

TEST(Join, IsDynForDifferentTypes) {
  EXPECT_TRUE(Join(Type::Int(), Type::String()).dyn());
  EXPECT_EQ(Join(Type::List(Type::Int()), Type::List(Type::Int())).ToString(), "list(int)");
  EXPECT_TRUE(Join(Type::List(Type::Int()), Type::List(Type::Bool())).dyn());
}

TEST(Environment, KnowsVariablesByNameAndIndex) {
  Environment environment;
  environment.Declare("a", Type::Int());
  EXPECT_EQ(environment.Declare("a.b", Type::Bool()), 1u);
  EXPECT_EQ(environment.IndexOf(*environment.Find("a.b")), 1u);
  EXPECT_EQ(environment.Find("b"), nullptr);
}

}  // namespace
}  // namespace portolan::reconciler::cel
