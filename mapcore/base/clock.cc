#include "mapcore/base/clock.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace portolan {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t milliseconds;
};
// Largest first, as they are written. Months and years are left out: they have no length.
constexpr Unit kUnits[] = {
    {"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}};

// The years that four digits can say, RFC 3339 section 5.6: beyond them a written time could not be
// read back, and std::chrono::year ends at 32767.
constexpr WallTime kEarliest{Duration(-62'167'219'200'000)};  // 0000-01-01T00:00:00.000Z
constexpr WallTime kLatest{Duration(253'402'300'799'999)};    // 9999-12-31T23:59:59.999Z

Error BadDuration(std::string_view text) {
  return {ErrorCode::kInvalid,
          "expected a duration such as \"250ms\", \"10s\", \"1m30s\" or \"24h\"; found \"" +
              std::string(text.substr(0, 80)) + "\""};
}

// from_chars takes a sign, which these fields do not have.
bool ReadDigits(std::string_view text, std::size_t at, std::size_t count, int& value) {
  const char* begin = text.data() + at;
  const auto [end, error] = std::from_chars(begin, begin + count, value);
  return error == std::errc() && end == begin + count && *begin != '-';
}

}  // namespace

std::string FormatTime(WallTime time) {
  time = std::clamp(time, kEarliest, kLatest);
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  char text[40];
  std::snprintf(
      text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return text;
}

// A strict part of RFC 3339: only 'Z', and no fraction or one of three digits. No second 60: times
// are written from a clock without leap seconds.
Result<WallTime> ParseTime(std::string_view text) {
  const Error bad{ErrorCode::kInvalid,
                  "expected a time such as \"2026-11-21T01:30:00Z\"; found \"" +
                      std::string(text.substr(0, 80)) + "\""};
  int year, month, day, hour, minute, second, millis = 0;
  const bool short_form = text.size() == 20;
  if (!short_form && text.size() != 24) return bad;
  if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':' ||
      text.back() != 'Z')
    return bad;
  if (!ReadDigits(text, 0, 4, year) || !ReadDigits(text, 5, 2, month) ||
      !ReadDigits(text, 8, 2, day) || !ReadDigits(text, 11, 2, hour) ||
      !ReadDigits(text, 14, 2, minute) || !ReadDigits(text, 17, 2, second))
    return bad;
  if (!short_form && (text[19] != '.' || !ReadDigits(text, 20, 3, millis))) return bad;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return bad;
  return WallTime(std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(hour) +
                  std::chrono::minutes(minute) + std::chrono::seconds(second) + Duration(millis));
}

std::string FormatDuration(Duration duration) {
  if (duration.count() == 0) return "0s";
  const bool negative = duration.count() < 0;
  std::string text = negative ? "-" : "";
  // Unsigned, since the smallest duration has no positive counterpart.
  auto rest = static_cast<std::uint64_t>(duration.count());
  if (negative) rest = 0 - rest;
  for (const Unit& unit : kUnits) {
    if (rest >= unit.milliseconds)
      text += std::to_string(rest / unit.milliseconds) + std::string(unit.name);
    rest %= unit.milliseconds;
  }
  return text;
}

Result<Duration> ParseDuration(std::string_view text) {
  std::string_view rest = text;
  std::int64_t total = 0;
  if (rest.empty()) return BadDuration(text);
  while (!rest.empty()) {
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    if (error != std::errc() || count < 0 || rest.front() == '-') return BadDuration(text);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    // The unit goes up to the next number, so that "1m30s" and "1ms" are told apart by their
    // names.
    const std::string_view name = rest.substr(0, rest.find_first_of("0123456789"));
    const Unit* found = nullptr;
    for (const Unit& unit : kUnits)
      if (unit.name == name) found = &unit;
    std::int64_t part = 0;  // the builtins take operands of any integer types
    if (found == nullptr || __builtin_mul_overflow(count, found->milliseconds, &part) ||
        __builtin_add_overflow(total, part, &total))
      return BadDuration(text);
    rest.remove_prefix(name.size());
  }
  return Duration(total);
}

}  // namespace portolan
