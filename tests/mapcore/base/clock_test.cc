#include "mapcore/base/clock.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <limits>
#include <string>

namespace portolan {
namespace {

using namespace std::chrono_literals;

TEST(Time, IsWrittenInUtcWithMilliseconds) {
  EXPECT_EQ(FormatTime(WallTime(0ms)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(FormatTime(WallTime(1'795'224'600'250ms)), "2026-11-21T01:30:00.250Z");
  EXPECT_EQ(FormatTime(WallTime(-1ms)), "1969-12-31T23:59:59.999Z");
}

TEST(Time, IsReadWithOrWithoutAFraction) {
  EXPECT_EQ(*ParseTime("2026-11-21T01:30:00Z"), WallTime(1'795'224'600'000ms));
  EXPECT_EQ(*ParseTime("2026-11-21T01:30:00.250Z"), WallTime(1'795'224'600'250ms));
}

TEST(Time, RoundTrips) {
  EXPECT_TRUE(rc::check("ParseTime(FormatTime(t)) == t", [] {
    const WallTime time{
        Duration(*rc::gen::inRange<std::int64_t>(-62'135'596'800'000, 253'402'300'799'999))};
    RC_ASSERT(*ParseTime(FormatTime(time)) == time);
  }));
}

TEST(Time, IsWrittenSoThatItCanBeReadWhateverItIs) {
  EXPECT_EQ(FormatTime(WallTime(253'402'300'800s)), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(FormatTime(WallTime(Duration::max())), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(FormatTime(WallTime(Duration::min())), "0000-01-01T00:00:00.000Z");
  EXPECT_TRUE(ParseTime(FormatTime(WallTime(Duration::min()))).ok());
}

TEST(Time, RefusesWhatIsNoTime) {
  for (const char* bad :
       {"", "2026-11-21", "2026-11-21 01:30:00Z", "2026-11-21T01:30:00", "2026-13-21T01:30:00Z",
        "2026-02-30T01:30:00Z", "2026-11-21T24:30:00Z", "2026-11-21T01:60:00Z",
        "2026-11-21T01:30:61Z", "2026-11-21T01:30:00,250Z", "-026-11-21T01:30:00Z",
        "2026-11-21T01:30:00+01", "2026-11-21T01:3x:00Z"}) {
    const Result<WallTime> time = ParseTime(bad);
    ASSERT_FALSE(time.ok()) << bad;
    EXPECT_EQ(time.error().code, ErrorCode::kInvalid);
  }
}

TEST(DurationText, IsWrittenLargestUnitFirstWithoutZeros) {
  EXPECT_EQ(FormatDuration(0ms), "0s");
  EXPECT_EQ(FormatDuration(250ms), "250ms");
  EXPECT_EQ(FormatDuration(90s), "1m30s");
  EXPECT_EQ(FormatDuration(25h + 1ms), "1d1h1ms");
  EXPECT_EQ(FormatDuration(-90s), "-1m30s");
  EXPECT_EQ(FormatDuration(Duration::min()), "-106751991167d7h12m55s808ms");
}

TEST(DurationText, IsReadInEveryUnit) {
  EXPECT_EQ(*ParseDuration("250ms"), 250ms);
  EXPECT_EQ(*ParseDuration("10s"), 10s);
  EXPECT_EQ(*ParseDuration("1m30s"), 90s);
  EXPECT_EQ(*ParseDuration("24h"), 24h);
  EXPECT_EQ(*ParseDuration("7d"), 168h);
  EXPECT_EQ(*ParseDuration("0s"), 0ms);
}

TEST(DurationText, RoundTrips) {
  EXPECT_TRUE(rc::check("ParseDuration(FormatDuration(d)) == d", [] {
    const Duration duration(
        *rc::gen::inRange<std::int64_t>(0, std::numeric_limits<std::int64_t>::max()));
    RC_ASSERT(*ParseDuration(FormatDuration(duration)) == duration);
  }));
}

TEST(DurationText, RefusesWhatIsNoDurationAndNamesIt) {
  for (const char* bad :
       {"", "10", "s", "-5s", "10 s", "1.5h", "10S", "10s5", "99999999999999999999s",
        "9223372036854775807d", "9223372036854775807ms1ms"}) {
    const Result<Duration> duration = ParseDuration(bad);
    ASSERT_FALSE(duration.ok()) << bad;
    EXPECT_NE(duration.error().message.find("found \"" + std::string(bad)), std::string::npos);
  }
}

}  // namespace
}  // namespace portolan
