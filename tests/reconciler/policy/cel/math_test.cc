#include "reconciler/policy/cel/overload.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace portolan::reconciler::cel {
namespace {

TEST(Math, FindsExtremesAcrossKinds) {
  EXPECT_EQ(Eval("math.greatest(1, 2.5, 2u)"), "2.5");
  EXPECT_EQ(Eval("math.least([3, 1u, 2.0])"), "1u");
  EXPECT_EQ(Eval("math.least([])").substr(0, 20), "error: an empty list");
  EXPECT_EQ(EvalUnchecked("math.least(['a'])").substr(0, 27), "error: math needs numbers, ");
}

TEST(Math, RoundsAndSigns) {
  EXPECT_EQ(Eval("[math.ceil(1.2), math.floor(-1.2), math.round(2.5), math.trunc(-1.9)]"),
            "[2.0, -2.0, 3.0, -1.0]");
  EXPECT_EQ(Eval("[math.sign(-3), math.abs(-3)]"), "[-1, 3]");
  EXPECT_EQ(Eval("[math.sign(-3.5), math.abs(-3.5), math.sqrt(9)]"), "[-1.0, 3.5, 3.0]");
  EXPECT_EQ(Eval("math.abs(-9223372036854775808)").substr(0, 6), "error:");
  EXPECT_EQ(Eval("math.isNaN(0.0 / 0.0) && math.isInf(1.0 / 0.0) && !math.isFinite(1.0 / 0.0)"),
            "true");
}

TEST(Math, KnowsTheNamesOfArgoRollouts) {
  EXPECT_EQ(Eval("[len([1, 2]), len({'a': 1}), len([])]"), "[2, 1, 0]");
  EXPECT_EQ(Eval("isNaN(0.0 / 0.0) && isInf(1.0 / 0.0) && !isNaN(1.0) && !isInf(1.0)"), "true");
  EXPECT_EQ(Eval("[default(0.0 / 0.0, 7.0), default(1.5, 7.0)]"), "[7.0, 1.5]");
}

TEST(Math, WorksOnBits) {
  EXPECT_EQ(Eval("[math.bitAnd(6, 3), math.bitOr(6, 3), math.bitXor(6, 3), math.bitNot(0)]"),
            "[2, 7, 5, -1]");
  EXPECT_EQ(Eval("math.bitShiftRight(-1, 60)"), "15");
  EXPECT_EQ(Eval("math.bitShiftLeft(1u, 64)"), "0u");
  EXPECT_EQ(Eval("math.bitShiftLeft(1, -1)").substr(0, 6), "error:");
}

}  // namespace
}  // namespace portolan::reconciler::cel
