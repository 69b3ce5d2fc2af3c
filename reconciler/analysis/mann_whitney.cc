#include "reconciler/analysis/mann_whitney.h"

#include <algorithm>
#include <cmath>
#include <vector>

// The interval is where a statistic of the shift mu, W(mu), crosses two quantiles. W counts pairs
// with x - mu above y: it falls with mu, and only where mu passes a difference of two points.
// R and Kayenta look for the crossings with Brent's method and an absolute tolerance of 1e-4, and
// so see nothing at all in a metric of the scale of 1e-5, such as a share of errors. Bisection here
// ends at a share of the distance it began with, and so at the difference itself, up to rounding.

namespace portolan::reconciler {
namespace {

using Sorted = std::vector<double>;

constexpr double kLargestScaled = 1e100;  // beyond, the middle says nothing about the points' size
constexpr int kHalvings = 50;  // of a distance: what is left is below a double's precision of it

Sorted SortedCopy(std::span<const double> values) {
  Sorted sorted(values.begin(), values.end());
  std::ranges::sort(sorted);
  return sorted;
}

double Cube(double ties) {
  return ties * ties * ties - ties;
}

// The two samples merged, the first one moved down by mu.
struct Ranking {
  double above = 0;  // pairs with x - mu above y, ties as half: U of x
  double ties = 0;   // sum of t^3 - t over groups of t equal values, in both samples together
};

Ranking Rank(const Sorted& x, const Sorted& y, double mu) {
  Ranking ranking;
  std::size_t i = 0, j = 0;
  while (i < x.size() || j < y.size()) {
    const bool from_x = j == y.size() || (i < x.size() && x[i] - mu <= y[j]);
    const double value = from_x ? x[i] - mu : y[j];
    const std::size_t below = j;
    std::size_t of_x = 0;
    for (; i < x.size() && x[i] - mu == value; ++i) ++of_x;
    for (; j < y.size() && y[j] == value; ++j) {
    }
    const auto of_y = static_cast<double>(j - below);
    ranking.above += static_cast<double>(of_x) * (static_cast<double>(below) + of_y / 2);
    ranking.ties += Cube(static_cast<double>(of_x) + of_y);
  }
  return ranking;
}

// How many standard deviations U lies above what it is without a shift beyond mu, drawn half a
// pair towards 0 (the continuity correction). Infinite without any deviation, when all are tied.
double Deviation(const Sorted& x, const Sorted& y, double mu, bool corrected) {
  const auto n = static_cast<double>(x.size()), m = static_cast<double>(y.size());
  const Ranking ranking = Rank(x, y, mu);
  const double off = ranking.above - n * m / 2;
  const double all = n + m;
  const double variance = n * m / 12 * (all + 1 - ranking.ties / (all * (all - 1)));
  if (off == 0) return 0;
  const double correction = corrected ? std::copysign(0.5, off) : 0;
  return (off - correction) / std::sqrt(std::max(variance, 0.0));
}

// Where `holds`, true at low and false at high, ends to hold, within 2^-kHalvings of their
// distance.
template <typename Predicate>
double LastTrue(double low, double high, Predicate holds) {
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = low + (high - low) / 2;
    (holds(middle) ? low : high) = middle;
  }
  return low;
}

// The least and the greatest mu at which W may cross the quantile; they differ when W is equal to
// it in between.
double Crossing(const Sorted& x, const Sorted& y, double quantile, bool greatest, bool corrected) {
  const double least = x.front() - y.back(), most = x.back() - y.front();
  const auto above = [&](double mu) {
    const double w = Deviation(x, y, mu, corrected);
    return greatest ? w >= quantile : w > quantile;
  };
  if (!above(least)) return least;
  if (above(most)) return most;
  return LastTrue(least, most, above);
}

// What samples are divided by: no quotient of theirs, nor a difference of two, is infinite.
double SizeOf(std::span<const double> x, std::span<const double> y) {
  std::vector<double> sizes;
  for (const auto& sample : {x, y})
    for (const double value : sample) sizes.push_back(std::abs(value));
  const auto middle = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() / 2);
  std::ranges::nth_element(sizes, middle);
  const double largest = *std::ranges::max_element(sizes);
  return *middle > 0 && largest / *middle < kLargestScaled ? *middle : largest;
}

}  // namespace

Shift MannWhitneyShift(std::span<const double> x, std::span<const double> y, double confidence) {
  const Sorted a = SortedCopy(x), b = SortedCopy(y);
  // Both stand still: no statistic has a deviation, and there is one difference only. (Kayenta adds
  // random noise here; a judge must say the same of the same numbers.)
  if (a.front() == a.back() && b.front() == b.back()) {
    const double difference = a.front() - b.front();
    return {difference, difference, difference};
  }
  const double z = NormalQuantile(0.5 + confidence / 2);
  // As in R without the correction, for which every shift within half a pair of the middle is
  // equally good: the middle of what W leaves, which is the median of all differences.
  const double estimate = (Crossing(a, b, 0, false, false) + Crossing(a, b, 0, true, false)) / 2;
  return {estimate, Crossing(a, b, z, false, true), Crossing(a, b, -z, true, true)};
}

double NormalQuantile(double probability) {
  const auto below = [probability](double z) {
    return std::erfc(-z / std::sqrt(2.0)) / 2 < probability;
  };
  return LastTrue(-40, 40, below);
}

Shift RelativeShift(std::span<const double> x, std::span<const double> y, double confidence) {
  const double size = SizeOf(x, y);
  if (size == 0) return {};
  const auto scaled = [size](std::span<const double> sample) {
    std::vector<double> values;
    for (const double value : sample) values.push_back(value / size);
    return values;
  };
  return MannWhitneyShift(scaled(x), scaled(y), confidence);
}

}  // namespace portolan::reconciler
