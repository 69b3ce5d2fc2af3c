#include "reconciler/policy/cel/literal.h"

#include <charconv>
#include <cstdlib>
#include <limits>

#include "reconciler/policy/cel/utf8.h"

// The values of literals. Escapes are those of cel-spec, "String and Bytes Values"; in bytes \x
// and octal are bytes, in strings they are code points.

namespace portolan::reconciler::cel {
namespace {

struct Parts {
  std::string_view body;
  bool raw = false;
  bool bytes = false;
};

Parts Split(std::string_view literal) {
  Parts parts;
  while (literal[0] != '"' && literal[0] != '\'') {
    if (literal[0] == 'r' || literal[0] == 'R')
      parts.raw = true;
    else
      parts.bytes = true;
    literal.remove_prefix(1);
  }
  const bool triple = literal.size() >= 6 && literal[1] == literal[0] && literal[2] == literal[0];
  const std::size_t quotes = triple ? 3 : 1;
  parts.body = literal.substr(quotes, literal.size() - 2 * quotes);
  return parts;
}

// What follows a backslash and stands for one character; 0 for none.
char Simple(char c) {
  constexpr std::string_view kNames = "abfnrtv\\?\"'`";
  constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\?\"'`";
  const std::size_t found = kNames.find(c);
  return found == std::string_view::npos ? '\0' : kMeanings[found];
}

// The number of digits after the escape's letter and their base; octal has no letter.
struct Digits {
  std::size_t skip;
  std::size_t count;
  int base;
};
// Octal escapes begin with 0 to 3: three digits are one byte.
std::optional<Digits> DigitsAfter(char c) {
  if (c == 'x' || c == 'X') return Digits{1, 2, 16};
  if (c == 'u') return Digits{1, 4, 16};
  if (c == 'U') return Digits{1, 8, 16};
  if (c >= '0' && c <= '3') return Digits{0, 3, 8};
  return std::nullopt;
}

Error BadEscape(std::string_view text, std::string_view why) {
  return {ErrorCode::kInvalid, "the escape \\" + std::string(text) + " " + std::string(why) +
                                   "; for a backslash as it is write \\\\ or r'…'"};
}

// Decodes the escape at the start of `rest`, which follows a backslash, and removes it.
Status DecodeEscape(std::string_view& rest, bool bytes, std::string& out) {
  if (rest.empty()) return BadEscape("", "is incomplete");
  if (const char simple = Simple(rest[0])) {
    out.push_back(simple);
    rest.remove_prefix(1);
    return {};
  }
  const auto digits = DigitsAfter(rest[0]);
  if (!digits) return BadEscape(rest.substr(0, 1), "does not exist");
  const std::string_view whole = rest.substr(0, digits->skip + digits->count);
  const std::string_view number = whole.substr(digits->skip);
  std::uint32_t code = 0;
  const auto read =
      std::from_chars(number.data(), number.data() + number.size(), code, digits->base);
  if (number.size() != digits->count || read.ec != std::errc() ||
      read.ptr != number.data() + number.size())
    return BadEscape(whole.substr(0, 1), "needs " + std::to_string(digits->count) + " digits");
  if (bytes) {
    if (rest[0] == 'u' || rest[0] == 'U') return BadEscape(whole, "is not allowed in bytes");
    out.push_back(static_cast<char>(code));
  } else {
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
      return BadEscape(whole, "is no Unicode character");
    AppendCodePoint(out, code);
  }
  rest.remove_prefix(whole.size());
  return {};
}

template <typename Integer>
std::optional<Integer> ReadWhole(std::string_view text) {
  int base = 10;
  const bool negative = text.starts_with('-');
  std::string digits(negative ? text.substr(1) : text);
  if (digits.starts_with("0x") || digits.starts_with("0X")) {
    base = 16;
    digits.erase(0, 2);
  }
  if (digits.starts_with('-') || digits.empty()) return std::nullopt;
  if (negative) digits.insert(0, "-");
  Integer value{};
  const char* const end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, value, base);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return value;
}

}  // namespace

Result<std::string> DecodeText(std::string_view literal) {
  const Parts parts = Split(literal);
  if (parts.raw) return std::string(parts.body);
  std::string out;
  for (std::string_view rest = parts.body; !rest.empty();) {
    const char c = rest[0];
    rest.remove_prefix(1);
    if (c == '\\')
      PORTOLAN_CHECK(DecodeEscape(rest, parts.bytes, out));
    else
      out.push_back(c);
  }
  return out;
}

bool IsRaw(std::string_view literal) {
  return Split(literal).raw;
}

std::optional<std::int64_t> ReadInt(std::string_view text, bool negative) {
  return ReadWhole<std::int64_t>(negative ? "-" + std::string(text) : std::string(text));
}

std::optional<std::uint64_t> ReadUint(std::string_view text) {
  return ReadWhole<std::uint64_t>(text);
}

std::optional<double> ReadDouble(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const std::string_view magnitude = text.starts_with('-') ? text.substr(1) : text;
  if (magnitude.empty() || !((magnitude[0] >= '0' && magnitude[0] <= '9') || magnitude[0] == '.'))
    return std::nullopt;
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ptr != end) return std::nullopt;
  if (read.ec == std::errc()) return value;
  if (read.ec != std::errc::result_out_of_range) return std::nullopt;
  // from_chars says the same of what is too large and what is too small for a double.
  const double nearest = std::strtod(std::string(text).c_str(), nullptr);
  // Too small becomes zero or the nearest denormal, as in every other reader; too large is
  // refused.
  if (nearest > 1 || nearest < -1) return std::nullopt;
  return nearest;
}

}  // namespace portolan::reconciler::cel
