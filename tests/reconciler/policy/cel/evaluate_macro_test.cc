#include "reconciler/policy/cel/evaluator.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace portolan::reconciler::cel {
namespace {

// A list that counts what it is asked for.
class CountingList final : public List {
 public:
  std::size_t size() const override { return 1'000'000; }
  Value At(std::size_t index, Arena&) const override {
    ++asked;
    return Value::Int(static_cast<std::int64_t>(index));
  }
  mutable int asked = 0;
};

class LazyMap final : public Map {
 public:
  std::size_t size() const override { return 3; }
  std::optional<Value> Find(const Value& key, Arena&) const override { return key; }
  void ForEach(bool values, EntryVisitor& visitor, Arena&) const override {
    asked_for_values = values;
    for (const char* key : {"a", "b", "c"}) {
      ++visited;
      if (!visitor.Visit(Value::String(key), Value::Int(1))) return;
    }
  }
  mutable bool asked_for_values = false;
  mutable int visited = 0;
};

TEST(EvaluateMacro, EndsAtTheFirstElementThatDecides) {
  CountingList list;
  TestVariables variables;
  variables.With("l", Type::List(Type::Int()), Value::OfList(&list));
  EXPECT_EQ(Eval("l.exists(x, x == 4)", variables), "true");
  EXPECT_EQ(list.asked, 5);
  EXPECT_EQ(Eval("l.all(x, x < 2)", variables), "false");
  EXPECT_EQ(list.asked, 8);
}

TEST(EvaluateMacro, AsksAMapForValuesOnlyWhenTheyAreNamed) {
  LazyMap map;
  TestVariables variables;
  variables.With("m", Type::Map(Type::String(), Type::Int()), Value::OfMap(&map));
  EXPECT_EQ(Eval("m.exists(k, k == 'b')", variables), "true");
  EXPECT_FALSE(map.asked_for_values);
  EXPECT_EQ(map.visited, 2);
  EXPECT_EQ(Eval("m.all(k, v, v == 1)", variables), "true");
  EXPECT_TRUE(map.asked_for_values);
}

TEST(EvaluateMacro, AbsorbsNoErrorsWhereEveryElementCounts) {
  EXPECT_EQ(Eval("[0, 1].exists_one(x, 1 / x == 1)"), "error: division by zero at 1:24");
  EXPECT_EQ(Eval("[0].filter(x, 1 / x == 1)"), "error: division by zero at 1:17");
  EXPECT_EQ(Eval("[0].map(x, 1 / x)"), "error: division by zero at 1:14");
}

TEST(EvaluateMacro, GoesThroughMapsInTheOrderOfKeys) {
  EXPECT_EQ(Eval("{'b': 2, 'a': 1, 3: 0, true: 9}.map(k, k)"), "[true, 3, 'a', 'b']");
  EXPECT_EQ(Eval("{'b': 2, 'a': 1}.transformList(k, v, v)"), "[1, 2]");
  EXPECT_EQ(Eval("{'b': 2, 'a': 1}.transformMap(k, v, v > 1, v * 10)"), "{'b': 20}");
  EXPECT_EQ(Eval("{'a': 1, 'b': 1}.transformMapEntry(k, v, {v: k})"),
            "error: the map has two equal keys at 1:18");
}

TEST(EvaluateMacro, KeepsTheVariablesOfNestedMacrosApart) {
  EXPECT_EQ(Eval("[1, 2].map(x, [10, 20].filter(y, y > x * 9).map(z, z + x))"), "[[11, 21], [22]]");
}

}  // namespace
}  // namespace portolan::reconciler::cel
