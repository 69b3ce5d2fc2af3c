#include "reconciler/policy/cel/zone.h"

#include <algorithm>

#include "reconciler/policy/cel/time.h"

// Time zone files, RFC 8536 (TZif version 2 and later): the first block has 32-bit times for old
// readers and is skipped, the second has 64-bit times, and the footer is a POSIX TZ rule for all
// times after the last transition. Read here and not by the C library, whose zone is one for the
// process, set by an environment variable and a global lock.

namespace portolan::reconciler::cel {
namespace {

constexpr std::int64_t kDaySeconds = 86'400;

Error Corrupt(std::string_view why) {
  return {ErrorCode::kCorrupt, "not a time zone file: " + std::string(why)};
}

// Reads big-endian numbers; past the end they are 0 and ok() is false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  bool ok() const { return ok_; }
  std::string_view rest() const { return bytes_; }
  std::string_view Take(std::size_t count) {
    ok_ = ok_ && count <= bytes_.size();
    if (!ok_) return {};
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  std::int64_t Number(std::size_t bytes) {
    std::uint64_t value = 0;
    const std::string_view taken = Take(bytes);
    for (const char c : taken) value = value << 8 | static_cast<unsigned char>(c);
    if (bytes == 4) return static_cast<std::int32_t>(value);
    return static_cast<std::int64_t>(value);
  }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

struct Header {
  char version = 0;
  std::size_t utc_flags = 0, standard_flags = 0, leaps = 0, times = 0, types = 0, chars = 0;

  std::size_t DataSize(std::size_t time_bytes) const {
    return times * (time_bytes + 1) + types * 6 + chars + leaps * (time_bytes + 4) +
           standard_flags + utc_flags;
  }
};

Result<Header> ReadHeader(Reader& reader) {
  if (reader.Take(4) != "TZif") return Corrupt("the magic is missing");
  Header header;
  const std::string_view version = reader.Take(16);
  if (!version.empty()) header.version = version[0];
  for (std::size_t* count : {&header.utc_flags, &header.standard_flags, &header.leaps,
                             &header.times, &header.types, &header.chars}) {
    const std::int64_t value = reader.Number(4);
    // Before anything is multiplied by it.
    if (value < 0 || value > 100'000) return Corrupt("a count is out of range");
    *count = static_cast<std::size_t>(value);
  }
  if (!reader.ok()) return Corrupt("the header is cut off");
  return header;
}

// The POSIX text, from the left.
class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : text_(text) {}

  bool ok() const { return ok_; }
  bool done() const { return text_.empty(); }
  bool Take(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  void Name() {
    const bool quoted = Take('<');
    std::size_t length = 0;
    while (length < text_.size() && (quoted ? text_[length] != '>' : IsLetter(text_[length])))
      ++length;
    ok_ = ok_ && length >= 3;
    text_.remove_prefix(length);
    if (quoted) ok_ = Take('>') && ok_;
  }
  int Number() {
    int value = 0;
    std::size_t digits = 0;
    for (; digits < text_.size() && digits < 3 && text_[digits] >= '0' && text_[digits] <= '9';
         ++digits)
      value = value * 10 + (text_[digits] - '0');
    ok_ = ok_ && digits > 0;
    text_.remove_prefix(digits);
    return value;
  }
  std::int32_t Clock() {
    const int sign = Take('-') ? -1 : (Take('+'), 1);
    std::int32_t seconds = Number() * 3600;
    if (Take(':')) seconds += Number() * 60;
    if (Take(':')) seconds += Number();
    return sign * seconds;
  }
  ZoneRule::Change Change() {
    using Form = ZoneRule::Change::Form;
    ZoneRule::Change change;
    ok_ = Take(',') && ok_;
    if (Take('M')) {
      change.month = Number();
      ok_ = Take('.') && ok_;
      change.week = Number();
      ok_ = Take('.') && ok_;
      change.day = Number();
      ok_ = ok_ && change.month >= 1 && change.month <= 12 && change.week >= 1 &&
            change.week <= 5 && change.day <= 6;
    } else {
      change.form = Take('J') ? Form::kJulian : Form::kZeroBased;
      change.day = Number();
    }
    if (Take('/')) change.seconds = Clock();
    return change;
  }

 private:
  static bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
  std::string_view text_;
  bool ok_ = true;
};

// Local seconds since 1970 at which a change happens in a year.
std::int64_t TimeOf(const ZoneRule::Change& change, std::int64_t year) {
  using Form = ZoneRule::Change::Form;
  const std::int64_t new_year = DaysFromCivil(year, 1, 1);
  if (change.form == Form::kZeroBased)
    return (new_year + change.day) * kDaySeconds + change.seconds;
  if (change.form == Form::kJulian) {
    const int leap_day = LeapYear(year) && change.day >= 60 ? 1 : 0;
    return (new_year + change.day - 1 + leap_day) * kDaySeconds + change.seconds;
  }
  const std::int64_t first = DaysFromCivil(year, change.month, 1);
  const std::int64_t next_month =
      change.month == 12 ? DaysFromCivil(year + 1, 1, 1) : DaysFromCivil(year, change.month + 1, 1);
  const std::int64_t first_weekday = ((first + 4) % 7 + 7) % 7;
  std::int64_t day = first + (change.day - first_weekday + 7) % 7 + (change.week - 1) * 7;
  while (day >= next_month) day -= 7;
  return day * kDaySeconds + change.seconds;
}

}  // namespace

Result<ZoneRule> ZoneRule::Parse(std::string_view text) {
  RuleReader reader(text);
  ZoneRule rule;
  reader.Name();
  // POSIX counts hours west of Greenwich.
  rule.standard = -reader.Clock();
  if (reader.ok() && !reader.done()) {
    rule.has_daylight = true;
    reader.Name();
    RuleReader ahead = reader;
    rule.daylight = ahead.Take(',') ? rule.standard + 3600 : -reader.Clock();
    rule.to_daylight = reader.Change();
    rule.to_standard = reader.Change();
  }
  if (!reader.ok() || !reader.done())
    return Error{ErrorCode::kInvalid, "not a time zone rule: " + std::string(text)};
  return rule;
}

std::int32_t ZoneRule::OffsetAt(std::int64_t utc_seconds) const {
  if (!has_daylight) return standard;
  const std::int64_t year = CivilOf(utc_seconds, standard).year;
  const std::int64_t begin = TimeOf(to_daylight, year) - standard;
  const std::int64_t end = TimeOf(to_standard, year) - daylight;
  // In the south daylight saving spans the new year.
  const bool is_daylight = begin < end ? utc_seconds >= begin && utc_seconds < end
                                       : utc_seconds >= begin || utc_seconds < end;
  return is_daylight ? daylight : standard;
}

Result<Zone> Zone::Parse(std::string_view bytes) {
  Reader reader(bytes);
  PORTOLAN_TRY(const Header old_header, ReadHeader(reader));
  if (old_header.version < '2') return Corrupt("version 2 or later is needed");
  reader.Take(old_header.DataSize(4));
  PORTOLAN_TRY(const Header header, ReadHeader(reader));
  Zone zone;
  for (std::size_t i = 0; i < header.times; ++i) zone.times_.push_back(reader.Number(8));
  const std::string_view indexes = reader.Take(header.times);
  std::vector<std::int32_t> offsets;
  for (std::size_t i = 0; i < header.types; ++i) {
    offsets.push_back(static_cast<std::int32_t>(reader.Number(4)));
    reader.Take(2);
  }
  reader.Take(header.chars + header.leaps * 12 + header.standard_flags + header.utc_flags);
  if (!reader.ok() || offsets.empty()) return Corrupt("the data is cut off");
  if (!std::is_sorted(zone.times_.begin(), zone.times_.end()))
    return Corrupt("the transitions are not in order");
  for (const char index : indexes) {
    const auto type = static_cast<unsigned char>(index);
    if (type >= offsets.size()) return Corrupt("a transition names no type");
    zone.offsets_.push_back(offsets[type]);
  }
  zone.first_ = offsets[0];
  std::string_view footer = reader.rest();
  if (footer.starts_with('\n')) footer.remove_prefix(1);
  footer = footer.substr(0, footer.find('\n'));
  if (!footer.empty()) {
    PORTOLAN_TRY(zone.rule_, ZoneRule::Parse(footer));
  }
  return zone;
}

std::int32_t Zone::OffsetAt(std::int64_t utc_seconds) const {
  const auto after = std::upper_bound(times_.begin(), times_.end(), utc_seconds);
  if (after == times_.end() && rule_) return rule_->OffsetAt(utc_seconds);
  // Before the first transition it is local mean time, type 0 (RFC 8536 section 3.2).
  if (after == times_.begin()) return first_;
  return offsets_[static_cast<std::size_t>(after - times_.begin()) - 1];
}

std::optional<std::int32_t> FixedOffset(std::string_view zone) {
  if (zone == "UTC" || zone == "Z" || zone.empty()) return 0;
  const bool west = zone.starts_with('-');
  if (west || zone.starts_with('+')) zone.remove_prefix(1);
  const auto digit = [&](std::size_t i) { return zone[i] >= '0' && zone[i] <= '9'; };
  if (zone.size() != 5 || zone[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4))
    return std::nullopt;
  const std::int32_t hours = (zone[0] - '0') * 10 + zone[1] - '0';
  const std::int32_t minutes = (zone[3] - '0') * 10 + zone[4] - '0';
  if (hours > 23 || minutes > 59) return std::nullopt;
  return (west ? -1 : 1) * (hours * 3600 + minutes * 60);
}

}  // namespace portolan::reconciler::cel
