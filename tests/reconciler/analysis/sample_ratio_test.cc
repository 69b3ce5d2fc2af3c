#include "reconciler/analysis/sample_ratio.h"

#include <gtest/gtest.h>

namespace portolan::reconciler {
namespace {

TEST(SampleRatio, IsTheChiSquareTailOfOneDegree) {
  // (60-50)²/50 + (440-450)²/450 = 2.2222; R: pchisq(2.222222, 1, lower.tail=FALSE) = 0.1360371
  EXPECT_NEAR(SampleRatioP({.canary = 60, .stable = 440, .weight = 0.1}), 0.1360371, 1e-6);
  EXPECT_EQ(SampleRatioP({.canary = 50, .stable = 450, .weight = 0.1}), 1);
}

TEST(SampleRatio, SeesASplitThatSendsTwiceTheShare) {
  EXPECT_LT(SampleRatioP({.canary = 100, .stable = 900, .weight = 0.05}), kSampleRatioLimit);
  EXPECT_LT(SampleRatioP({.canary = 10, .stable = 990, .weight = 0.05}), kSampleRatioLimit);
  EXPECT_GT(SampleRatioP({.canary = 60, .stable = 940, .weight = 0.05}), kSampleRatioLimit);
}

TEST(SampleRatio, SaysNothingOfFewSubjects) {
  EXPECT_EQ(SampleRatioP({.canary = 30, .stable = 300, .weight = 0.05}), 1);
  EXPECT_EQ(SampleRatioP({}), 1);
}

TEST(SampleRatio, AllowsForSubjectsThatAreCountedOften) {
  const SampleCounts once{.canary = 400, .stable = 5'600, .weight = 0.05};
  SampleCounts often = once;
  often.counted_at_most = 10;
  EXPECT_LT(SampleRatioP(once), kSampleRatioLimit);
  EXPECT_GT(SampleRatioP(often), kSampleRatioLimit);
}

TEST(SampleRatio, AllowsForTheErrorOfSketches) {
  const SampleCounts exact{.canary = 51'500, .stable = 948'500, .weight = 0.05};
  SampleCounts sketched = exact;
  sketched.relative_error = 0.016;
  EXPECT_LT(SampleRatioP(exact), kSampleRatioLimit);
  EXPECT_GT(SampleRatioP(sketched), kSampleRatioLimit);
}

}  // namespace
}  // namespace portolan::reconciler
