#pragma once

#include <span>

namespace portolan::reconciler {

// How far one sample lies above another: the location shift of Mann and Whitney's rank test, with
// its confidence interval. In the samples' unit; negative when the first lies below.
struct Shift {
  double estimate = 0;  // Hodges and Lehmann's: the median of all differences x - y
  double low = 0;       // the interval: the shifts that the test does not reject
  double high = 0;

  friend bool operator==(const Shift&, const Shift&) = default;
};

// The interval of R's wilcox.test(x, y, conf.int = TRUE, exact = FALSE): the normal approximation
// with continuity correction and ties (Mann and Whitney 1947; Hollander and Wolfe, "Nonparametric
// Statistical Methods", chapter 4; as Kayenta's judge takes it). Its ends are differences of two
// points, found exactly up to rounding, whatever the samples' scale. `confidence` is within (0, 1);
// samples are not empty, and their points and differences finite. The approximation wants about
// eight points in each. O((n + m) log (n + m)).
Shift MannWhitneyShift(std::span<const double> x, std::span<const double> y, double confidence);

// The z below which a standard normal variable lies with this probability, within (0, 1).
double NormalQuantile(double probability);

// The same shift in units of the two samples' size, which is the middle of the absolute values of
// all points, or their largest when that is 0 or next to it: +0.1 says "a tenth more than usual",
// whatever is measured. No shift between samples of zeros.
Shift RelativeShift(std::span<const double> x, std::span<const double> y, double confidence);

}  // namespace portolan::reconciler
