#include "reconciler/policy/cel/arithmetic.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace portolan::reconciler::cel {
namespace {

TEST(Arithmetic, FailsOnOverflow) {
  const std::string overflow = "error: the result does not fit into 64 bits at 1:";
  EXPECT_EQ(Eval("9223372036854775807 + 1"), overflow + "21");
  EXPECT_EQ(Eval("-9223372036854775808 - 1"), overflow + "22");
  EXPECT_EQ(Eval("0u - 1u"), overflow + "4");
  EXPECT_EQ(Eval("18446744073709551615u * 2u"), overflow + "23");
  EXPECT_EQ(Eval("-9223372036854775808 / -1"), overflow + "22");
  EXPECT_EQ(Eval("-(-9223372036854775808)"), overflow + "1");
  EXPECT_EQ(Eval("-9223372036854775808 % -1"), "0");
}

TEST(Arithmetic, FailsOnDivisionByZeroOfWholeNumbersOnly) {
  EXPECT_EQ(Eval("1 / 0"), "error: division by zero at 1:3");
  EXPECT_EQ(Eval("1u % 0u"), "error: modulus by zero at 1:4");
  EXPECT_EQ(Eval("1.0 / 0.0"), "Infinity");
  EXPECT_EQ(Eval("0.0 / 0.0"), "NaN");
}

TEST(Arithmetic, TruncatesTowardsZero) {
  EXPECT_EQ(Eval("-7 / 2"), "-3");
  EXPECT_EQ(Eval("-7 % 2"), "-1");
}

TEST(Arithmetic, MixesNoKinds) {
  EXPECT_EQ(EvalUnchecked("1 + 1u"),
            "error: `+` does not apply to int and uint; convert one of them, as in double(x) at "
            "1:3");
  EXPECT_EQ(EvalUnchecked("'a' + 1"), "error: `+` does not apply to string and int at 1:5");
  EXPECT_EQ(EvalUnchecked("1.5 % 1.0"), "error: `%` does not apply to double and double at 1:5");
  EXPECT_EQ(EvalUnchecked("-true"), "error: `-` does not apply to bool at 1:1");
}

TEST(Arithmetic, JoinsTextsBytesAndLists) {
  EXPECT_EQ(Eval("'a' + 'é'"), "'aé'");
  EXPECT_EQ(Eval("b'a' + b'b'"), "b'ab'");
  EXPECT_EQ(Eval("[1] + [2, 3] + []"), "[1, 2, 3]");
}

TEST(Arithmetic, ComputesWithTimes) {
  EXPECT_EQ(Eval("timestamp('2026-07-20T10:00:00Z') - timestamp('2026-07-19T10:00:00.5Z')"),
            "duration('86399.5s')");
  EXPECT_EQ(Eval("timestamp(0) - duration('0.5s')"), "timestamp('1969-12-31T23:59:59.5Z')");
  EXPECT_EQ(Eval("duration('1h') - duration('90m')"), "duration('-1800s')");
  EXPECT_EQ(EvalUnchecked("timestamp(0) + timestamp(0)").substr(0, 25),
            "error: `+` does not apply");
}

}  // namespace
}  // namespace portolan::reconciler::cel
