// Plays public outages twice, with clients that fail as they failed then: pushed by a script, and
// committed to a repository that Portolan follows.
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <mutex>
#include <string>

#include "examples/demo/timeline.h"
#include "examples/demo/workshop.h"
#include "examples/outages/outage.h"
#include "examples/outages/push.h"
#include "manifests/directory_artifact.h"
#include "manifests/loader.h"

namespace portolan::demo {
namespace {

namespace fs = std::filesystem;

constexpr Duration kPatience = std::chrono::seconds(60);
// How long a person takes here to see an outage and to push the old version; it took far longer.
constexpr Duration kPerson = std::chrono::seconds(5);

struct Toll {
  Clients::Seen seen;
  long long failed() const { return seen.stable.failed + seen.canary.failed; }
  long long lookups() const { return seen.stable.lookups + seen.canary.lookups; }
  std::size_t subjects() const {
    std::set<int> all = seen.stable.failed_subjects;
    all.insert(seen.canary.failed_subjects.begin(), seen.canary.failed_subjects.end());
    return all.size();
  }
};

void SayToll(const Toll& toll) {
  std::printf("              %lld of %lld lookups failed, %zu subjects\n", toll.failed(),
              toll.lookups(), toll.subjects());
  std::fflush(stdout);
}

std::string MapOf(const Outage& outage) {
  const std::string_view text = outage.manifest;
  const std::size_t begin = text.find("{name: ") + 7;
  return std::string(text.substr(begin, text.find('}', begin) - begin));
}

std::string BadManifest(const Outage& outage) {
  std::string text(outage.manifest);
  text.replace(text.find(outage.from), outage.from.size(), outage.to);
  return text;
}

// The entries of the one map that a manifest declares.
Result<manifests::Value::Object> EntriesOf(const std::string& manifest, const fs::path& scratch) {
  fs::create_directories(scratch);
  std::ofstream(scratch / "map.yaml") << manifest;
  PORTOLAN_TRY(const manifests::Artifact artifact, manifests::ReadDirectory(scratch));
  PORTOLAN_TRY(const manifests::DesiredState desired, manifests::Loader().Load(artifact));
  if (desired.maps.size() != 1)
    return Error{ErrorCode::kInvalid, FormatDiagnostics(desired.diagnostics)};
  manifests::Value::Object entries;
  desired.maps.begin()->second->version->ForEach([&](std::string_view key, std::string_view value) {
    auto parsed = manifests::ParseJson(value);
    if (parsed.ok()) entries.emplace_back(std::string(key), std::move(parsed).value());
  });
  return entries;
}

void Wait(Duration duration) {
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, duration, [] { return false; });
}

Clients::Options ClientsOf(const Outage& outage) {
  return {.map = MapOf(outage), .complaint = outage.complaint};
}

Result<Toll> WithoutPortolan(const Outage& outage, const fs::path& directory) {
  PORTOLAN_TRY(auto good, EntriesOf(std::string(outage.manifest), directory / "good"));
  PORTOLAN_TRY(auto bad, EntriesOf(BadManifest(outage), directory / "bad"));
  PushedMap map(good);
  Clients clients(map.AsBackend(), ClientsOf(outage));
  Wait(std::chrono::seconds(1));
  clients.Take();
  std::printf("  %+7d ms  %-16s %s\n", 0, "Pushed", "to every service at once");
  map.Push(std::move(bad));
  Wait(outage.dormant + kPerson);
  map.Push(std::move(good));
  std::printf("  %+7lld ms  %-16s %s\n", static_cast<long long>((outage.dormant + kPerson).count()),
              "PushedBack", "a person saw it and pushed the old version");
  return Toll{clients.Take()};
}

Status CommitBad(const Outage& outage, Workshop& workshop, Timeline& timeline) {
  const std::string file = "maps/" + MapOf(outage) + ".yaml";
  PORTOLAN_CHECK(workshop.Edit(file, std::string(outage.from), std::string(outage.to)));
  std::printf("  the bad commit: %s\n", std::string(outage.message).c_str());
  PORTOLAN_TRY(const WallTime committed, workshop.Commit(std::string(outage.message)));
  timeline.Mark(committed);
  PORTOLAN_CHECK(workshop.Hook());
  PORTOLAN_CHECK(timeline.WaitFor(std::string(outage.ends), kPatience));
  return {};
}

// A newer commit goes live while the old plan waits; an approval of the old one comes late.
Status ApproveLate(const Outage& outage, Workshop& workshop, Timeline& timeline) {
  const std::string map = MapOf(outage);
  PORTOLAN_TRY(const manifests::Value status, workshop.Call("GET", "/v1/maps/" + map + "/status"));
  const std::string plan(status.StringOr("plan", ""));
  PORTOLAN_CHECK(
      workshop.Edit("maps/" + map + ".yaml", std::string(outage.to), std::string(outage.newer_to)));
  PORTOLAN_TRY(const WallTime committed, workshop.Commit("The newer plan"));
  timeline.Mark(committed);
  PORTOLAN_CHECK(workshop.Hook());
  PORTOLAN_CHECK(timeline.WaitFor("Promoted", kPatience));
  const auto late = workshop.Call("POST", "/v1/plans/" + plan + "/approve");
  if (late.ok()) return Error{ErrorCode::kInternal, "the stale plan was applied"};
  std::printf("  the old plan is approved late: refused, %s\n", late.error().message.c_str());
  return {};
}

Result<Toll> WithPortolan(const Outage& outage, Workshop& workshop) {
  const std::string map = MapOf(outage);
  const std::string file = "maps/" + map + ".yaml";
  PORTOLAN_CHECK(workshop.MakeRepository());
  PORTOLAN_CHECK(workshop.Write(file, std::string(outage.manifest)));
  PORTOLAN_CHECK(workshop.Commit("The map as it was good"));
  PORTOLAN_CHECK(workshop.StartDaemon());
  PORTOLAN_TRY(const manifests::Value waited, workshop.Call("POST", "/v1/sources/repository/sync"));
  Clients clients(DaemonBackend(workshop, map, outage.keys), ClientsOf(outage));
  Timeline timeline(workshop, map);
  PORTOLAN_CHECK(timeline.WaitFor("Promoted", kPatience));
  clients.Take();
  PORTOLAN_CHECK(CommitBad(outage, workshop, timeline));
  if (!outage.newer_to.empty()) PORTOLAN_CHECK(ApproveLate(outage, workshop, timeline));
  return Toll{clients.Take()};
}

Status Play(const Outage& outage, const std::string& portolan, const fs::path& directory) {
  std::cout << "\n"
            << outage.title << ": " << outage.story << "\n  " << outage.source << "; it lasted "
            << outage.lasted << "\n\n"
            << "Pushed by a script, and back by a person" << std::endl;
  PORTOLAN_TRY(const Toll pushed, WithoutPortolan(outage, directory));
  SayToll(pushed);
  std::cout << "\nCommitted to git, with Portolan" << std::endl;
  Workshop workshop({.portolan = portolan, .directory = directory / "workshop"});
  PORTOLAN_TRY(const Toll committed, WithPortolan(outage, workshop));
  SayToll(committed);
  return {};
}

int Usage() {
  std::cerr << "usage: demo outage NAME, or all; NAME is one of\n";
  for (const Outage& outage : Outages())
    std::cerr << "  " << outage.name << "  " << outage.title << ": " << outage.story << "\n";
  return 64;
}

}  // namespace
}  // namespace portolan::demo

int main(int argc, char** argv) {
  using namespace portolan::demo;
  if (argc != 3) return Usage();
  const std::string portolan = std::filesystem::absolute(argv[1]);
  const std::string name = argv[2];
  const auto directory =
      std::filesystem::temp_directory_path() / ("portolan-outage-" + std::to_string(getpid()));
  int played = 0;
  for (const Outage& outage : Outages()) {
    if (name != "all" && outage.name != name) continue;
    ++played;
    const portolan::Status status = Play(outage, portolan, directory);
    std::error_code ignored;
    if (!status.ok()) {
      std::cerr << "\nthe replay failed: " << status.error().message << "\n";
      return 1;
    }
    std::filesystem::remove_all(directory, ignored);
  }
  return played == 0 ? Usage() : 0;
}
