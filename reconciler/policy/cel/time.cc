#include "reconciler/policy/cel/time.h"

#include <cstdio>

// Times without a time zone database: seconds and nanoseconds since 1970, in the proleptic
// Gregorian calendar, with the limits of protobuf's well-known types (timestamp.proto,
// duration.proto).

namespace portolan::reconciler::cel {
namespace {

constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::uint32_t kNanos = 1'000'000'000;

std::int64_t FloorDivide(std::int64_t left, std::int64_t right) {
  return left / right - (left % right != 0 && (left < 0) != (right < 0) ? 1 : 0);
}

bool TakeChar(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

// Exactly `digits` decimal digits.
std::optional<int> TakeNumber(std::string_view& text, std::size_t digits) {
  int value = 0;
  if (text.size() < digits) return std::nullopt;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

// After the point: 1 to 9 digits.
std::optional<std::uint32_t> TakeFraction(std::string_view& text) {
  std::uint32_t nanos = 0;
  int digits = 0;
  for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1), ++digits)
    if (digits < 9) nanos = nanos * 10 + static_cast<std::uint32_t>(text[0] - '0');
  if (digits == 0 || digits > 9) return std::nullopt;
  for (; digits < 9; ++digits) nanos *= 10;
  return nanos;
}

// "Z" or "±HH:MM", in seconds east of UTC.
std::optional<std::int32_t> TakeOffset(std::string_view& text) {
  if (TakeChar(text, 'Z') || TakeChar(text, 'z')) return 0;
  const bool west = TakeChar(text, '-');
  if (!west && !TakeChar(text, '+')) return std::nullopt;
  const auto hours = TakeNumber(text, 2);
  if (!hours || !TakeChar(text, ':')) return std::nullopt;
  const auto minutes = TakeNumber(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const std::int32_t seconds = *hours * 3600 + *minutes * 60;
  return west ? -seconds : seconds;
}

int DaysInMonth(std::int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && LeapYear(year) ? 29 : kDays[month - 1];
}

std::optional<std::int64_t> TakeDate(std::string_view& text) {
  const auto year = TakeNumber(text, 4);
  if (!year || !TakeChar(text, '-')) return std::nullopt;
  const auto month = TakeNumber(text, 2);
  if (!month || !TakeChar(text, '-')) return std::nullopt;
  const auto day = TakeNumber(text, 2);
  if (!day || *month < 1 || *month > 12 || *day < 1 || *day > DaysInMonth(*year, *month))
    return std::nullopt;
  return DaysFromCivil(*year, *month, *day);
}

std::optional<std::int64_t> TakeClock(std::string_view& text) {
  const auto hour = TakeNumber(text, 2);
  if (!hour || !TakeChar(text, ':')) return std::nullopt;
  const auto minute = TakeNumber(text, 2);
  if (!minute || !TakeChar(text, ':')) return std::nullopt;
  const auto second = TakeNumber(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  return *hour * 3600 + *minute * 60 + *second;
}

// "", or "." and the digits that count.
std::string FractionText(std::uint32_t nanos) {
  if (nanos == 0) return {};
  char text[16];
  std::snprintf(text, sizeof text, ".%09u", nanos);
  std::string result(text);
  while (result.back() == '0') result.pop_back();
  return result;
}

struct Unit {
  std::string_view name;
  std::int64_t nanos;
};
// Go's time.ParseDuration, both spellings of micro included.
constexpr Unit kUnits[] = {
    {"ns", 1},         {"us", 1'000}, {"\u00B5s", 1'000},   {"\u03BCs", 1'000},
    {"ms", 1'000'000}, {"s", kNanos}, {"m", 60LL * kNanos}, {"h", 3600LL * kNanos}};

const Unit* TakeUnit(std::string_view& text) {
  for (const Unit& unit : kUnits) {
    if (!text.starts_with(unit.name)) continue;
    if (unit.name == "m" && text.starts_with("ms")) continue;
    text.remove_prefix(unit.name.size());
    return &unit;
  }
  return nullptr;
}

// 10,000 years in nanoseconds need 69 bits.
__extension__ typedef __int128 Wide;

// One "12.5ms", in nanoseconds.
std::optional<Wide> TakeTerm(std::string_view& text) {
  constexpr Wide kMost = Wide{kDurationSecondsMax} * kNanos * 10;
  Wide whole = 0, fraction = 0, scale = 1;
  bool digits = false;
  const auto take_digit = [&]() -> std::optional<int> {
    if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
    const int digit = text[0] - '0';
    text.remove_prefix(1);
    digits = true;
    return digit;
  };
  while (const auto digit = take_digit()) {
    whole = whole * 10 + *digit;
    if (whole > kMost) return std::nullopt;
  }
  if (TakeChar(text, '.')) {
    while (const auto digit = take_digit()) {
      if (scale > 100'000'000'000'000) continue;  // below a nanosecond of any unit
      fraction = fraction * 10 + *digit;
      scale *= 10;
    }
  }
  if (!digits) return std::nullopt;
  const Unit* const unit = TakeUnit(text);
  if (unit == nullptr) return std::nullopt;
  return whole * unit->nanos + fraction * unit->nanos / scale;
}

}  // namespace

SecondsNanos AddTimes(SecondsNanos left, SecondsNanos right) {
  SecondsNanos sum{left.seconds + right.seconds, left.nanos + right.nanos};
  if (sum.nanos >= kNanos) {
    sum.nanos -= kNanos;
    ++sum.seconds;
  }
  return sum;
}

SecondsNanos NegateTime(SecondsNanos time) {
  if (time.nanos == 0) return {-time.seconds, 0};
  return {-time.seconds - 1, kNanos - time.nanos};
}

Value TimestampValue(SecondsNanos time, CallContext& context) {
  if (time.seconds < kTimestampSecondsMin || time.seconds > kTimestampSecondsMax)
    return context.Fail("the timestamp is out of range; years go from 1 to 9999");
  return Value::Timestamp(time);
}

Value DurationValue(SecondsNanos time, CallContext& context) {
  const SecondsNanos size = time.seconds < 0 ? NegateTime(time) : time;
  if (size > SecondsNanos{kDurationSecondsMax, 0})
    return context.Fail("the duration is out of range; it may be 315576000000 s, 10,000 years");
  return Value::Duration(time);
}

// cel-go subtracts in int64 nanoseconds; the conformance cases hold us to its limit.
Value DistanceValue(SecondsNanos time, CallContext& context) {
  constexpr std::int64_t kMost = 9'223'372'036;
  if (time.seconds > kMost || time.seconds < -kMost)
    return context.Fail("the timestamps are further apart than 292 years");
  return Value::Duration(time);
}

bool LeapYear(std::int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years begin in March, so that the
// leap day is the last one; eras of 400 years have 146,097 days.
std::int64_t DaysFromCivil(std::int64_t year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = FloorDivide(year, 400);
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

CivilTime CivilOf(std::int64_t utc_seconds, std::int32_t offset) {
  const std::int64_t local = utc_seconds + offset;
  const std::int64_t days = FloorDivide(local, kDaySeconds);
  const int clock = static_cast<int>(local - days * kDaySeconds);
  const std::int64_t shifted = days + 719'468;
  const std::int64_t era = FloorDivide(shifted, 146'097);
  const std::int64_t day_of_era = shifted - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_march_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_from_march = (5 * day_of_march_year + 2) / 153;
  CivilTime civil{};
  civil.day = static_cast<int>(day_of_march_year - (153 * month_from_march + 2) / 5 + 1);
  civil.month =
      static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  civil.year = year_of_era + era * 400 + (civil.month <= 2 ? 1 : 0);
  civil.day_of_year = static_cast<int>(days - DaysFromCivil(civil.year, 1, 1));
  civil.day_of_week = static_cast<int>(((days + 4) % 7 + 7) % 7);
  civil.hour = clock / 3600;
  civil.minute = clock / 60 % 60;
  civil.second = clock % 60;
  return civil;
}

std::optional<SecondsNanos> ParseTimestamp(std::string_view text) {
  const auto days = TakeDate(text);
  if (!days || !(TakeChar(text, 'T') || TakeChar(text, 't'))) return std::nullopt;
  const auto clock = TakeClock(text);
  if (!clock) return std::nullopt;
  std::uint32_t nanos = 0;
  if (TakeChar(text, '.')) {
    const auto fraction = TakeFraction(text);
    if (!fraction) return std::nullopt;
    nanos = *fraction;
  }
  const auto offset = TakeOffset(text);
  if (!offset || !text.empty()) return std::nullopt;
  return SecondsNanos{*days * kDaySeconds + *clock - *offset, nanos};
}

std::string FormatTimestamp(SecondsNanos time) {
  const CivilTime civil = CivilOf(time.seconds, 0);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d", static_cast<int>(civil.year),
                civil.month, civil.day, civil.hour, civil.minute, civil.second);
  return text + FractionText(time.nanos) + "Z";
}

std::optional<SecondsNanos> ParseDurationText(std::string_view text) {
  const bool negative = TakeChar(text, '-');
  if (!negative) TakeChar(text, '+');
  if (text == "0") return SecondsNanos{};
  if (text.empty()) return std::nullopt;
  Wide total = 0;
  while (!text.empty()) {
    const auto term = TakeTerm(text);
    if (!term) return std::nullopt;
    total += *term;
    if (total > Wide{kDurationSecondsMax} * kNanos) return std::nullopt;
  }
  const SecondsNanos time{static_cast<std::int64_t>(total / kNanos),
                          static_cast<std::uint32_t>(total % kNanos)};
  return negative ? NegateTime(time) : time;
}

std::string FormatDurationText(SecondsNanos time) {
  const bool negative = time.seconds < 0;
  const SecondsNanos size = negative ? NegateTime(time) : time;
  return (negative ? "-" : "") + std::to_string(size.seconds) + FractionText(size.nanos) + "s";
}

}  // namespace portolan::reconciler::cel
