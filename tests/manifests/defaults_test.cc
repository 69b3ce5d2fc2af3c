// The defaults that docs/manifest-spec.md promises, one row each: changing one is a new version of
// the format.
#include <gtest/gtest.h>

#include "manifests/desired_state.h"
#include "manifests/loader.h"
#include "manifests/strategy.h"

namespace portolan::manifests {
namespace {

struct Default {
  std::string_view field;
  std::string found;
  std::string_view promised;
};

void Check(const std::vector<Default>& defaults) {
  for (const Default& row : defaults) EXPECT_EQ(row.found, row.promised) << row.field;
}

std::string StepText(const Step& step) {
  return std::to_string(step.weight) + " " + FormatDuration(step.soak) +
         (step.pause ? " pause" : "") + (step.analysis.empty() ? "" : " analysis");
}

TEST(Defaults, OfAStrategyAreAsDocumented) {
  const Strategy strategy;
  Check({
      {"name", strategy.name, "default"},
      {"analysis", std::to_string(strategy.analysis.size()), "0"},
      {"minLookups", std::to_string(strategy.min_lookups), "100"},
      {"onNoData is hold", std::to_string(strategy.on_no_data == OnNoData::kHold), "1"},
      {"bake", FormatDuration(strategy.bake), "5m"},
      {"progressDeadline", FormatDuration(strategy.progress_deadline), "1h"},
      {"onNewRevision is restart",
       std::to_string(strategy.on_new_revision == OnNewRevision::kRestart), "1"},
      {"match", std::to_string(strategy.match.size()), "0"},
      {"rollbackWindow.versions", std::to_string(strategy.rollback_window_versions), "10"},
      {"rollbackWindow.age is 72h",
       std::to_string(strategy.rollback_window_age == std::chrono::hours(72)), "1"},
  });
}

TEST(Defaults, OfTheBuiltInStrategyAreAsDocumented) {
  const Strategy strategy = DefaultStrategy();
  ASSERT_EQ(strategy.steps.size(), 3u);
  Check({
      {"step 1", StepText(strategy.steps[0]), "5000 1m"},
      {"step 2", StepText(strategy.steps[1]), "20000 1m"},
      {"step 3", StepText(strategy.steps[2]), "100000 0s"},
      {"bake", FormatDuration(strategy.bake), "5m"},
  });
}

TEST(Defaults, OfAPauseAreAsDocumented) {
  const Pause pause;
  Check({
      {"duration", std::to_string(pause.duration.has_value()), "0"},
      {"deadline is 24h", std::to_string(pause.deadline == std::chrono::hours(24)), "1"},
      {"onDeadline is rollback", std::to_string(pause.on_deadline == OnDeadline::kRollback), "1"},
  });
}

TEST(Defaults, OfAMetricAreAsDocumented) {
  const ReportMetric metric;
  EXPECT_EQ(metric.max_ratio, 1.1);
  EXPECT_EQ(metric.alpha, 0.01);
  EXPECT_EQ(metric.require, "regressionOnly");
  EXPECT_EQ(metric.safe_ratio, 2);
  EXPECT_EQ(metric.ok_below, 0.01);
}

TEST(Defaults, OfAMapAreAsDocumented) {
  const DesiredMap map;
  Check({
      {"labels", std::to_string(map.labels.size()), "0"},
      {"annotations", std::to_string(map.annotations.size()), "0"},
      {"sensitive", std::to_string(map.sensitive.size()), "0"},
      {"split is subject", std::to_string(map.split == SplitMode::kSubject), "1"},
      {"bucketBy", map.bucket_by, "targetingKey"},
      {"rollout.strategy", map.strategy.name, "default"},
  });
}

TEST(Defaults, OfTheLoaderAreAsDocumented) {
  const LoadLimits limits;
  EXPECT_EQ(limits.file_bytes, 32u << 20);
  EXPECT_EQ(limits.source_bytes, 256u << 20);
}

}  // namespace
}  // namespace portolan::manifests
