#include "reconciler/analysis/sample_ratio.h"

#include <algorithm>
#include <cmath>

namespace portolan::reconciler {

// A normal approximation of the binomial, good from kSampleRatioExpected expected subjects on the
// smaller side. Plain counts of several reporters count a subject up to `counted_at_most` times,
// always whole: the variance grows by that factor, as of clusters of that size. A sketch's error
// adds its own, and the two arms' errors are independent.
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
