#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "reconciler/policy/cel/overload.h"
#include "reconciler/policy/cel/value.h"

namespace portolan::reconciler::cel {

constexpr std::int64_t kTimestampSecondsMin = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr std::int64_t kTimestampSecondsMax = 253'402'300'799;  // 9999-12-31T23:59:59Z
constexpr std::int64_t kDurationSecondsMax = 315'576'000'000;   // 10,000 years, protobuf's limit

// Sums of seconds and nanoseconds that are within the limits above.
SecondsNanos AddTimes(SecondsNanos left, SecondsNanos right);
SecondsNanos NegateTime(SecondsNanos time);

// The value, or an error when it is out of its range.
Value TimestampValue(SecondsNanos time, CallContext& context);
Value DurationValue(SecondsNanos time, CallContext& context);
// Of the time between two timestamps, which must fit into nanoseconds of 64 bits (292 years), as in
// cel-go.
Value DistanceValue(SecondsNanos time, CallContext& context);

// The civil date and time of a moment, `offset` seconds east of UTC (proleptic Gregorian calendar).
struct CivilTime {
  std::int64_t year;
  int month;        // 1 to 12
  int day;          // 1 to 31
  int day_of_year;  // 0 to 365
  int day_of_week;  // 0 is Sunday
  int hour, minute, second;
};
CivilTime CivilOf(std::int64_t utc_seconds, std::int32_t offset);
// Days since 1970-01-01 (Howard Hinnant, "chrono-compatible low-level date algorithms").
std::int64_t DaysFromCivil(std::int64_t year, int month, int day);
bool LeapYear(std::int64_t year);

// RFC 3339 with up to nine digits of fraction; an offset is turned into UTC. Nothing for any other
// text, and for dates that do not exist.
std::optional<SecondsNanos> ParseTimestamp(std::string_view text);
std::string FormatTimestamp(SecondsNanos time);

// Go's notation: "1h30m", "-1.5s", "250ms", "0"; units h, m, s, ms, us, µs, ns.
std::optional<SecondsNanos> ParseDurationText(std::string_view text);
// In seconds, "5400s", "-1.5s".
std::string FormatDurationText(SecondsNanos time);

}  // namespace portolan::reconciler::cel
