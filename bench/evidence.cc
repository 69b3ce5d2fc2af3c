#include "bench/evidence.h"

#include <cstdio>
#include <iostream>
#include <vector>

#include "bench/result.h"
#include "bench/rollout_simulation.h"
#include "manifests/value.h"

namespace portolan::bench {
namespace {

using manifests::Value;
using std::chrono::seconds;

constexpr int kFalseRuns = 300;
constexpr int kDetectRuns = 21;
constexpr int kPromoteRuns = 5;
constexpr int kDetectLimitS = 3'600;
constexpr int kPromoteLimitS = 4 * 3'600;

// Two steps and the bake with one metric at alpha 0.01: rolls back at E >= 300.
manifests::Strategy StrategyOf(std::uint32_t first, std::uint32_t second, Duration soak) {
  manifests::Strategy strategy;
  strategy.steps = {{.weight = first, .soak = soak, .pause = {}, .analysis = {}},
                    {.weight = second, .soak = soak, .pause = {}, .analysis = {}},
                    {.weight = 100'000, .soak = Duration(0), .pause = {}, .analysis = {}}};
  strategy.analysis = {{.name = "errors", .metrics = {{.name = "errors", .bad = "errors"}}}};
  strategy.bake = seconds(60);
  strategy.progress_deadline = std::chrono::hours(24);
  return strategy;
}

void PrintJson(Value value) {
  std::cout << "json: " << manifests::WriteJson(value) << std::endl;
}

// Some rollouts of one kind, nothing changed, and what became of them.
struct FalseCount {
  int rolled_back = 0;
  int in_trouble = 0;  // in a step that the trouble reached into
  int undone = 0;
  // Of those that were rolled back: the same fleet without the trouble is not.
  int caused = 0;
};
struct FalseRow {
  Trouble trouble;
  const char* name;
  std::uint32_t last_step;  // that the trouble reaches into
  std::uint32_t holdback = 0;
};
FalseCount CountFalse(const FalseRow& row, int rollouts) {
  FalseCount count;
  for (int run = 0; run < rollouts; ++run) {
    Fleet fleet{.strategy = StrategyOf(5'000, 20'000, seconds(60)),
                .lookups_per_second = 200,
                .trouble = row.trouble,
                .seed = 1'000 + static_cast<std::uint64_t>(run)};
    fleet.strategy.holdback = row.holdback;
    const Outcome outcome = Simulate(fleet, End::kHealthy, 600);
    count.undone += outcome.end == End::kTimeout;
    if (outcome.end != End::kRolledBack) continue;
    ++count.rolled_back;
    count.in_trouble += outcome.step <= row.last_step;
    fleet.trouble = Trouble::kNone;
    count.caused += Simulate(fleet, End::kHealthy, 600).end != End::kRolledBack;
  }
  return count;
}

void FalseRollbacks(int runs) {
  constexpr std::uint32_t kAll = 3;
  constexpr FalseRow kRows[] = {{Trouble::kNone, "plain", 0},
                                {Trouble::kStickySubjects, "sticky-subjects", kAll},
                                {Trouble::kOneSubject, "one-subject", kAll},
                                {Trouble::kBursts, "bursts", kAll},
                                {Trouble::kOutage, "both-arms-outage", 1},
                                {Trouble::kOutageInBake, "outage-in-bake", kAll},
                                {Trouble::kOutageInBake, "held-back-10%", kAll, 10'000},
                                {Trouble::kRollingRestart, "rolling-restart", 1}};
  std::printf(
      "False rollbacks: nothing changed; 5 %%, 20 %%, 100 %%, 60 s each and a bake of 60 s; "
      "200 lookups/s, 0.1 %% bad;\nlooked at every second; %d rollouts each\n"
      "%-18s %12s %10s %18s %11s %10s\n",
      kFalseRuns * runs, "", "rolled back", "share", "with its evidence", "not without",
      "not done");
  for (const FalseRow& row : kRows) {
    const FalseCount count = CountFalse(row, kFalseRuns * runs);
    const double share = static_cast<double>(count.rolled_back) / (kFalseRuns * runs);
    std::printf("%-18s %12d %8.2f %% %18d %11d %10d\n", row.name, count.rolled_back, 100 * share,
                count.in_trouble, count.caused, count.undone);
    PrintJson(Value::Object{{"name", "false-rollback"},
                            {"trouble", row.name},
                            {"holdback", static_cast<std::int64_t>(row.holdback)},
                            {"runs", kFalseRuns * runs},
                            {"rolledBack", count.rolled_back},
                            {"share", share},
                            {"withItsEvidence", count.in_trouble},
                            {"notWithoutIt", count.caused},
                            {"aim", 0.01},
                            {"notDone", count.undone}});
  }
}

struct Times {
  std::vector<double> seconds;
  int missed = 0;
};

std::string Text(const Times& times, double share) {
  const double value = Quantile(times.seconds, share);
  char text[32];
  std::snprintf(text, sizeof text, "%.0f", value);
  return text;
}

void DetectOne(std::uint32_t weight, double rate, double ratio, int runs) {
  Times times;
  // A ratio of 0 stands for total failure.
  const double bad = 0.001;
  for (int run = 0; run < kDetectRuns * runs; ++run) {
    const Outcome outcome =
        Simulate({.strategy = StrategyOf(weight, 2 * weight, std::chrono::hours(2)),
                  .lookups_per_second = rate,
                  .bad_ratio = bad,
                  .times_worse = ratio == 0 ? 1 / bad : ratio,
                  .seed = 2'000 + static_cast<std::uint64_t>(run)},
                 End::kBaking, kDetectLimitS);
    times.missed += outcome.end != End::kRolledBack;
    times.seconds.push_back(outcome.seconds);
  }
  const std::string name = ratio == 0 ? "total" : "x" + std::to_string(static_cast<int>(ratio));
  std::printf("%5g %% %10g %8s %8s %8s %8d of %d\n", weight / 1000.0, rate, name.c_str(),
              Text(times, 0.5).c_str(), Text(times, 0.95).c_str(),
              kDetectRuns * runs - times.missed, kDetectRuns * runs);
  PrintJson(Value::Object{{"name", "detect"},
                          {"weight", static_cast<std::int64_t>(weight)},
                          {"lookupsPerSecond", rate},
                          {"ratio", name},
                          {"median", Quantile(times.seconds, 0.5)},
                          {"p95", Quantile(times.seconds, 0.95)},
                          {"runs", kDetectRuns * runs},
                          {"missed", times.missed}});
}

void Detection(int runs) {
  std::printf(
      "\nTime to detect, in seconds: 0.1 %% bad on stable, so many times as many on the "
      "canary (total: all); at most %d s\n%7s %10s %8s %8s %8s %8s\n",
      kDetectLimitS, "weight", "lookups/s", "worse", "median", "p95", "detected");
  for (const std::uint32_t weight : {1'000u, 5'000u})
    for (const double rate : {100.0, 1'000.0, 10'000.0})
      for (const double ratio : {2.0, 5.0, 10.0, 100.0, 0.0}) DetectOne(weight, rate, ratio, runs);
}

void PromoteOne(double base, double rate, const std::string& require, int runs) {
  Times times;
  for (int run = 0; run < kPromoteRuns * runs; ++run) {
    Fleet fleet{.strategy = StrategyOf(5'000, 20'000, seconds(60)),
                .lookups_per_second = rate,
                .bad_ratio = base,
                .seed = 3'000 + static_cast<std::uint64_t>(run)};
    fleet.strategy.early_advance = require == "safe+early";
    fleet.strategy.analysis[0].metrics[0].require = require == "regressionOnly" ? require : "safe";
    const Outcome outcome = Simulate(fleet, End::kBaking, kPromoteLimitS);
    times.missed += outcome.end != End::kBaking;
    times.seconds.push_back(outcome.seconds);
  }
  std::printf("%7g %% %10g %16s %8s %8s %8d of %d\n", 100 * base, rate, require.c_str(),
              Text(times, 0.5).c_str(), Text(times, 0.95).c_str(),
              kPromoteRuns * runs - times.missed, kPromoteRuns * runs);
  PrintJson(Value::Object{{"name", "promote"},
                          {"base", base},
                          {"lookupsPerSecond", rate},
                          {"require", require},
                          {"median", Quantile(times.seconds, 0.5)},
                          {"p95", Quantile(times.seconds, 0.95)},
                          {"runs", kPromoteRuns * runs},
                          {"missed", times.missed}});
}

void Promotion(int runs) {
  std::printf(
      "\nTime to 100 %% when healthy, in seconds: steps of 5 %% and 20 %%, soak 60 s, 100 "
      "lookups an arm; okBelow 1 %%, safeRatio 2; at most %d s\n"
      "%9s %10s %16s %8s %8s %8s\n",
      kPromoteLimitS, "bad", "lookups/s", "require", "median", "p95", "promoted");
  for (const double base : {0.0, 0.0001, 0.001, 0.01})
    for (const double rate : {1.0, 10.0, 100.0, 1'000.0})
      for (const std::string require : {"regressionOnly", "safe", "safe+early"})
        PromoteOne(base, rate, require, runs);
}

}  // namespace

int MeasureEvidence(int runs) {
  FalseRollbacks(runs);
  Detection(runs);
  Promotion(runs);
  return 0;
}

}  // namespace portolan::bench
