#include "reconciler/text_format.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

// No locale, no printf for numbers: the same plan is the same text everywhere, and is compared by
// tests and people byte by byte. Foreign text is shown so that a terminal does nothing with it and
// a reader is not misled (Boucher and Anderson, "Trojan Source", 2021).

namespace portolan::reconciler {
namespace {

// std::to_chars: printf would use the decimal comma of a locale.
std::string Fixed(double number, int decimals) {
  std::array<char, 400> buffer;  // the largest double has 309 digits before the point
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                 std::chars_format::fixed, decimals);
  return std::string(buffer.data(), end.ptr);
}

std::string WithoutTrailingZeros(std::string number) {
  if (number.find('.') == std::string::npos) return number;
  while (number.back() == '0') number.pop_back();
  if (number.back() == '.') number.pop_back();
  return number;
}

struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 1;
  bool valid = false;
};

// The code point at the start of a text that is not empty; an invalid byte stands alone.
CodePoint Decode(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  // Strict like manifests/utf8.cc, but byte by byte: here an invalid one is shown, not refused.
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {lead, 1, false};
  char32_t value = lead & (0xFF >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {lead, 1, false};
    value = value << 6 | (byte(i) & 0x3F);
  }
  constexpr std::array<char32_t, 5> kFirstOfLength = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kFirstOfLength[bytes] || value > 0x10FFFF || surrogate) return {lead, 1, false};
  return {value, bytes, true};
}

// Controls, and what is invisible or reorders text (Unicode TR 36, "Trojan Source",
// CVE-2021-42574).
bool IsDangerous(char32_t c) {
  constexpr std::array<std::pair<char32_t, char32_t>, 9> kRanges = {{{0x00, 0x1F},
                                                                     {0x7F, 0x9F},
                                                                     {0xAD, 0xAD},
                                                                     {0x61C, 0x61C},
                                                                     {0x200B, 0x200F},
                                                                     {0x2028, 0x202E},
                                                                     {0x2060, 0x206F},
                                                                     {0xFEFF, 0xFEFF},
                                                                     {0xE0000, 0xE007F}}};
  return std::any_of(kRanges.begin(), kRanges.end(),
                     [c](const auto& range) { return c >= range.first && c <= range.second; });
}

std::string Escape(const CodePoint& c) {
  std::array<char, 8> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(),
                                 static_cast<std::uint32_t>(c.value), 16);
  return (c.valid ? "\\u{" : "\\x{") + std::string(digits.data(), end.ptr) + "}";
}

// Bytes of the first `cells` code points.
std::size_t PrefixBytes(std::string_view text, std::size_t cells) {
  std::size_t bytes = 0;
  for (; cells > 0 && bytes < text.size(); --cells) bytes += Decode(text.substr(bytes)).bytes;
  return bytes;
}

}  // namespace

std::string Grouped(std::int64_t number) {
  std::string text = std::to_string(number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (std::size_t at = text.size(); at > first + 3; text.insert(at, ",")) at -= 3;
  return text;
}

std::string KeyCount(std::int64_t count) {
  return Grouped(count) + (count == 1 ? " key" : " keys");
}

// Keys are at most some 10^7, so the product stays far within 64 bits.
std::string Percent(std::int64_t part, std::int64_t whole) {
  if (part * 100 % whole == 0) return Grouped(part * 100 / whole) + " %";
  const double percent = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  if (percent < 0.1) return "under 0.1 %";
  if (percent > 99.9 && percent < 100) return "over 99.9 %";
  return Fixed(percent, 1) + " %";
}

std::string WeightPercent(std::uint32_t weight) {
  return WithoutTrailingZeros(Fixed(weight / 1000.0, 3)) + " %";
}

std::string ShortNumber(double number) {
  std::array<char, 32> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::general, 6);
  return {text.data(), end.ptr};
}

std::string RelativeChange(double before, double after) {
  const double percent = (after - before) / std::abs(before) * 100;
  if (before == 0 || after == before || !std::isfinite(percent)) return "";
  const std::string sign = percent > 0 ? "+" : "-";
  const double size = std::abs(percent);
  if (size < 0.01) return sign + "under 0.01 %";
  if (size < 1e15 && size >= 100) return sign + Grouped(std::llround(size)) + " %";
  // A double's digits beyond are not the value's.
  if (size >= 1e15) return "";
  return sign + WithoutTrailingZeros(Fixed(size, size < 1 ? 2 : 1)) + " %";
}

std::string Printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const CodePoint c = Decode(text);
    if (c.valid && !IsDangerous(c.value)) {
      out += text.substr(0, c.bytes);
    } else {
      out += Escape(c);
    }
    text.remove_prefix(c.bytes);
  }
  return out;
}

std::size_t CellCount(std::string_view text) {
  std::size_t cells = 0;
  for (; !text.empty(); ++cells) text.remove_prefix(Decode(text).bytes);
  return cells;
}

std::string Cut(std::string_view text, std::size_t cells) {
  const std::size_t bytes = PrefixBytes(text, cells);
  if (bytes == text.size()) return std::string(text);
  return std::string(text.substr(0, bytes)) + "… (" +
         Grouped(static_cast<std::int64_t>(text.size())) + " bytes)";
}

// A blank at the break is dropped, all others are kept: values may have meaning in them.
std::vector<std::string> Wrap(std::string_view text, std::size_t width, const Indent& indent) {
  std::vector<std::string> lines;
  std::string_view prefix = indent.first;
  while (true) {
    const std::size_t used = CellCount(prefix);
    const std::size_t room = width > used ? width - used : 1;
    const std::size_t bytes = PrefixBytes(text, room);
    if (width == 0 || bytes == text.size()) break;
    const std::size_t space = text.substr(0, bytes + 1).rfind(' ');
    const bool at_space = space != std::string_view::npos && space > 0;
    lines.push_back(std::string(prefix) + std::string(text.substr(0, at_space ? space : bytes)));
    text.remove_prefix(at_space ? space + 1 : bytes);
    prefix = indent.rest;
  }
  lines.push_back(std::string(prefix) + std::string(text));
  return lines;
}

}  // namespace portolan::reconciler
