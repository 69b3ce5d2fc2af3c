#include "reconciler/analysis/sequential_test.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <vector>

#include "manifests/strategy.h"

namespace portolan::reconciler {
namespace {

static_assert(kRegressionGrid.back() == manifests::kLargestTestedRatio);
static_assert(kRelativeSafetyGrid.back() == manifests::kSmallestTestedRatio);

// ln of the mean of exp(logs), without overflow.
// The largest term is factored out: exp(700) is the end of a double, and E values pass it.
double LogMeanExp(std::span<const double> logs) {
  const double top = *std::max_element(logs.begin(), logs.end());
  double sum = 0;
  for (const double log : logs) sum += std::exp(log - top);
  return top + std::log(sum / static_cast<double>(logs.size()));
}

// That a bad subject is the canary's when its arm is `ratio` times as bad.
double ShareOfCanary(double ratio, double weight) {
  return ratio * weight / (ratio * weight + 1 - weight);
}

double LogLikelihoodRatio(std::span<const Tosses> tosses, double ratio, double null_ratio) {
  double log = 0;
  for (const Tosses& t : tosses) {
    const double share = ShareOfCanary(ratio, t.weight);
    const double null_share = ShareOfCanary(null_ratio, t.weight);
    log += static_cast<double>(t.canary) * std::log(share / null_share) +
           static_cast<double>(t.stable) * std::log((1 - share) / (1 - null_share));
  }
  return log;
}

// The mean over alternatives is itself an e-process, and a grid costs a constant factor in E
// against the best of them: no prior has to be chosen well.
template <typename Grid, typename Keep>
double LogOverGrid(std::span<const Tosses> tosses, const Grid& grid, double null_ratio, Keep keep) {
  std::vector<double> logs;
  for (const double ratio : grid)
    if (keep(ratio)) logs.push_back(LogLikelihoodRatio(tosses, ratio, null_ratio));
  assert(!logs.empty());
  return LogMeanExp(logs);
}

}  // namespace

double LogRegression(std::span<const Tosses> tosses, double max_ratio) {
  return LogOverGrid(tosses, kRegressionGrid, max_ratio,
                     [&](double ratio) { return ratio > max_ratio; });
}

double LogRelativeSafety(std::span<const Tosses> tosses, double safe_ratio) {
  return LogOverGrid(tosses, kRelativeSafetyGrid, safe_ratio,
                     [&](double ratio) { return ratio < safe_ratio; });
}

double LogAbsoluteSafety(std::int64_t subjects, std::int64_t bad, double ok_below) {
  std::array<double, kAbsoluteSafetyGrid.size()> logs{};
  for (std::size_t k = 0; k < logs.size(); ++k) {
    const double share = kAbsoluteSafetyGrid[k] * ok_below;
    logs[k] = static_cast<double>(subjects - bad) * std::log((1 - share) / (1 - ok_below));
    if (bad == 0) continue;
    // "Never bad" is refuted by one bad subject; its term of the mean is 0 then.
    logs[k] += share == 0 ? -std::numeric_limits<double>::infinity()
                          : static_cast<double>(bad) * std::log(share / ok_below);
  }
  return LogMeanExp(logs);
}

}  // namespace portolan::reconciler
