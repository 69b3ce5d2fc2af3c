#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "manifests/desired_state.h"
#include "mapcore/map_version.h"
#include "reconciler/plan.h"

namespace portolan::reconciler {

using Pairs = std::vector<std::pair<std::string, std::string>>;

inline mapcore::VersionPtr Version(const Pairs& pairs) {
  std::vector<mapcore::Entry> entries;
  for (const auto& [key, value] : pairs) entries.push_back({key, value});
  return mapcore::MapVersion::FromEntries(std::move(entries)).value();
}

// "k0" … with the value "1".
inline mapcore::VersionPtr Numbered(int count) {
  Pairs pairs;
  for (int i = 0; i < count; ++i) pairs.emplace_back("k" + std::to_string(i), "1");
  return Version(pairs);
}

inline manifests::Revision Commit() {
  manifests::Revision revision;
  revision.branch = "main";
  revision.commit = "8c1f0e2d1a2b3c4d5e6f708192a3b4c5d6e7f809";
  revision.author = "Ana <ana@example.com>";
  revision.subject = "raise limits for checkout";
  revision.time = WallTime(Duration(1'795'224'600'000));  // 2026-11-21T01:30:00Z
  return revision;
}

inline manifests::Step StepTo(std::uint32_t weight, Duration soak) {
  manifests::Step step;
  step.weight = weight;
  step.soak = soak;
  return step;
}

// 5 % for 1m, 20 % for 1m, 100 %; bake 5m; one background analysis.
inline manifests::Strategy Guarded() {
  using std::chrono::minutes;
  manifests::Strategy strategy;
  strategy.name = "cautious";
  strategy.steps = {StepTo(5'000, minutes(1)), StepTo(20'000, minutes(1)),
                    StepTo(100'000, minutes(0))};
  manifests::AnalysisTemplate errors;
  errors.name = "errors";
  errors.metrics.emplace_back();
  errors.metrics.back().name = "client-errors";
  errors.metrics.back().bad = "errors";
  strategy.analysis = {errors};
  strategy.bake = minutes(5);
  return strategy;
}

inline manifests::DesiredMap Desired(const std::string& name, mapcore::VersionPtr version) {
  manifests::DesiredMap map;
  map.name = name;
  map.salt = name;
  map.strategy = Guarded();
  map.version = std::move(version);
  return map;
}

inline MapPlan PlanOf(const mapcore::VersionPtr& stable, const manifests::DesiredMap& desired) {
  return MakeMapPlan(stable.get(), desired, Commit(), "prod-eu");
}

// The plan that the renderings' golden tests show: one map with one change of each kind and a
// masked one, one held, one rejected, one that left git, one unchanged.
inline Plan SamplePlan() {
  manifests::DesiredState desired;
  desired.revision = Commit();
  auto limits = Desired("rate-limits", Version({{"api/login", R"({"burst":10,"rps":800})"},
                                                {"api/search", "200"},
                                                {"refund", R"({"rps":20})"},
                                                {"token/edge", R"("new secret")"}}));
  limits.sensitive = {"token/*"};
  limits.strategy.match = {{"beta-*", "", {}}, {"", "region", {"eu"}}};
  auto guarded = Desired("countries", Numbered(3));
  guarded.strategy.analysis.clear();
  const auto same = Desired("same", Numbered(2));
  desired.maps["rate-limits"] = std::make_shared<const manifests::DesiredMap>(std::move(limits));
  desired.maps["countries"] = std::make_shared<const manifests::DesiredMap>(std::move(guarded));
  desired.maps["same"] = std::make_shared<const manifests::DesiredMap>(same);
  manifests::Diagnostic diagnostic;
  diagnostic.file = "maps/broken.yaml";
  diagnostic.position = {14, 12};
  diagnostic.field = "spec.entries.\"api/login\".rps";
  diagnostic.message = "expected an integer from 1 to 100000, found \"20/s\"";
  desired.rejected["broken"] = {diagnostic};
  const StableVersions stable = {
      {"rate-limits", Version({{"api/login", R"({"burst":10,"rps":500})"},
                               {"api/search", "200"},
                               {"legacy", R"({"rps":5})"},
                               {"token/edge", R"("old secret")"}})},
      {"countries", Numbered(240)},
      {"same", Numbered(2)},
      {"broken", Numbered(2)},
      {"old-routes", Numbered(2)}};
  Plan plan = MakePlan(stable, desired, "prod-eu");
  for (MapPlan& map : plan.maps) map.id = Sha256Of(map.map);  // goldens need no strategy encoding
  return plan;
}

}  // namespace portolan::reconciler
