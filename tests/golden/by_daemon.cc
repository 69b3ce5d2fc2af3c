#include <algorithm>

#include "tests/controller/reconcile/scripted_git.h"
#include "tests/golden/verdict_paths.h"

namespace portolan::golden {

using controller::FollowedSource;
using controller::ScriptedGit;
using controller::SourceSettings;
using controller::World;
using manifests::Value;

std::string ByDaemon(const Files& base, const Files& head) {
  const WallTime judged = ParseTime(kJudgedAt).value();
  controller::MemoryStore disk;
  World world(disk);
  SourceSettings settings = controller::SettingsOf("edge");
  settings.environment = {"prod-eu", "prod", {"eu-1", "eu-2"}};
  FollowedSource edge(world, std::move(settings));
  edge.git.author = "Ada <ada@example.com>";
  edge.git.time = ParseTime("2023-11-14T22:13:20Z").value();  // of TestRepository
  world.clock.Advance(judged - world.clock.now().wall - std::chrono::hours(1));
  edge.Push('a', base);
  world.Pass(std::chrono::minutes(5));
  for (const auto& rollout : world.rollouts.All())
    EXPECT_EQ(rollout->phase, reconciler::Phase::kHealthy) << rollout->map << rollout->message;
  // FollowedSource looks a minute later.
  world.clock.Advance(judged - world.clock.now().wall - std::chrono::minutes(1));
  edge.Push('b', head);
  std::map<std::string, Value> by_map;
  const auto records = world.store.List("plan/");
  for (const reconciler::Record& record : *records) {
    const Value plan = manifests::ParseJson(record.body, {.bytes = record.body.size() + 1}).value();
    if (plan.Find("revision")->StringOr("commit", "") == ScriptedGit::Name('b'))
      by_map[std::string(plan.StringOr("map", ""))] = *plan.Find("policies");
  }
  Value::Array reports;
  for (auto& [map, report] : by_map) reports.push_back(std::move(report));
  return TextOf(reports);
}

}  // namespace portolan::golden
