#include "reconciler/policy/cel/overload.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace portolan::reconciler::cel {
namespace {

constexpr char kFriday[] = "timestamp('2026-07-24T21:45:30.125Z')";

std::string Part(const std::string& call) {
  return Eval(std::string(kFriday) + "." + call);
}

TEST(TimeFunctions, TakeATimestampApart) {
  EXPECT_EQ(Part("getFullYear()"), "2026");
  EXPECT_EQ(Part("getMonth()"), "6");
  EXPECT_EQ(Part("getDayOfMonth()"), "23");
  EXPECT_EQ(Part("getDate()"), "24");
  EXPECT_EQ(Part("getDayOfYear()"), "204");
  EXPECT_EQ(Part("getDayOfWeek()"), "5");
  EXPECT_EQ(Part("getHours()"), "21");
  EXPECT_EQ(Part("getMinutes()"), "45");
  EXPECT_EQ(Part("getSeconds()"), "30");
  EXPECT_EQ(Part("getMilliseconds()"), "125");
}

TEST(TimeFunctions, MoveByTheZone) {
  EXPECT_EQ(Part("getDayOfWeek('+02:30')"), "6");
  EXPECT_EQ(Part("getHours('-22:00')"), "23");
  EXPECT_EQ(Part("getDate('UTC')"), "24");
}

TEST(TimeFunctions, TakeADurationInWholeUnits) {
  EXPECT_EQ(Eval("duration('-90m').getHours()"), "-1");
  EXPECT_EQ(Eval("duration('90m').getMinutes()"), "90");
  EXPECT_EQ(Eval("duration('-1.5s').getSeconds()"), "-1");
  EXPECT_EQ(Eval("duration('-1.5s').getMilliseconds()"), "-500");
}

TEST(TimeFunctions, FailForUnknownZonesOfVariables) {
  TestVariables variables;
  variables.With("tz", Type::String(), Value::String("Mars/Olympus"));
  EXPECT_EQ(Eval("timestamp(0).getHours(tz)", variables).substr(0, 8), "refused:");
  EXPECT_EQ(EvalUnchecked("timestamp(0).getHours(tz)", variables),
            "error: time zones by name are not available here at 1:14");
}

}  // namespace
}  // namespace portolan::reconciler::cel
