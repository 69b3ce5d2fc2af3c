#include "mapcore/base/did_you_mean.h"

#include <gtest/gtest.h>

namespace portolan {
namespace {

const std::vector<std::string_view> kFields = {"strategy",    "schema", "entries",
                                               "entriesFrom", "salt",   "split"};

TEST(NearestWord, FindsWordsWithinTwoEdits) {
  EXPECT_EQ(NearestWord("strateg", kFields), "strategy");
  EXPECT_EQ(NearestWord("shcema", kFields), "schema");
  EXPECT_EQ(NearestWord("entrys", kFields), "entries");
  EXPECT_EQ(NearestWord("salty", kFields), "salt");
}

TEST(NearestWord, CountsASwapOfNeighboursAsOneEdit) {
  EXPECT_EQ(NearestWord("ab", {"ba"}), "ba");
}

TEST(NearestWord, GivesNothingThatIsTooFar) {
  EXPECT_EQ(NearestWord("strat", kFields), "");
  EXPECT_EQ(NearestWord("policy", kFields), "");
  EXPECT_EQ(NearestWord("", kFields), "");
  EXPECT_EQ(NearestWord("xy", {"ab", "q"}), "") << "two edits rewrite two letters";
}

TEST(NearestWord, GivesNothingForAWordThatIsNoName) {
  EXPECT_EQ(NearestWord(std::string(1000, 'a'), {std::string(999, 'a')}), "");
}

TEST(NearestWord, GivesNothingForAKnownWord) {
  EXPECT_EQ(NearestWord("salt", kFields), "");
}

TEST(NearestWord, PrefersTheNearestThenTheFirst) {
  EXPECT_EQ(NearestWord("cart", {"cards", "card", "care"}), "card");
}

TEST(DidYouMean, MakesAHintOrNothing) {
  EXPECT_EQ(DidYouMean("strateg", kFields), "did you mean \"strategy\"?");
  EXPECT_EQ(DidYouMean("unrelated", kFields), "");
}

}  // namespace
}  // namespace portolan
