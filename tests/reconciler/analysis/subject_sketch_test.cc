#include "reconciler/analysis/subject_sketch.h"

#include <gtest/gtest.h>

#include <cmath>

#include "reconciler/analysis/evidence.h"

namespace portolan::reconciler {
namespace {

SubjectSketch Of(int first, int end) {
  SubjectSketch sketch;
  for (int i = first; i < end; ++i) sketch.Add(SubjectHash("user-" + std::to_string(i)));
  return sketch;
}

TEST(SubjectSketch, EstimatesWithinFourStandardErrors) {
  EXPECT_EQ(SubjectSketch().Estimate(), 0);
  for (const int subjects : {1, 10, 100, 1'000, 10'000, 50'000})
    EXPECT_NEAR(Of(0, subjects).Estimate(), subjects,
                std::max(0.1, 4 * SubjectSketch::kStandardError * subjects))
        << subjects;
}

TEST(SubjectSketch, CountsASubjectOfTwoReportersOnce) {
  SubjectSketch merged = Of(0, 800);
  merged.Merge(Of(400, 1'200));
  EXPECT_EQ(merged, Of(0, 1'200));
  SubjectSketch empty;
  empty.Merge(merged);
  empty.Merge(SubjectSketch());
  EXPECT_EQ(empty, merged);
}

TEST(SubjectSketch, KeepsTheLeadingZerosByTheFirstTwelveBits) {
  SubjectSketch sketch;
  sketch.Add(0x0010'0000'0000'0000);  // register 1, all other bits zero
  sketch.Add(0x0038'0000'0000'0000);  // register 3, the first of the other bits set
  std::string text = sketch.ToBase64();
  EXPECT_EQ(text.size(), 5'464u);
  EXPECT_EQ(text.substr(0, 8), "ADUAAQAA") << "bytes 0, 53, 0, 1";
  EXPECT_EQ(text.substr(5'460), "AA==");
}

TEST(SubjectSketch, SurvivesItsText) {
  const SubjectSketch sketch = Of(0, 3'000);
  const auto again = SubjectSketch::FromBase64(sketch.ToBase64());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, sketch);
  EXPECT_TRUE(SubjectSketch::FromBase64("")->empty());
}

TEST(SubjectSketch, RefusesOtherTexts) {
  const std::string good = Of(0, 10).ToBase64();
  std::string foreign = good, early = good, large = good;
  foreign[7] = '*';
  early[100] = '=';
  large[0] = '/';
  for (const std::string& text :
       {std::string("AAAA"), good.substr(4), good + "AAAA", foreign, early, large})
    EXPECT_FALSE(SubjectSketch::FromBase64(text).ok()) << text.substr(0, 8);
}

}  // namespace
}  // namespace portolan::reconciler
