#include "reconciler/policy/cel/overload.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace portolan::reconciler::cel {
namespace {

TEST(Optionals, HoldSomethingOrNothing) {
  EXPECT_EQ(Eval("optional.of(1).value()"), "1");
  EXPECT_EQ(Eval("optional.none().value()"), "error: value() of an empty optional at 1:17");
  EXPECT_EQ(Eval("optional.none().orValue(2)"), "2");
  EXPECT_EQ(Eval("optional.none().or(optional.of(3))"), "optional.of(3)");
  EXPECT_EQ(Eval("[0, '', [], null].map(x, optional.ofNonZeroValue(x).hasValue())"),
            "[false, false, false, false]");
  EXPECT_EQ(Eval("optional.ofNonZeroValue('a').hasValue()"), "true");
}

TEST(Optionals, ComeFromOptionalFields) {
  EXPECT_EQ(Eval("{'a': {'b': 1}}.?a.b"), "optional.of(1)");
  EXPECT_EQ(Eval("{'a': 1}.?b"), "optional.none()");
  EXPECT_EQ(Eval("[1][?1]"), "optional.none()");
  EXPECT_EQ(Eval("[?optional.none(), ?optional.of(2)]"), "[2]");
  EXPECT_EQ(Eval("{?'a': optional.none(), 'b': 1}"), "{'b': 1}");
  EXPECT_EQ(Eval("optional.of(2).optMap(x, x * x)"), "optional.of(4)");
}

}  // namespace
}  // namespace portolan::reconciler::cel
