#include "manifests/text_rule.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <limits>

#include "manifests/fields.h"

// Length in code points, pattern, format: the three that JSON Schema has for strings, shared by
// values and keys. RE2 rather than std::regex, which takes exponential time on some patterns and
// recurses per character of the text; patterns come from whoever may write a manifest.

namespace portolan::manifests {
namespace {

constexpr Range<std::int64_t> kLengths{0, std::numeric_limits<std::int32_t>::max()};
// RE2 refuses a pattern whose program would need more, and drops its caches at the limit.
constexpr std::int64_t kPatternMemory = 1 << 20;  // bytes for one compiled pattern and its caches
constexpr std::array<std::string_view, 2> kFormats = {"date-time", "uri"};

std::shared_ptr<const re2::RE2> ReadPattern(const Field& field, Report& report) {
  const auto text = ReadString(field, {.min = 1, .max = kPatternBytesMax}, report);
  if (!text) return nullptr;
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kPatternMemory);
  auto pattern = std::make_shared<const re2::RE2>(*text, options);
  if (pattern->ok()) return pattern;
  report.Error(field, "not a pattern that RE2 accepts: " + pattern->error(),
               "look-ahead and back-references are not part of RE2");
  return nullptr;
}

// JSON Schema counts characters (RFC 8259 section 8), the text is valid UTF-8.
std::uint64_t CodePoints(std::string_view text) {
  return static_cast<std::uint64_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

bool Digits(std::string_view text, std::size_t at, int count, int& value) {
  value = 0;
  for (int i = 0; i < count; ++i) {
    const std::size_t k = at + static_cast<std::size_t>(i);
    if (k >= text.size() || std::isdigit(static_cast<unsigned char>(text[k])) == 0) return false;
    value = value * 10 + (text[k] - '0');
  }
  return true;
}

// RFC 3339 section 5.6, "2026-11-21T01:30:00Z" or with a fraction and an offset.
// A leap second (60) is allowed, as JSON Schema's date-time has it.
bool IsDateTime(std::string_view text) {
  int year, month, day, hour, minute, second;
  if (!Digits(text, 0, 4, year) || !Digits(text, 5, 2, month) || !Digits(text, 8, 2, day) ||
      !Digits(text, 11, 2, hour) || !Digits(text, 14, 2, minute) || !Digits(text, 17, 2, second))
    return false;
  if (text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't') || text[13] != ':' ||
      text[16] != ':')
    return false;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return false;
  text.remove_prefix(19);
  if (text.starts_with('.')) {
    const std::size_t end = text.find_first_not_of("0123456789", 1);
    if (end == 1 || end == std::string_view::npos) return false;
    text.remove_prefix(end);
  }
  if (text == "Z" || text == "z") return true;
  return text.size() == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':' &&
         Digits(text, 1, 2, hour) && Digits(text, 4, 2, minute) && hour <= 23 && minute <= 59;
}

// RFC 3986: a scheme, a colon, and a rest of the characters that URIs may hold.
bool IsUri(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return false;
  if (std::isalpha(static_cast<unsigned char>(text[0])) == 0) return false;
  const auto scheme = text.substr(0, colon);
  const auto is_scheme = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '+' || c == '-' || c == '.';
  };
  const auto is_uri = [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("-._~:/?#[]@!$&'()*+,;=%").find(static_cast<char>(c)) !=
               std::string_view::npos;
  };
  return std::all_of(scheme.begin(), scheme.end(), is_scheme) &&
         std::all_of(text.begin(), text.end(), is_uri);
}

bool HasFormat(std::string_view format, std::string_view text) {
  if (format == "uri") return IsUri(text);
  return IsDateTime(text);
}

std::string_view FormatExample(std::string_view format) {
  if (format == "uri") return "a URI such as \"https://example.com/a\"";
  return "a date and time such as \"2026-11-21T01:30:00Z\"";
}

}  // namespace

void TextRule::Read(MappingDecoder& decoder, bool with_format, Report& report) {
  SetIf(min_length_, ReadInteger(decoder.Take("minLength"), kLengths, report));
  const Field max_length = decoder.Take("maxLength");
  SetIf(max_length_, ReadInteger(max_length, kLengths, report));
  if (min_length_ && max_length_ && *min_length_ > *max_length_)
    report.Error(max_length, "below minLength: no string is accepted");
  pattern_ = ReadPattern(decoder.Take("pattern"), report);
  if (!with_format) return;
  if (auto format = ReadChoice(decoder.Take("format"), kFormats, report))
    format_ = std::string(kFormats[*format]);
}

std::string TextRule::Describe() const {
  if (!min_length_ && !max_length_) return "a string";
  const auto characters = [](std::uint64_t n) {
    return std::to_string(n) + (n == 1 ? " character" : " characters");
  };
  if (!max_length_) return "a string of at least " + characters(*min_length_);
  if (!min_length_ || *min_length_ == 0) return "a string of at most " + characters(*max_length_);
  return "a string of " + std::to_string(*min_length_) + " to " + characters(*max_length_);
}

std::string TextRule::Explain(std::string_view text) const {
  if (min_length_ || max_length_) {
    const std::uint64_t length = CodePoints(text);
    if (length < min_length_.value_or(0) || (max_length_ && length > *max_length_))
      return "expected " + Describe();
  }
  if (pattern_ && !re2::RE2::PartialMatch(text, *pattern_))
    return "expected a string that matches " + QuoteForMessage(pattern_->pattern());
  if (!format_.empty() && !HasFormat(format_, text))
    return "expected " + std::string(FormatExample(format_));
  return "";
}

}  // namespace portolan::manifests
