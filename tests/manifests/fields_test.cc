#include "manifests/fields.h"

#include <gtest/gtest.h>

#include "tests/manifests/decode_fixture.h"

namespace portolan::manifests {
namespace {

std::optional<std::uint32_t> Weight(const std::string& text, std::string* error = nullptr) {
  Decoding d(text);
  const auto weight = ReadWeight(d.field(), d.report);
  if (error != nullptr) *error = d.Text();
  return weight;
}

TEST(ReadWeight, TakesPercentWithAndWithoutTheSign) {
  EXPECT_EQ(Weight("5%"), 5'000u);
  EXPECT_EQ(Weight("5"), 5'000u);
  EXPECT_EQ(Weight("0.5%"), 500u);
  EXPECT_EQ(Weight("0.001%"), 1u);
  EXPECT_EQ(Weight("33.333%"), 33'333u);
  EXPECT_EQ(Weight("100%"), 100'000u);
  EXPECT_EQ(Weight("\"5%\""), 5'000u);
}

TEST(ReadWeight, RefusesWhatIsNoWeight) {
  for (const std::string text :
       {"0%", "-5%", "101%", "0.0001%", "5 %", "\"%\"", "\"5\"", "five", "[5%]", "1e1", "~"})
    EXPECT_FALSE(Weight(text)) << text;
}

TEST(ReadWeight, HintsAtPercentWhenANumberIsTooLarge) {
  std::string error;
  EXPECT_FALSE(Weight("5000", &error));
  EXPECT_NE(error.find("did you mean 5%?"), std::string::npos) << error;
}

TEST(ReadRatio, TakesPercentAndFractions) {
  Decoding d("[1%, 0.01, 0, 1, 100%, 1.5, 101%, x]\n");
  std::vector<double> ratios;
  for (std::size_t i = 0; i < d.root.items.size(); ++i)
    ratios.push_back(ReadRatio(d.field().Item(i), d.report).value_or(-1));
  EXPECT_EQ(ratios, (std::vector<double>{0.01, 0.01, 0, 1, 1, -1, -1, -1}));
  EXPECT_EQ(d.report.size(), 3u);
}

TEST(ReadInteger, SaysTheRange) {
  Decoding d("20/s\n");
  EXPECT_FALSE(ReadInteger(d.field(), {1, 9}, d.report));
  EXPECT_EQ(d.Text(), "t.yaml:1:1: expected an integer from 1 to 9, found \"20/s\"\n");
}

TEST(ReadString, HintsToQuoteANumber) {
  Decoding d("12\n");
  EXPECT_FALSE(ReadString(d.field(), {1, 9}, d.report));
  EXPECT_EQ(d.Text(), "t.yaml:1:1: expected a string, found 12; quote it\n");
}

TEST(ReadString, KeepsToItsLength) {
  Decoding d("[abc, abcd]\n");
  EXPECT_EQ(ReadString(d.field().Item(0), {1, 3}, d.report), "abc");
  EXPECT_FALSE(ReadString(d.field().Item(1), {1, 3}, d.report));
}

TEST(ReadDuration, NeedsAUnit) {
  Decoding d("[90s, 90]\n");
  EXPECT_EQ(ReadDuration(d.field().Item(0), d.report), Duration(90'000));
  EXPECT_FALSE(ReadDuration(d.field().Item(1), d.report));
}

TEST(ReadDuration, RefusesWhatTimeCannotBeAddedTo) {
  Decoding d("[3650d, 3650d1ms, 106751991167d]\n");
  EXPECT_EQ(ReadDuration(d.field().Item(0), d.report), std::chrono::days(3'650));
  EXPECT_FALSE(ReadDuration(d.field().Item(1), d.report));
  EXPECT_FALSE(ReadDuration(d.field().Item(2), d.report));
  EXPECT_NE(d.Text().find("at most 3650d"), std::string::npos) << d.Text();
}

TEST(ReadShare, TakesMoreThanAllOfIt) {
  Decoding d("[150%, 1.5, 0, 201%, x]\n");
  constexpr Range<double> kRange{0, 2};
  EXPECT_EQ(ReadShare(d.field().Item(0), kRange, d.report), 1.5);
  EXPECT_EQ(ReadShare(d.field().Item(1), kRange, d.report), 1.5);
  EXPECT_EQ(ReadShare(d.field().Item(2), kRange, d.report), 0);
  EXPECT_TRUE(d.report.clean());
  EXPECT_FALSE(ReadShare(d.field().Item(3), kRange, d.report));
  EXPECT_FALSE(ReadShare(d.field().Item(4), kRange, d.report));
  EXPECT_NE(d.Text().find("from 0% to 200%, such as 10% or 0.1, found \"201%\""),
            std::string::npos);
}

TEST(ReadChoice, SuggestsTheNearestName) {
  constexpr std::array<std::string_view, 3> kNames = {"hold", "abort", "advance"};
  Decoding d("abrot\n");
  EXPECT_FALSE(ReadChoice(d.field(), kNames, d.report));
  EXPECT_EQ(d.Text(),
            "t.yaml:1:1: expected \"hold\", \"abort\" or \"advance\", found \"abrot\"; "
            "did you mean \"abort\"?\n");
}

TEST(ReadBool, RefusesWordsOfYaml11) {
  Decoding d("[true, yes, \"true\"]\n");
  EXPECT_EQ(ReadBool(d.field().Item(0), d.report), true);
  EXPECT_FALSE(ReadBool(d.field().Item(1), d.report));
  EXPECT_FALSE(ReadBool(d.field().Item(2), d.report));
}

TEST(Fields, GiveNothingAndSayNothingWhenAbsent) {
  Report report("t.yaml");
  EXPECT_FALSE(ReadBool({}, report));
  EXPECT_FALSE(ReadInteger({}, {0, 1}, report));
  EXPECT_FALSE(ReadNumber({}, {0, 1}, report));
  EXPECT_FALSE(ReadString({}, {0, 1}, report));
  EXPECT_FALSE(ReadStrings({}, {0, 1}, report));
  EXPECT_FALSE(ReadDuration({}, report));
  EXPECT_FALSE(ReadWeight({}, report));
  EXPECT_FALSE(ReadRatio({}, report));
  EXPECT_FALSE(ReadShare({}, {0, 1}, report));
  EXPECT_FALSE(ReadValue({}, report));
  EXPECT_TRUE(report.clean());
}

}  // namespace
}  // namespace portolan::manifests
