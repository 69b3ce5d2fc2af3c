#include "reconciler/policy/cel/macros.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace portolan::reconciler::cel {
namespace {

TEST(Macros, AreKnownByNameAndNumberOfArguments) {
  EXPECT_EQ(Eval("[1, 2].map(x, x > 1, x * 10)"), "[20]");
  EXPECT_EQ(Eval("[1, 2].map(x, x * 10)"), "[10, 20]");
  EXPECT_EQ(Eval("['a'].transformList(i, v, v + string(i))"), "['a0']");
  EXPECT_EQ(Eval("{'a': 1}.transformMapEntry(k, v, {v: k})"), "{1: 'a'}");
  EXPECT_EQ(Eval("cel.bind(x, 2, x * x)"), "4");
  EXPECT_EQ(Eval("[1].map(1)"),
            "refused: 1:5: no such function `map`; as a macro it takes a variable "
            "first, as in list.map(x, …)");
}

TEST(Macros, WantPlainNames) {
  EXPECT_EQ(Eval("[1].all(1, true)"), "refused: 1:9: all() takes a plain name as its variable");
  EXPECT_EQ(Eval("[1].all(.x, true)"), "refused: 1:9: all() takes a plain name as its variable");
  EXPECT_EQ(Eval("[1].all(a, a, true)"), "refused: 1:5: all() takes two different variables");
}

TEST(Macros, HasWantsAField) {
  EXPECT_EQ(Eval("has({'a': 1}.a)"), "true");
  EXPECT_EQ(Eval("has(1)"),
            "refused: 1:5: has() takes a field, as in has(change.new.url); for a key of a map "
            "write `key in map`");
}

}  // namespace
}  // namespace portolan::reconciler::cel
