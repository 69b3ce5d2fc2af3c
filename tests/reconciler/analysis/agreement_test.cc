#include "reconciler/analysis/agreement.h"

#include <gtest/gtest.h>

#include <cmath>

namespace portolan::reconciler {
namespace {

Agreement Compare(const std::string& stable, const std::string& canary, double tolerance = 1e-5) {
  return CompareOutputs(*manifests::ParseJson(stable), *manifests::ParseJson(canary), tolerance);
}

TEST(Agreement, OfVectorsIsTheL2NormOfTheirDifference) {
  const Agreement apart = Compare("[1, 2, 3]", "[1.3, 2, 2.6]");
  EXPECT_FALSE(apart.agrees);
  EXPECT_NEAR(apart.distance, 0.5, 1e-12);
  EXPECT_TRUE(Compare("[1, 2, 3]", "[1.3, 2, 2.6]", 0.51).agrees);
  // Each within the tolerance, together not: 0.8e-5 in two places are 1.13e-5.
  EXPECT_TRUE(Compare("[0, 0]", "[8e-6, 0]").agrees);
  EXPECT_FALSE(Compare("[0, 0]", "[8e-6, 8e-6]").agrees);
}

TEST(Agreement, OfScalarsIsTheirDifference) {
  EXPECT_TRUE(Compare("0.5", "0.500009").agrees);
  EXPECT_FALSE(Compare("0.5", "0.50002").agrees);
  EXPECT_TRUE(Compare("1", "1.0").agrees);
  EXPECT_TRUE(Compare("3", "3", 0).agrees);
  EXPECT_FALSE(Compare("3", "3.0000000001", 0).agrees);
}

TEST(Agreement, OfLargeIntegersIsExact) {
  const Agreement one = Compare("9007199254740992", "9007199254740993", 0.5);
  EXPECT_FALSE(one.agrees);
  EXPECT_EQ(one.distance, 1);
  EXPECT_EQ(Compare("-9223372036854775808", "9223372036854775807").distance, std::ldexp(1, 64));
}

TEST(Agreement, NumbersOfOneDocumentAreOneVector) {
  const std::string stable = R"({"label": "cat", "scores": [0.9, 0.1], "box": {"x": 3, "y": 4}})";
  EXPECT_TRUE(
      Compare(stable, R"({"box": {"y": 4, "x": 3}, "scores": [0.9, 0.1], "label": "cat"})").agrees);
  EXPECT_NEAR(Compare(stable, R"({"label": "cat", "scores": [0.9, 0.1], "box": {"x": 6, "y": 8}})")
                  .distance,
              5, 1e-12);
}

TEST(Agreement, WhatIsNoNumberIsEqualOrNot) {
  for (const auto& [stable, canary] :
       std::vector<std::pair<std::string, std::string>>{{R"("cat")", R"("dog")"},
                                                        {"[1, 2]", "[1, 2, 2]"},
                                                        {R"({"a": 1})", R"({"b": 1})"},
                                                        {R"({"a": 1})", R"({"a": 1, "b": 1})"},
                                                        {"1", R"("1")"},
                                                        {"null", "0"},
                                                        {"true", "false"}}) {
    const Agreement apart = Compare(stable, canary, 1e6);
    EXPECT_FALSE(apart.agrees) << stable;
    EXPECT_TRUE(std::isinf(apart.distance)) << stable;
  }
  EXPECT_TRUE(Compare("null", "null").agrees);
}

TEST(Agreement, OfWhatOverflowsIsNone) {
  EXPECT_FALSE(Compare("[1e308, 1e308]", "[-1e308, -1e308]", 1e300).agrees);
  EXPECT_TRUE(Compare("[1e200, 1e200]", "[1e200, 1e200]", 0).agrees);
}

}  // namespace
}  // namespace portolan::reconciler
