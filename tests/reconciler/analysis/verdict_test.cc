#include "reconciler/analysis/verdict.h"

#include <gtest/gtest.h>

namespace portolan::reconciler {
namespace {

MetricVerdict Metric(Verdict verdict) {
  return {
      .name = std::string(VerdictName(verdict)), .verdict = verdict, .message = {}, .numbers = {}};
}

TEST(Verdict, TheWorstMetricDecidesTheStep) {
  const auto combine = [](std::initializer_list<Verdict> verdicts) {
    std::vector<MetricVerdict> metrics;
    for (const Verdict verdict : verdicts) metrics.push_back(Metric(verdict));
    return Combine(metrics);
  };
  EXPECT_EQ(combine({}), Verdict::kSuccessful);
  EXPECT_EQ(combine({Verdict::kSuccessful, Verdict::kSuccessful}), Verdict::kSuccessful);
  EXPECT_EQ(combine({Verdict::kSuccessful, Verdict::kPending}), Verdict::kPending);
  EXPECT_EQ(combine({Verdict::kError, Verdict::kPending}), Verdict::kError);
  EXPECT_EQ(combine({Verdict::kError, Verdict::kInconclusive}), Verdict::kInconclusive);
  EXPECT_EQ(combine({Verdict::kInconclusive, Verdict::kFailed}), Verdict::kFailed);
}

TEST(Verdict, FindsTheFirstMetricOfAKind) {
  const std::vector<MetricVerdict> metrics = {Metric(Verdict::kPending), Metric(Verdict::kFailed)};
  ASSERT_NE(FirstOf(metrics, Verdict::kFailed), nullptr);
  EXPECT_EQ(FirstOf(metrics, Verdict::kFailed)->name, "Failed");
  EXPECT_EQ(FirstOf(metrics, Verdict::kError), nullptr);
}

}  // namespace
}  // namespace portolan::reconciler
