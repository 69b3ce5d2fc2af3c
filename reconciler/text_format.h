#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace portolan::reconciler {

// How numbers and foreign text look to people: shared by everything that renders. Pure, independent
// of the locale.

std::string Grouped(std::int64_t number);  // "1,234"
std::string KeyCount(std::int64_t count);  // "1 key", "1,234 keys"

// part / whole with one decimal: "1.3 %"; whole numbers only when exact: "2 %", but 2.01 is "2.0
// %". Small but not nothing is "under 0.1 %", not quite all "over 99.9 %". `whole` must be
// positive.
std::string Percent(std::int64_t part, std::int64_t whole);

// A weight of 100,000 exactly: "5 %", "0.5 %", "12.345 %".
std::string WeightPercent(std::uint32_t weight);

// "+60 %", "-12.5 %", "+1,900 %"; empty when it says nothing: from zero, or without a finite ratio.
std::string RelativeChange(double before, double after);

// Six significant digits: "0.123457", "1e+09", "nan".
std::string ShortNumber(double number);

// Text that a terminal may be given: control characters (C0, DEL, C1), invisible and bidirectional
// format characters, line separators and bytes that are no UTF-8 become "\u{1b}" or "\x{ff}".
std::string Printable(std::string_view text);

// Terminal cells, taken as one for each code point of valid UTF-8.
std::size_t CellCount(std::string_view text);

// `text`, or its first `cells` code points and "… (1,234 bytes)".
std::string Cut(std::string_view text, std::size_t cells);

// Lines of at most `width` cells (0: one line): the first starts as `first` says, the others with
// `rest`. Breaks at spaces; a word that fits on no line is broken inside.
struct Indent {
  std::string_view first;
  std::string_view rest;
};
std::vector<std::string> Wrap(std::string_view text, std::size_t width, const Indent& indent);

}  // namespace portolan::reconciler
