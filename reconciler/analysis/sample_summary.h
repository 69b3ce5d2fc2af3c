#pragma once

#include <cstdint>
#include <span>

#include "mapcore/base/result.h"

namespace portolan::reconciler {

// What is kept of the numbers that one query gave: sufficient statistics, of finite numbers only.
struct SampleSummary {
  std::int64_t points = 0;
  double mean = 0;
  double variance = 0;  // of the points, with n - 1; 0 for one point
  double min = 0;
  double max = 0;

  friend bool operator==(const SampleSummary&, const SampleSummary&) = default;
};

// Sums up the points. NaN points are left out: a quantile of no requests is NaN. Welford's
// algorithm (Knuth, TAOCP 2, 4.2.2), O(points). Errors: kNotFound without a point, or when more
// than half of them are NaN; kInvalid for an infinite one. Unknown is never a number.
Result<SampleSummary> Summarise(std::span<const double> points);

}  // namespace portolan::reconciler
