#include "reconciler/analysis/sample_summary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace portolan::reconciler {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

Result<SampleSummary> SummaryOf(std::vector<double> points) {
  return Summarise(points);
}

TEST(SampleSummary, KeepsMeanVarianceAndExtremes) {
  const auto summary = SummaryOf({2, 4, 4, 4, 5, 5, 7, 9});
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(summary->points, 8);
  EXPECT_DOUBLE_EQ(summary->mean, 5);
  EXPECT_DOUBLE_EQ(summary->variance, 32.0 / 7);
  EXPECT_EQ(summary->min, 2);
  EXPECT_EQ(summary->max, 9);
  EXPECT_EQ(*SummaryOf({-3}), (SampleSummary{1, -3, 0, -3, -3}));
}

TEST(SampleSummary, LosesNothingOfASmallVarianceAtALargeMean) {
  const auto summary = SummaryOf({1e9 + 1, 1e9 + 2, 1e9 + 3});
  EXPECT_DOUBLE_EQ(summary->variance, 1);
}

TEST(SampleSummary, NoDataIsNoNumber) {
  EXPECT_EQ(SummaryOf({}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(SummaryOf({}).error().message, "no data");
}

TEST(SampleSummary, NaNIsNoNumber) {
  EXPECT_EQ(SummaryOf({kNaN}).error().message, "NaN");
  EXPECT_EQ(SummaryOf({kNaN, kNaN, 1}).error().message, "2 of 3 points are NaN");
}

TEST(SampleSummary, LeavesOutNaNPointsOfASeries) {
  const auto summary = SummaryOf({kNaN, 1, 3, kNaN});
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(*summary, (SampleSummary{2, 2, 2, 1, 3}));
}

TEST(SampleSummary, InfinityIsNoNumber) {
  EXPECT_EQ(SummaryOf({1, kInf}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(SummaryOf({-kInf}).error().message, "an infinite value");
  EXPECT_EQ(SummaryOf({1.7e308, -1.7e308, 1.7e308}).error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace portolan::reconciler
