// The main job before the user's eyes: a first commit, a good change, a bad change that is caught,
// a rollback by hand.
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <string>

#include "examples/demo/clients.h"
#include "examples/demo/timeline.h"
#include "examples/demo/workshop.h"

namespace portolan::demo {
namespace {

constexpr char kMap[] = "rate-limits";
constexpr char kFile[] = "maps/rate-limits.yaml";
constexpr Duration kPatience = std::chrono::seconds(60);

struct Options {
  std::string portolan;
  std::string examples = "examples";
  bool keep = false;
};

Options OptionsOf(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--keep") options.keep = true;
    if (word == "--portolan" && i + 1 < argc) options.portolan = argv[++i];
    if (word == "--examples" && i + 1 < argc) options.examples = argv[++i];
  }
  return options;
}

void Title(const std::string& text) {
  std::cout << "\n" << text << std::endl;
}

void SayWhoSawWhat(Clients& clients) {
  const Clients::Seen seen = clients.Take();
  std::printf(
      "              who saw what: stable %lld lookups of %zu subjects; new version %lld lookups "
      "of %zu subjects, "
      "%lld failed (%zu subjects)\n",
      static_cast<long long>(seen.stable.lookups), seen.stable.subjects.size(),
      static_cast<long long>(seen.canary.lookups), seen.canary.subjects.size(),
      static_cast<long long>(seen.canary.failed), seen.canary.failed_subjects.size());
}

// A token bucket that holds less than one second's rate never lets a full second through: valid by
// the schema, and every service that reads it fails.
std::string ComplaintOf(const Answer& answer) {
  for (const auto& [key, value] : answer.values)
    if (value.IntOr("burst", value.IntOr("rps", 0)) < value.IntOr("rps", 0))
      return "cannot work with " + key + " = " + WriteJson(value);
  return "";
}

Status CommitAndWait(Workshop& workshop, Timeline& timeline, const std::string& message,
                     const std::string& reason) {
  PORTOLAN_TRY(const WallTime committed, workshop.Commit(message));
  timeline.Mark(committed);
  PORTOLAN_CHECK(workshop.Hook());
  PORTOLAN_CHECK(timeline.WaitFor(reason, kPatience));
  return {};
}

Status RollBackByHand(const Options& options, Workshop& workshop, Timeline& timeline) {
  Title("$ portolan rollback " + std::string(kMap) + " --reason \"customers complain\"");
  timeline.Mark(WallNow());
  PORTOLAN_CHECK(Run({options.portolan, "--server", workshop.address(), "rollback", kMap,
                      "--reason", "customers complain"},
                     workshop.repository()));
  PORTOLAN_CHECK(timeline.WaitFor("Held", kPatience));
  return {};
}

Status Story(const Options& options, Workshop& workshop) {
  PORTOLAN_CHECK(workshop.MakeRepository());
  for (const char* folder : {"maps", "strategies", "templates"})
    PORTOLAN_CHECK(workshop.CopyIn(std::filesystem::path(options.examples) / folder));
  Title("A git repository with the maps of examples/: " + workshop.repository().string());
  PORTOLAN_TRY(const WallTime committed, workshop.Commit("The first maps"));
  PORTOLAN_CHECK(workshop.StartDaemon());
  std::cout << "portolan serve follows it and listens on " << workshop.address() << std::endl;
  Timeline timeline(workshop, kMap);
  timeline.Mark(committed);
  Title("1. The first commit goes live at once: there is nothing to compare it with");
  PORTOLAN_CHECK(timeline.WaitFor("Promoted", kPatience));

  Clients clients(DaemonBackend(workshop, kMap, {"api/search", "api/login"}),
                  {.map = kMap, .complaint = [](const Answer& answer, Duration) {
                     return ComplaintOf(answer);
                   }});
  Title("2. A good change: api/search from 200 to 250 requests a second");
  PORTOLAN_CHECK(workshop.Edit(kFile, "api/search: {rps: 200, burst: 400",
                               "api/search: {rps: 250, burst: 500"));
  PORTOLAN_CHECK(
      CommitAndWait(workshop, timeline, "Search may take 250 requests a second", "Promoted"));
  SayWhoSawWhat(clients);

  Title(
      "3. A bad change: burst 5 instead of 500 is valid by the schema, but services cannot work "
      "with it");
  PORTOLAN_CHECK(workshop.Edit(kFile, "burst: 500", "burst: 5"));
  PORTOLAN_CHECK(CommitAndWait(workshop, timeline, "Tidy up the burst of search", "RolledBack"));
  SayWhoSawWhat(clients);
  PORTOLAN_TRY(const manifests::Value rolled_back, timeline.WaitFor("RollingBack", kPatience));
  const manifests::Value* data = rolled_back.Find("data");
  std::printf(
      "              blast radius: %lld of %lld lookups failed, %lld subjects, %.1f s; caught and "
      "undone by itself\n",
      static_cast<long long>(data->IntOr("failed", 0)),
      static_cast<long long>(data->IntOr("lookups", 0)),
      static_cast<long long>(data->IntOr("subjects", 0)),
      static_cast<double>(data->IntOr("durationMs", 0)) / 1000);

  Title("4. An operator brings the earlier version back");
  PORTOLAN_CHECK(workshop.Edit(kFile, "burst: 5,", "burst: 600,"));
  PORTOLAN_CHECK(CommitAndWait(workshop, timeline, "Search may burst to 600", "Promoted"));
  return RollBackByHand(options, workshop, timeline);
}

void SayWhatNext(const Options& options, Workshop& workshop) {
  const std::string server = " --server " + workshop.address();
  if (options.keep) {
    std::cout << "\nThe daemon keeps running (process " << workshop.daemon().Release()
              << "). Try:\n"
              << "  " << options.portolan << " status" << server << "\n"
              << "  " << options.portolan << " why rate-limits" << server << "\n"
              << "  " << options.portolan << " history rate-limits" << server << "\n"
              << "  edit " << (workshop.repository() / kFile).string()
              << ", commit, then: " << options.portolan << " sync repository" << server << "\n";
    return;
  }
  std::cout
      << "\nDone. To keep the daemon running and try it by hand: ./scripts/quickstart --keep\n"
      << "Next: read docs/manifest-spec.md, then follow a repository of your own:\n"
      << "  " << options.portolan
      << " serve --repo https://git.example.com/maps.git --state ./state\n";
}

}  // namespace
}  // namespace portolan::demo

int main(int argc, char** argv) {
  using namespace portolan::demo;
  Options options = OptionsOf(argc, argv);
  std::error_code ignored;
  options.portolan = std::filesystem::absolute(options.portolan, ignored);
  const auto directory =
      std::filesystem::temp_directory_path() / ("portolan-demo-" + std::to_string(getpid()));
  int exit_code = 0;
  {
    Workshop workshop({.portolan = options.portolan, .directory = directory});
    const portolan::Status told = Story(options, workshop);
    if (!told.ok()) {
      std::cerr << "\nthe demonstration failed: " << told.error().message
                << "\nthe daemon's log: " << (directory / "daemon.log").string() << "\n";
      return 1;
    }
    SayWhatNext(options, workshop);
  }
  if (!options.keep) std::filesystem::remove_all(directory, ignored);
  return exit_code;
}
