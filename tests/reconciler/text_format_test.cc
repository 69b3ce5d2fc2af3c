#include "reconciler/text_format.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace portolan::reconciler {
namespace {

TEST(TextFormat, GroupsThousands) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1'234), "1,234");
  EXPECT_EQ(Grouped(-123), "-123");
  EXPECT_EQ(Grouped(-1'234'567), "-1,234,567");
}

TEST(TextFormat, CountsKeys) {
  EXPECT_EQ(KeyCount(0), "0 keys");
  EXPECT_EQ(KeyCount(1), "1 key");
  EXPECT_EQ(KeyCount(1'234), "1,234 keys");
}

TEST(TextFormat, WritesAWholePercentOnlyWhenItIsExact) {
  EXPECT_EQ(Percent(1, 50), "2 %");
  EXPECT_EQ(Percent(201, 10'000), "2.0 %");
  EXPECT_EQ(Percent(40, 240), "16.7 %");
  EXPECT_EQ(Percent(0, 7), "0 %");
  EXPECT_EQ(Percent(3, 3), "100 %");
}

TEST(TextFormat, NeverRoundsAPercentToNothingOrToAll) {
  EXPECT_EQ(Percent(1, 100'000), "under 0.1 %");
  EXPECT_EQ(Percent(99'999, 100'000), "over 99.9 %");
}

TEST(TextFormat, WritesWeightsExactly) {
  EXPECT_EQ(WeightPercent(5'000), "5 %");
  EXPECT_EQ(WeightPercent(500), "0.5 %");
  EXPECT_EQ(WeightPercent(12'345), "12.345 %");
  EXPECT_EQ(WeightPercent(100'000), "100 %");
  EXPECT_EQ(WeightPercent(0), "0 %");
}

TEST(TextFormat, RelatesNumbersToTheirOldSize) {
  EXPECT_EQ(RelativeChange(500, 800), "+60 %");
  EXPECT_EQ(RelativeChange(800, 700), "-12.5 %");
  EXPECT_EQ(RelativeChange(100, 2'000), "+1,900 %");
  EXPECT_EQ(RelativeChange(-10, -5), "+50 %");
  EXPECT_EQ(RelativeChange(10'000, 10'004), "+0.04 %");
  EXPECT_EQ(RelativeChange(1e9, 1e9 + 1), "+under 0.01 %");
}

TEST(TextFormat, WritesNumbersWithSixDigits) {
  EXPECT_EQ(ShortNumber(0.1 + 0.2), "0.3");
  EXPECT_EQ(ShortNumber(-1234567), "-1.23457e+06");
  EXPECT_EQ(ShortNumber(0), "0");
}

TEST(TextFormat, IsSilentWhereARatioSaysNothing) {
  EXPECT_EQ(RelativeChange(0, 5), "");
  EXPECT_EQ(RelativeChange(5, 5), "");
  EXPECT_EQ(RelativeChange(1e-300, 1e300), "");
  EXPECT_EQ(RelativeChange(1e-10, 1e10), "");
}

TEST(TextFormat, EscapesWhatWouldSteerATerminal) {
  EXPECT_EQ(Printable("a\x1b[31mb"), "a\\u{1b}[31mb");
  EXPECT_EQ(Printable("a\nb\tc\x7f"), "a\\u{a}b\\u{9}c\\u{7f}");
  EXPECT_EQ(Printable("\xc2\x9b"), "\\u{9b}");
  EXPECT_EQ(Printable("\xe2\x80\xae"
                      "evil"),
            "\\u{202e}evil");
  EXPECT_EQ(Printable("\xff"), "\\x{ff}");
  EXPECT_EQ(Printable("\xe2\x80"), "\\x{e2}\\x{80}");
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\x{ed}\\x{a0}\\x{80}");
  EXPECT_EQ(Printable("Grüße 日本 😀"), "Grüße 日本 😀");
}

TEST(TextFormat, CutsBetweenCodePointsAndSaysHowLongItWas) {
  EXPECT_EQ(Cut("äöü", 3), "äöü");
  EXPECT_EQ(Cut("äöü", 2), "äö… (6 bytes)");
  EXPECT_EQ(Cut(std::string(1'234, 'x'), 4), "xxxx… (1,234 bytes)");
}

TEST(TextFormat, WrapsAtSpacesAndIndentsTheRest) {
  const std::vector<std::string> expected = {"- one", "  two", "  three"};
  EXPECT_EQ(Wrap("one two three", 7, {"- ", "  "}), expected);
  EXPECT_EQ(Wrap("one two three", 0, {"- ", "  "}), std::vector<std::string>{"- one two three"});
}

TEST(TextFormat, BreaksAWordThatFitsOnNoLine) {
  const std::vector<std::string> expected = {"abcd", " efg", " h"};
  EXPECT_EQ(Wrap("abcdefgh", 4, {"", " "}), expected);
}

RC_GTEST_PROP(TextFormat, WrapKeepsToTheWidthAndLosesNothingButSpaces, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::element('a', 'b', ' '));
  const auto width = *rc::gen::inRange<std::size_t>(4, 20);
  std::string joined;
  for (const std::string& line : Wrap(text, width, {"", "  "})) {
    RC_ASSERT(CellCount(line) <= width);
    joined += line;
  }
  const auto letters = [](std::string from) {
    std::erase(from, ' ');
    return from;
  };
  RC_ASSERT(letters(joined) == letters(text));
}

}  // namespace
}  // namespace portolan::reconciler
