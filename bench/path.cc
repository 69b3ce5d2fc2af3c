#include "bench/path.h"

#include <thread>

#include "bench/await_phase.h"
#include "controller/git/git_source.h"
#include "examples/demo/workshop.h"
#include "manifests/loader.h"
#include "mapcore/traffic_split.h"
#include "reconciler/plan.h"

namespace portolan::bench {
namespace {

using demo::Workshop;
using manifests::Value;

constexpr char kMap[] = "limits";
constexpr char kMapFile[] = "maps/limits.yaml";
constexpr std::uint32_t kFirstWeight = 20'000;
constexpr int kCanarySubjects = 16;  // looked up in turn while the rollout is aborted
constexpr int kRounds = 20;
constexpr Duration kPatience = std::chrono::seconds(10);

constexpr int kMaps = 5'000;
constexpr int kKeys = 20;  // of each
constexpr int kFullLoads = 3;

std::string MapText(const std::string& name, int value) {
  std::string text = "apiVersion: portolan/v1\nkind: Map\nmetadata: {name: " + name +
                     "}\nspec:\n  schema: {type: object, required: [rps]}\n  rollout:\n"
                     "    strategy:\n      steps: [{setWeight: 20%}, {pause: {duration: 1h}}, "
                     "{setWeight: 100%}]\n      minLookups: 0\n      bake: 100ms\n  entries:\n";
  for (int key = 0; key < kKeys; ++key)
    text += "    api/route-" + std::to_string(key) +
            ": {rps: " + std::to_string(key == 0 ? value : 100 + key) +
            ", burst: 400, scope: tenant}\n";
  return text;
}

// Subjects whose bucket lies below the first step's weight, found as a client would.
std::vector<std::string> CanarySubjects() {
  std::vector<std::string> subjects;
  for (int i = 0; subjects.size() < kCanarySubjects; ++i) {
    std::string subject = "tenant-" + std::to_string(i);
    if (mapcore::Bucket(kMap, subject) < kFirstWeight) subjects.push_back(std::move(subject));
  }
  return subjects;
}

Result<std::string> ArmOf(const Workshop& workshop, const std::string& subject) {
  PORTOLAN_TRY(const Value answer,
               workshop.Call("POST", std::string("/v1/maps/") + kMap + "/lookup",
                             R"({"keys":["api/route-0"],"subject":")" + subject + "\"}"));
  return std::string(answer.StringOr("arm", ""));
}

// Milliseconds on `watch` when a lookup first answered from that arm; the subjects take turns.
Result<double> AwaitArm(const Workshop& workshop, const std::vector<std::string>& subjects,
                        const std::string& arm, const Stopwatch& watch) {
  for (std::size_t i = 0; watch.Ms() < static_cast<double>(kPatience.count()); ++i) {
    PORTOLAN_TRY(const std::string seen, ArmOf(workshop, subjects[i % subjects.size()]));
    if (seen == arm) return watch.Ms();
  }
  return Error{ErrorCode::kTimeout, "no lookup was answered from the " + arm + " within 10 s"};
}

// Aborts while a second thread goes on looking up; from the request to the first answer from
// stable.
Result<double> AbortToStable(const Workshop& workshop, const std::vector<std::string>& subjects) {
  const Stopwatch watch;
  Result<double> moved = 0.0;
  std::thread client([&] { moved = AwaitArm(workshop, subjects, "stable", watch); });
  const auto aborted =
      workshop.Call("POST", std::string("/v1/maps/") + kMap + "/abort", R"({"reason":"measured"})");
  client.join();
  if (!aborted.ok()) return aborted.error();
  PORTOLAN_CHECK(moved);
  for (const std::string& subject : subjects) {
    PORTOLAN_TRY(const std::string arm, ArmOf(workshop, subject));
    if (arm != "stable")
      return Error{ErrorCode::kInternal, subject + " is on the " + arm + " after the abort"};
  }
  return moved;
}

Status MeasureRollouts(Workshop& workshop, std::vector<double>& to_canary,
                       std::vector<double>& to_stable) {
  const std::vector<std::string> subjects = CanarySubjects();
  PORTOLAN_CHECK(workshop.MakeRepository());
  PORTOLAN_CHECK(workshop.Write(kMapFile, MapText(kMap, 1)));
  PORTOLAN_CHECK(workshop.Commit("The first version"));
  PORTOLAN_CHECK(workshop.StartDaemon());
  PORTOLAN_CHECK(AwaitPhase(workshop, kMap, "Healthy", kPatience));
  for (int round = 0; round < kRounds; ++round) {
    PORTOLAN_CHECK(workshop.Write(kMapFile, MapText(kMap, 2 + round)));
    PORTOLAN_CHECK(workshop.Commit("Another value"));
    const Stopwatch since_commit;
    PORTOLAN_CHECK(workshop.Hook());
    PORTOLAN_TRY(const double canary, AwaitArm(workshop, subjects, "canary", since_commit));
    to_canary.push_back(canary);
    PORTOLAN_TRY(const double stable, AbortToStable(workshop, subjects));
    to_stable.push_back(stable);
    PORTOLAN_CHECK(AwaitPhase(workshop, kMap, "RolledBack", kPatience));
  }
  return {};
}

// From the remote's tip to a plan, as the daemon does it.
Result<reconciler::Plan> PlanTip(reconciler::GitSource& source, manifests::Loader& loader,
                                 const std::string& followed, reconciler::StableVersions& stable) {
  PORTOLAN_TRY(const reconciler::FetchResult fetched, source.Fetch(followed));
  PORTOLAN_TRY(const manifests::Artifact artifact, source.Open(fetched.commit));
  PORTOLAN_TRY(const manifests::DesiredState desired, loader.Load(artifact));
  reconciler::Plan plan = reconciler::MakePlan(stable, desired, "default");
  stable.clear();
  for (const auto& [name, map] : desired.maps) stable[name] = map->version;
  return plan;
}

Status Expect(const reconciler::Plan& plan, std::size_t changed) {
  if (plan.maps.size() == changed && plan.rejected.empty() &&
      plan.unchanged + static_cast<std::int64_t>(changed) == kMaps)
    return {};
  return Error{ErrorCode::kInternal, "a plan changes " + std::to_string(plan.maps.size()) +
                                         " maps, expected " + std::to_string(changed)};
}

std::string NameOf(int map) {
  return "map-" + std::to_string(map);
}

struct PlanTimes {
  double clone = 0;
  std::vector<double> full;
  std::vector<double> changed;
};

Result<PlanTimes> MeasurePlans(Workshop& workshop, const controller::GitSourceOptions& options) {
  PORTOLAN_CHECK(workshop.MakeRepository());
  for (int map = 0; map < kMaps; ++map)
    PORTOLAN_CHECK(workshop.Write("maps/" + NameOf(map) + ".yaml", MapText(NameOf(map), 1)));
  PORTOLAN_CHECK(workshop.Commit("5,000 maps"));
  const auto source = controller::OpenGitSource(options);
  PlanTimes times;
  const Stopwatch clone;
  PORTOLAN_CHECK(source->Fetch(""));
  times.clone = clone.Ms();
  std::string followed;
  reconciler::StableVersions stable;
  for (int round = 0; round < kFullLoads; ++round) {
    manifests::Loader loader;
    stable.clear();
    const Stopwatch watch;
    PORTOLAN_TRY(const reconciler::Plan plan, PlanTip(*source, loader, followed, stable));
    times.full.push_back(watch.Ms());
    PORTOLAN_CHECK(Expect(plan, kMaps));
    followed = plan.revision.commit;
  }
  manifests::Loader loader;
  stable.clear();
  PORTOLAN_CHECK(PlanTip(*source, loader, followed, stable));
  for (int round = 0; round < kRounds; ++round) {
    const std::string name = NameOf(round * 37);
    PORTOLAN_CHECK(workshop.Write("maps/" + name + ".yaml", MapText(name, 2)));
    PORTOLAN_CHECK(workshop.Commit("One map"));
    const Stopwatch watch;
    PORTOLAN_TRY(const reconciler::Plan plan, PlanTip(*source, loader, followed, stable));
    times.changed.push_back(watch.Ms());
    PORTOLAN_CHECK(Expect(plan, 1));
    followed = plan.revision.commit;
  }
  return times;
}

Finding PlanFinding(const PlanTimes& times) {
  Finding finding{.name = "push-to-plan",
                  .what =
                      "one of 5,000 map files changed: Fetch, Open, Load and Plan are so many "
                      "times faster than with everything loaded anew",
                  .unit = "x",
                  .rounds = {},
                  .aim = 20,
                  .better = Better::kMore};
  const double full = Quantile(times.full, 0.5);
  for (const double changed : times.changed) finding.rounds.push_back(full / changed);
  char note[160];
  std::snprintf(note, sizeof note,
                "all loaded anew %.0f ms (and %.0f ms for the clone), one file changed %.1f ms, "
                "p95 %.1f ms",
                full, times.clone, Quantile(times.changed, 0.5), Quantile(times.changed, 0.95));
  finding.note = note;
  return finding;
}

}  // namespace

Result<std::vector<Finding>> MeasurePath(const std::string& portolan,
                                         const std::filesystem::path& directory) {
  Finding to_canary{
      .name = "commit-to-canary",
      .what = "git commit done, hook called, until the first canary subject is served",
      .unit = "ms",
      .rounds = {},
      .aim = 250};
  Finding to_stable{.name = "abort-to-stable",
                    .what = "decision to roll back until every subject is served stable",
                    .unit = "ms",
                    .rounds = {},
                    .aim = 100};
  {
    Workshop workshop({.portolan = portolan, .directory = directory / "rollouts"});
    PORTOLAN_CHECK(MeasureRollouts(workshop, to_canary.rounds, to_stable.rounds));
  }
  Workshop workshop({.portolan = portolan, .directory = directory / "plans"});
  controller::GitSourceOptions options;
  options.name = "bench";
  options.url = workshop.repository().string();
  options.branch = "main";
  options.mirror_dir = (directory / "plans/mirror").string();
  options.worker_executable = portolan;
  PORTOLAN_TRY(const PlanTimes times, MeasurePlans(workshop, options));
  return std::vector<Finding>{to_canary, to_stable, PlanFinding(times)};
}

}  // namespace portolan::bench
