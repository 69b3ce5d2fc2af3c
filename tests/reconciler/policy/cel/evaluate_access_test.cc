#include "reconciler/policy/cel/evaluator.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace portolan::reconciler::cel {
namespace {

TEST(Access, FindsFieldsElementsAndKeys) {
  EXPECT_EQ(Eval("{'a': {'b': [10, 20]}}.a.b[1]"), "20");
  EXPECT_EQ(Eval("[1, 2][1u] + [1, 2][1.0]"), "4");
  EXPECT_EQ(Eval("{1: 'a'}[1.0]"), "'a'");
  EXPECT_EQ(Eval("{1: 'a'}[dyn(b'')]"), "error: no such key or index: b'' at 1:9");
}

TEST(Access, SaysWhatIsMissing) {
  EXPECT_EQ(Eval("{'a': 1}.b"), "error: no such key or index: 'b' at 1:10");
  EXPECT_EQ(Eval("[1][1]"), "error: no such key or index: 1 at 1:4");
  EXPECT_EQ(Eval("[1][-1]"), "error: no such key or index: -1 at 1:4");
  EXPECT_EQ(Eval("[1][0.5]"), "error: no such key or index: 0.5 at 1:4");
  EXPECT_EQ(EvalUnchecked("5['a']"),
            "error: 'a' is looked for in a value of type int, which has no elements at 1:2");
  EXPECT_EQ(EvalUnchecked("has(1.a)").substr(0, 8), "error: h");
  EXPECT_EQ(Eval("has(dyn(1).a)"), "error: has() looks for a field in a value of type int at 1:12");
}

TEST(Access, RefusesEqualKeysAndUnfitKeys) {
  EXPECT_EQ(Eval("{0: 1, 0u: 2}"), "error: the map has two equal keys at 1:1");
  EXPECT_EQ(Eval("{dyn(1.5): 1}"), "error: no key of a map is of type double at 1:1");
}

TEST(Access, CallsTheFormThatFitsAtRunTime) {
  EXPECT_EQ(Eval("[dyn('ab'), dyn([1]), dyn({})].map(x, size(x))"), "[2, 1, 0]");
  EXPECT_EQ(Eval("size(dyn(1))"), "error: `size` does not apply to (int) at 1:1");
  EXPECT_EQ(EvalUnchecked("nope(1)"), "error: no such function `nope` at 1:1");
  EXPECT_EQ(Eval("math.greatest(1, 2, 3, 4, 5, 6, 7, 8)"), "8");
}

}  // namespace
}  // namespace portolan::reconciler::cel
