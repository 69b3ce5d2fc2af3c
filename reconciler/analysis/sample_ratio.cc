#include "reconciler/analysis/sample_ratio.h"

#include <algorithm>
#include <cmath>

namespace portolan::reconciler {

double SampleRatioP(const SampleCounts& counts) {
  const double w = counts.weight;
  const double all = counts.canary + counts.stable;
  if (all / counts.counted_at_most * std::min(w, 1 - w) < kSampleRatioExpected) return 1;
  const double off = counts.canary - w * all;
  const double sketched_canary = (1 - w) * counts.relative_error * counts.canary;
  const double sketched_stable = w * counts.relative_error * counts.stable;
  const double variance = all * w * (1 - w) * counts.counted_at_most +
                          sketched_canary * sketched_canary + sketched_stable * sketched_stable;
  return std::erfc(std::abs(off) / std::sqrt(2 * variance));
}

}  // namespace portolan::reconciler
