#include "bench/result.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <iostream>

#include "manifests/value.h"

namespace portolan::bench {
namespace {

double SteadyMs() {
  return std::chrono::duration<double, std::milli>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

double Rounded(double value) {
  return std::round(value * 100) / 100;
}

manifests::Value JsonOf(const Finding& finding) {
  manifests::Value value;
  value.Set("name", finding.name);
  value.Set("unit", finding.unit);
  value.Set("rounds", static_cast<std::int64_t>(finding.rounds.size()));
  value.Set("median", Rounded(Quantile(finding.rounds, 0.5)));
  value.Set("p95", Rounded(Quantile(finding.rounds, 0.95)));
  value.Set("aim", finding.aim);
  value.Set("better", finding.better == Better::kLess ? "less" : "more");
  value.Set("ratio", Rounded(RatioOf(finding)));
  return value;
}

}  // namespace

double Quantile(std::vector<double> rounds, double share) {
  std::sort(rounds.begin(), rounds.end());
  const double rank = std::ceil(share * static_cast<double>(rounds.size()));
  return rounds[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

double RatioOf(const Finding& finding) {
  const double median = Quantile(finding.rounds, 0.5);
  return finding.better == Better::kLess ? finding.aim / median : median / finding.aim;
}

void Print(const std::vector<Finding>& findings) {
  std::printf("%-20s %10s %10s %8s %-10s %-7s %s\n", "measurement", "median", "p95", "rounds",
              "aim", "verdict", "what");
  for (const Finding& finding : findings) {
    char aim[32];
    std::snprintf(aim, sizeof aim, "%s %g %s",
                  finding.better == Better::kLess ? "<" : ">=", finding.aim, finding.unit.c_str());
    std::printf("%-20s %7.1f %-2s %7.1f %-2s %8zu %-10s %-7s %s\n", finding.name.c_str(),
                Quantile(finding.rounds, 0.5), finding.unit.c_str(), Quantile(finding.rounds, 0.95),
                finding.unit.c_str(), finding.rounds.size(), aim,
                RatioOf(finding) >= 1 ? "met" : "MISSED", finding.what.c_str());
    if (!finding.note.empty()) std::printf("%-20s %s\n", "", finding.note.c_str());
  }
  std::fflush(stdout);
  for (const Finding& finding : findings)
    std::cout << "json: " << manifests::WriteJson(JsonOf(finding)) << std::endl;
}

void Report::Add(const std::string& name, const std::string& what, const char* unit, double aim,
                 double value, Better better) {
  for (Finding& finding : findings_)
    if (finding.name == name) return finding.rounds.push_back(value);
  findings_.push_back({name, what, unit, {value}, aim, better});
}

Stopwatch::Stopwatch() : start_ms_(SteadyMs()) {}

double Stopwatch::Ms() const {
  return SteadyMs() - start_ms_;
}

}  // namespace portolan::bench
