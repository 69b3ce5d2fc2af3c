#include "manifests/yaml_nesting.h"

#include <gtest/gtest.h>

#include <string>

namespace portolan::manifests {
namespace {

// In what follows the first `taken` bytes, when two levels are allowed.
std::optional<std::size_t> ThirdLevel(std::string_view text, std::size_t taken = 0) {
  return YamlNesting(text, 2).FindTooDeep(taken);
}

TEST(YamlNesting, FindsTheFirstBracketThatIsTooDeep) {
  EXPECT_EQ(ThirdLevel("[[[["), 2u);
  EXPECT_EQ(ThirdLevel("{a: [b, {"), 8u);
  EXPECT_EQ(ThirdLevel("[[], []]"), std::nullopt);
  EXPECT_EQ(ThirdLevel("[[], [\n\n["), 8u);
  EXPECT_EQ(ThirdLevel(""), std::nullopt);
}

TEST(YamlNesting, CountsNoBracketsInQuotesAndComments) {
  for (const std::string_view text :
       {"['[[[']", "[\"[\\\"[[\"]", "['it''s [[[']", "[a # [[[\n]", "[ # [[[\n]", "{\"a\":\"[[[\"}",
        "[!<tag:[[[> a]", "# [[[\n[]", "'[[['", "[[], '"})
    EXPECT_EQ(ThirdLevel(text), std::nullopt) << text;
  for (const std::string_view text :
       {"['a', [[", "[a\"b, [[", "[a 'b, [[", "[a#b, [[", "[:\"b, [[", "[&a [[", "[a:b[["})
    EXPECT_EQ(ThirdLevel(text), text.size() - 1) << text;
}

TEST(YamlNesting, FollowsIndicatorsToTheNextCollection) {
  for (const std::string_view text :
       {"- - [[[", "? [[[", "\"a\": [[[", "'a' [[[", "--- [[[", "&a !!seq\n[[[", "!<x> [[[",
        "&a\"b [[[", "# a\n\n[[[", "[a]: [[[", "{} [[["})
    EXPECT_EQ(ThirdLevel(text), text.size() - 1) << text;
}

// Only the parser knows how far a scalar goes that is not quoted.
TEST(YamlNesting, GuessesNothingBehindAScalarUntilTheParserIsPastIt) {
  for (const std::string_view text : {"a [[[", "|\n  [[[", "a: [[[", "-[[[", ":[[[", "-- [[["})
    EXPECT_EQ(ThirdLevel(text), std::nullopt) << text;
  YamlNesting nesting("a: b [[[\nc: [[[", 2);
  EXPECT_EQ(nesting.FindTooDeep(0), std::nullopt);
  EXPECT_EQ(nesting.FindTooDeep(3), std::nullopt) << "between a: and b";
  EXPECT_EQ(nesting.FindTooDeep(12), 14u) << "behind c:";
}

// After a text over lines the parser has looked at up to three bytes of a line that begins like
// ---.
TEST(YamlNesting, TakesNoScalarThatBeginsLikeAMarkerForACollection) {
  const std::string before = "a: |\n  b\n";
  struct Line {
    std::string text;
    std::size_t seen_most;
  };
  for (const Line& line : {Line{"-[[[: c", 2}, Line{"--[[[: c", 3}, Line{"---[[[: c", 4},
                           Line{"..[[[: c", 3}, Line{"-- [[[: c", 3}})
    for (std::size_t seen = 1; seen <= line.seen_most; ++seen)
      EXPECT_EQ(ThirdLevel(before + line.text, before.size() + seen), std::nullopt) << line.text;
  EXPECT_EQ(ThirdLevel(before + "- [[[", before.size() + 2), before.size() + 4);
  EXPECT_EQ(ThirdLevel(before + "--- [[[", before.size() + 4), before.size() + 6);
}

TEST(YamlNesting, LooksAtNothingTwice) {
  YamlNesting nesting("[a, \"[[[\"]\n- [[[", 2);
  EXPECT_EQ(nesting.FindTooDeep(0), 15u);
  YamlNesting inside("[a, \"[[[\"]", 2);
  EXPECT_EQ(inside.FindTooDeep(0), std::nullopt);
  EXPECT_EQ(inside.FindTooDeep(6), std::nullopt) << "the parser is in the quotes";
}

TEST(ClosingQuote, SkipsQuotesThatAreEscaped) {
  EXPECT_EQ(ClosingQuote("'it''s'x", 0), 6u);
  EXPECT_EQ(ClosingQuote("\"a\\\"b\"", 0), 5u);
  EXPECT_EQ(ClosingQuote("'it''s", 0), std::string_view::npos);
}

}  // namespace
}  // namespace portolan::manifests
