#include "reconciler/policy/cel/time.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace portolan::reconciler::cel {
namespace {

TEST(Timestamps, ReadAndWriteRfc3339) {
  EXPECT_EQ(FormatTimestamp(*ParseTimestamp("2026-07-20T12:00:00.250+02:00")),
            "2026-07-20T10:00:00.25Z");
  EXPECT_EQ(FormatTimestamp(*ParseTimestamp("0001-01-01T00:00:00Z")), "0001-01-01T00:00:00Z");
  EXPECT_EQ(ParseTimestamp("9999-12-31T23:59:59.999999999Z")->seconds, kTimestampSecondsMax);
  EXPECT_EQ(ParseTimestamp("2024-02-29T00:00:00Z")->seconds, 1'709'164'800);
}

TEST(Timestamps, RefuseWhatDoesNotExist) {
  for (const char* text :
       {"2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01",
        "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00Zx", "2026-1-1T00:00:00Z"})
    EXPECT_FALSE(ParseTimestamp(text).has_value()) << text;
}

TEST(Timestamps, StayWithinTheYearsOneToNineThousandNineHundredNinetyNine) {
  EXPECT_EQ(Eval("timestamp('9999-12-31T23:59:59Z') + duration('1s')").substr(0, 38),
            "error: the timestamp is out of range; ");
  EXPECT_EQ(Eval("timestamp(-62135596801)").substr(0, 38),
            "error: the timestamp is out of range; ");
  EXPECT_EQ(
      Eval("timestamp('9999-12-31T00:00:00Z') - timestamp('0001-01-01T00:00:00Z')").substr(0, 45),
      "error: the timestamps are further apart than ");
}

TEST(Durations, ReadGoNotationToTheNanosecond) {
  EXPECT_EQ(FormatDurationText(*ParseDurationText("1h2m3.5s")), "3723.5s");
  EXPECT_EQ(FormatDurationText(*ParseDurationText("-1.000000001s")), "-1.000000001s");
  EXPECT_EQ(FormatDurationText(*ParseDurationText("250ms")), "0.25s");
  EXPECT_EQ(FormatDurationText(*ParseDurationText("5us7ns")), "0.000005007s");
  EXPECT_EQ(FormatDurationText(*ParseDurationText("0")), "0s");
  EXPECT_EQ(FormatDurationText(*ParseDurationText("315576000000s")), "315576000000s");
}

TEST(Durations, RefuseUnknownUnitsAndWhatIsTooLong) {
  for (const char* text : {"", "5", "s", "1d", "1h-2m", "315576000001s", "99999999999999999999h"})
    EXPECT_FALSE(ParseDurationText(text).has_value()) << text;
}

TEST(CivilTime, KnowsTheDaysOfTheYear) {
  const CivilTime leap = CivilOf(ParseTimestamp("2024-12-31T23:00:00Z")->seconds, 3600);
  EXPECT_EQ(leap.year, 2025);
  EXPECT_EQ(leap.day_of_year, 0);
  EXPECT_EQ(leap.day_of_week, 3);
  const CivilTime early = CivilOf(kTimestampSecondsMin, 0);
  EXPECT_EQ(early.year, 1);
  EXPECT_EQ(early.month, 1);
  EXPECT_EQ(early.day, 1);
}

}  // namespace
}  // namespace portolan::reconciler::cel
