#include "reconciler/analysis/sample_summary.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace portolan::reconciler {

// Welford's algorithm (1962): the textbook sum of squares loses all digits when the mean is large.
Result<SampleSummary> Summarise(std::span<const double> points) {
  if (points.empty()) return Error{ErrorCode::kNotFound, "no data"};
  SampleSummary summary;
  double squares = 0;
  for (const double point : points) {
    if (std::isnan(point)) continue;
    // Prometheus divides by zero to it: no mean can hold it.
    if (std::isinf(point)) return Error{ErrorCode::kInvalid, "an infinite value"};
    const double before = point - summary.mean;
    summary.mean += before / static_cast<double>(++summary.points);
    squares += before * (point - summary.mean);
    summary.min = summary.points == 1 ? point : std::min(summary.min, point);
    summary.max = summary.points == 1 ? point : std::max(summary.max, point);
  }
  const auto all = static_cast<std::int64_t>(points.size());
  if (summary.points * 2 < all)
    return Error{ErrorCode::kNotFound, points.size() == 1
                                           ? "NaN"
                                           : std::to_string(all - summary.points) + " of " +
                                                 std::to_string(all) + " points are NaN"};
  if (summary.points > 1) summary.variance = squares / static_cast<double>(summary.points - 1);
  if (!std::isfinite(summary.mean) || !std::isfinite(summary.variance))
    return Error{ErrorCode::kInvalid, "values too large to sum up"};
  return summary;
}

}  // namespace portolan::reconciler
