#include "bench/ranks.h"

#include <chrono>
#include <cstdio>
#include <iostream>
#include <random>
#include <span>
#include <vector>

#include "manifests/value.h"
#include "reconciler/analysis/metric_condition.h"

namespace portolan::bench {
namespace {

using Points = std::vector<double>;
using manifests::Value;

constexpr int kSeries = 2'000;
constexpr std::size_t kLooks = 60;  // one a minute for an hour
constexpr double kMean = 10;        // of stable; its standard deviation is 1

class Gauge {
 public:
  explicit Gauge(std::uint64_t seed) : random_(seed) {}
  Points Take(std::size_t points, double mean) {
    Points taken;
    for (std::size_t i = 0; i < points; ++i) taken.push_back(mean + noise_(random_));
    return taken;
  }

 private:
  std::mt19937_64 random_;
  std::normal_distribution<double> noise_;
};

bool Fails(std::span<const double> canary, std::span<const double> stable) {
  manifests::ProviderMetric metric;
  metric.compare.emplace();
  metric.compare->judge = manifests::ComparisonJudge::kMannWhitney;
  reconciler::Reading reading{*reconciler::Summarise(canary), *reconciler::Summarise(stable), ""};
  reading.shift = reconciler::RelativeShift(canary, stable, metric.compare->confidence);
  return JudgeReading(metric, reading).outcome == reconciler::MeasurementOutcome::kFailed;
}

// The share of series in which one look fails a canary that is so many deviations above stable.
double FailedAt(std::size_t points, double deviations, int series) {
  int failed = 0;
  for (int run = 0; run < series; ++run) {
    Gauge gauge(1'000 + static_cast<std::uint64_t>(run));
    const Points stable = gauge.Take(points, kMean);
    failed += Fails(gauge.Take(points, kMean + deviations), stable) ? 1 : 0;
  }
  return static_cast<double>(failed) / series;
}

// The share of series in which one of kLooks looks fails a canary that is no different. Each looks
// at a window that has moved by one point.
double EverFailed(std::size_t points, int series) {
  int failed = 0;
  for (int run = 0; run < series; ++run) {
    Gauge gauge(1'000 + static_cast<std::uint64_t>(run));
    const Points stable = gauge.Take(points + kLooks - 1, kMean);
    const Points canary = gauge.Take(points + kLooks - 1, kMean);
    bool any = false;
    for (std::size_t look = 0; look < kLooks && !any; ++look)
      any = Fails(std::span(canary).subspan(look, points), std::span(stable).subspan(look, points));
    failed += any ? 1 : 0;
  }
  return static_cast<double>(failed) / series;
}

double MillisOf(std::size_t points) {
  Gauge gauge(1);
  const Points stable = gauge.Take(points, kMean), canary = gauge.Take(points, kMean);
  const auto start = std::chrono::steady_clock::now();
  Fails(canary, stable);
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

}  // namespace

int MeasureRanks(int runs) {
  const int series = kSeries * runs;
  std::printf(
      "mannWhitney at 98 %%: independent normal points, stable 10 with deviation 1; %d series "
      "each\n%8s %12s %14s %8s %8s %8s %8s %10s\n",
      series, "points", "false, once", "false, 60 looks", "+0.5 sd", "+1 sd", "+2 sd", "+3 sd",
      "ms");
  for (const std::size_t points : {8u, 20u, 60u}) {
    const double once = FailedAt(points, 0, series), ever = EverFailed(points, series / 4);
    const double half = FailedAt(points, 0.5, series), one = FailedAt(points, 1, series);
    const double two = FailedAt(points, 2, series), three = FailedAt(points, 3, series);
    const double ms = MillisOf(points);
    std::printf("%8zu %10.2f %% %12.1f %% %6.0f %% %6.0f %% %6.0f %% %6.0f %% %10.2f\n", points,
                100 * once, 100 * ever, 100 * half, 100 * one, 100 * two, 100 * three, ms);
    std::cout << "json: "
              << WriteJson(Value::Object{{"name", "ranks"},
                                         {"points", points},
                                         {"series", series},
                                         {"falseOnce", once},
                                         {"falseInSixtyLooks", ever},
                                         {"foundHalf", half},
                                         {"foundOne", one},
                                         {"foundTwo", two},
                                         {"foundThree", three},
                                         {"ms", ms}})
              << std::endl;
  }
  return 0;
}

}  // namespace portolan::bench
