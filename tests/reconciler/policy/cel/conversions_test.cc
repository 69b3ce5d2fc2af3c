#include "reconciler/policy/cel/overload.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace portolan::reconciler::cel {
namespace {

TEST(Conversions, OfWholeNumbersKeepTheRange) {
  EXPECT_EQ(Eval("int(9223372036854775808u)"),
            "error: 9223372036854775808u does not fit into an int at 1:1");
  EXPECT_EQ(Eval("uint(-1)"), "error: -1 does not fit into a uint at 1:1");
  EXPECT_EQ(Eval("int(-1.9)"), "-1");
  EXPECT_EQ(Eval("int(9223372036854775807.0)").substr(0, 6), "error:");
  EXPECT_EQ(Eval("uint(0.0 / 0.0)"), "error: NaN does not fit into a uint at 1:1");
}

TEST(Conversions, ReadTexts) {
  EXPECT_EQ(Eval("int('-12')"), "-12");
  EXPECT_EQ(Eval("int('12x')"), "error: '12x' is no int at 1:1");
  EXPECT_EQ(Eval("int('0x10')"), "error: '0x10' is no int at 1:1");
  EXPECT_EQ(Eval("uint('7')"), "7u");
  EXPECT_EQ(Eval("double('1e3')"), "1000.0");
  EXPECT_EQ(Eval("double('-Infinity')"), "-Infinity");
  EXPECT_EQ(Eval("double('')"), "error: '' is no double at 1:1");
  EXPECT_EQ(Eval("bool('1')"), "true");
  EXPECT_EQ(Eval("bool('yes')"), "error: 'yes' is no bool at 1:1");
  EXPECT_EQ(Eval("duration('soon')").substr(0, 33), "error: 'soon' is no duration, as ");
}

TEST(Conversions, WriteTexts) {
  EXPECT_EQ(Eval("string(1.0) + string(0.1) + string(1e30)"), "'10.11e+30'");
  EXPECT_EQ(Eval("string(123456789.0)"), "'123456789'");
  EXPECT_EQ(Eval("string(true) + string(5u) + string(-5)"), "'true5-5'");
  EXPECT_EQ(Eval("string(timestamp(0)) + string(duration('1m'))"), "'1970-01-01T00:00:00Z60s'");
  EXPECT_EQ(Eval(R"(string(b'\xff'))"), "error: the bytes are not valid UTF-8 at 1:1");
}

TEST(Conversions, KnowTypes) {
  EXPECT_EQ(Eval("[type(1), type(1u), type(null), type([]), type(type(1))]"),
            "[int, uint, null_type, list, type]");
}

}  // namespace
}  // namespace portolan::reconciler::cel
