#include "reconciler/policy/cel/zone.h"

#include <gtest/gtest.h>

#include "reconciler/policy/cel/time.h"
#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace portolan::reconciler::cel {
namespace {

std::int64_t At(std::string_view text) {
  return ParseTimestamp(text)->seconds;
}

void AppendNumber(std::string& out, std::int64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
    out += static_cast<char>(static_cast<std::uint64_t>(value) >> shift & 0xFF);
}

void AppendHeader(std::string& out, int times, int types) {
  out += "TZif2" + std::string(15, '\0');
  for (const int count : {0, 0, 0, times, types, 4}) AppendNumber(out, count, 4);
}

// Local mean time of +0:53 until 1893, +1:00 until the rule of the footer takes over in 1996.
std::string File() {
  std::string file;
  AppendHeader(file, 0, 1);
  AppendNumber(file, 0, 4);
  file += std::string(2, '\0') + "LMT" + '\0';
  AppendHeader(file, 2, 2);
  AppendNumber(file, At("1893-03-31T23:06:32Z"), 8);
  AppendNumber(file, At("1996-10-27T01:00:00Z"), 8);
  file += std::string("\1\1", 2);
  for (const int offset : {3208, 3600}) {
    AppendNumber(file, offset, 4);
    file += std::string(2, '\0');
  }
  return file + "LMT" + '\0' + "\nCET-1CEST,M3.5.0,M10.5.0/3\n";
}

TEST(Zone, FollowsItsTransitions) {
  const auto zone = Zone::Parse(File());
  ASSERT_TRUE(zone.ok()) << zone.error().message;
  EXPECT_EQ(zone->OffsetAt(At("1890-01-01T00:00:00Z")), 3208);
  EXPECT_EQ(zone->OffsetAt(At("1893-03-31T23:06:31Z")), 3208);
  EXPECT_EQ(zone->OffsetAt(At("1893-03-31T23:06:32Z")), 3600);
  EXPECT_EQ(zone->OffsetAt(At("1990-07-01T00:00:00Z")), 3600);
}

TEST(Zone, FollowsTheRuleAfterTheLastTransition) {
  const auto zone = Zone::Parse(File());
  ASSERT_TRUE(zone.ok());
  EXPECT_EQ(zone->OffsetAt(At("2026-03-29T00:59:59Z")), 3600);
  EXPECT_EQ(zone->OffsetAt(At("2026-03-29T01:00:00Z")), 7200);
  EXPECT_EQ(zone->OffsetAt(At("2026-10-25T00:59:59Z")), 7200);
  EXPECT_EQ(zone->OffsetAt(At("2026-10-25T01:00:00Z")), 3600);
  EXPECT_EQ(zone->OffsetAt(At("9999-07-01T00:00:00Z")), 7200);
}

TEST(Zone, RefusesEveryCutFile) {
  const std::string file = File();
  for (std::size_t size = 0; size < file.size() - 40; ++size)
    EXPECT_FALSE(Zone::Parse(file.substr(0, size)).ok()) << size;
  EXPECT_FALSE(Zone::Parse("TZif1" + file.substr(5)).ok());
}

TEST(ZoneRule, KnowsTheSouthAndOddForms) {
  const auto sydney = ZoneRule::Parse("AEST-10AEDT,M10.1.0,M4.1.0/3");
  ASSERT_TRUE(sydney.ok());
  EXPECT_EQ(sydney->OffsetAt(At("2026-01-15T00:00:00Z")), 11 * 3600);
  EXPECT_EQ(sydney->OffsetAt(At("2026-07-15T00:00:00Z")), 10 * 3600);
  EXPECT_EQ(ZoneRule::Parse("<+0545>-5:45")->OffsetAt(0), 5 * 3600 + 45 * 60);
  const auto julian = ZoneRule::Parse("AAA0BBB-2,J60/0,J300/0");
  ASSERT_TRUE(julian.ok());
  EXPECT_EQ(julian->OffsetAt(At("2024-02-29T12:00:00Z")), 0);
  EXPECT_EQ(julian->OffsetAt(At("2024-03-01T12:00:00Z")), 7200);
}

TEST(ZoneRule, RefusesWhatIsNoRule) {
  for (const char* text : {"", "CET", "CE-1", "CET-1CEST", "CET-1CEST,M13.5.0,M10.5.0", "CET-1x"})
    EXPECT_FALSE(ZoneRule::Parse(text).ok()) << text;
}

TEST(FixedOffset, ReadsSignsHoursAndMinutes) {
  EXPECT_EQ(FixedOffset("+02:30"), 9000);
  EXPECT_EQ(FixedOffset("-09:30"), -34200);
  EXPECT_EQ(FixedOffset("02:00"), 7200);
  EXPECT_EQ(FixedOffset("UTC"), 0);
  EXPECT_EQ(FixedOffset("Europe/Berlin"), std::nullopt);
  EXPECT_EQ(FixedOffset("+25:00"), std::nullopt);
}

}  // namespace
}  // namespace portolan::reconciler::cel
