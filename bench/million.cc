#include "bench/million.h"

#include <poll.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <optional>
#include <thread>

#include "bench/await_phase.h"
#include "examples/demo/workshop.h"

namespace portolan::bench {
namespace {

using demo::Workshop;
using manifests::Value;

constexpr char kMap[] = "million";
constexpr int kKeys = 1'000'000;
constexpr int kFiles = 20;  // a file may hold 1,000,000 keys and values, and an entry has seven
constexpr int kChangedOf = 100;  // one key in so many changes with a commit: all files do
constexpr int kRounds = 5;
constexpr Duration kPatience = std::chrono::minutes(2);

std::string KeyOf(int key) {
  char text[40];
  std::snprintf(text, sizeof text, "ns/%05d/svc-%07d/eu", key % 5'000, key);
  return text;
}

std::string EntriesText(int file, int round) {
  const int count = kKeys / kFiles;
  std::string text = "{\n";
  text.reserve(static_cast<std::size_t>(count) * 90);
  for (int key = file * count; key < (file + 1) * count; ++key) {
    const int rps = 100 + key % 900 + (key % kChangedOf == 0 ? round : 0);
    text += '"' + KeyOf(key) + "\": {\"rps\": " + std::to_string(rps) +
            ", \"burst\": 400, \"scope\": \"tenant\"}" +
            (key + 1 < (file + 1) * count ? ",\n" : "\n}\n");
  }
  return text;
}

constexpr char kManifest[] = R"(apiVersion: portolan/v1
kind: Map
metadata: {name: million}
spec:
  schema: {type: object, required: [rps]}
  rollout:
    strategy:
      steps: [{setWeight: 20%}, {pause: {duration: 1h}}, {setWeight: 100%}]
      minLookups: 0
      bake: 100ms
  entriesFrom: ["e/*.json"]
)";

Status CommitRound(Workshop& workshop, int round) {
  for (int file = 0; file < kFiles; ++file)
    PORTOLAN_CHECK(
        workshop.Write("maps/e/" + std::to_string(file) + ".json", EntriesText(file, round)));
  PORTOLAN_TRY(const WallTime done, workshop.Commit("Round " + std::to_string(round)));
  static_cast<void>(done);
  return {};
}

// Megabytes of a process that are in memory.
double ResidentNowMb(int pid) {
  std::ifstream statm("/proc/" + std::to_string(pid) + "/statm");
  double pages = 0, resident = 0;
  statm >> pages >> resident;
  return resident * 4096 / 1e6;
}

// The least of two seconds: a daemon gives back what a commit's files took when it is done with
// them.
double ResidentMb(int pid) {
  const Stopwatch watch;
  double least = ResidentNowMb(pid);
  while (watch.Ms() < 2'000) {
    poll(nullptr, 0, 50);
    least = std::min(least, ResidentNowMb(pid));
  }
  return least;
}

// Looks keys up, a connection each, until told to stop.
class Reader {
 public:
  explicit Reader(const Workshop& workshop) : thread_([this, &workshop] { Run(workshop); }) {}
  ~Reader() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // Milliseconds of each lookup so far; the first failure otherwise.
  Result<std::vector<double>> Stop() {
    stop_ = true;
    thread_.join();
    if (failure_) return *failure_;
    return std::move(times_);
  }

 private:
  void Run(const Workshop& workshop) {
    for (unsigned i = 0; !stop_; ++i) {
      // A stride that visits keys of all files, as many of them changed as not.
      const int key = static_cast<int>(i * 49'950u % kKeys);
      const Stopwatch watch;
      const auto answer = workshop.Call("POST", std::string("/v1/maps/") + kMap + "/lookup",
                                        "{\"keys\":[\"" + KeyOf(key) + "\"],\"subject\":\"s-" +
                                            std::to_string(i % 1'000) + "\"}");
      times_.push_back(watch.Ms());
      if (!answer.ok()) failure_ = answer.error();
      if (failure_) return;
      poll(nullptr, 0, 1);
    }
  }

  std::atomic<bool> stop_ = false;
  std::vector<double> times_;
  std::optional<Error> failure_;
  std::thread thread_;
};

struct Measured {
  double rest = 0;
  std::vector<double> canary;
  std::vector<double> plan;
  std::vector<double> publish;
  std::vector<double> lookups;
};

Status MeasureRound(Workshop& workshop, int round, Measured& measured) {
  const int pid = workshop.daemon().id();
  PORTOLAN_CHECK(CommitRound(workshop, round));
  const Stopwatch since_commit;
  PORTOLAN_CHECK(workshop.Hook());
  PORTOLAN_CHECK(AwaitPhase(workshop, kMap, "Stepping", kPatience));
  measured.plan.push_back(since_commit.Ms());
  measured.canary.push_back(ResidentMb(pid) - measured.rest);
  const Stopwatch since_decision;
  PORTOLAN_CHECK(workshop.Call("POST", std::string("/v1/maps/") + kMap + "/promote",
                               R"({"full":true,"reason":"measured"})"));
  measured.publish.push_back(since_decision.Ms());
  return AwaitPhase(workshop, kMap, "Healthy", kPatience);
}

Result<Measured> MeasureAll(Workshop& workshop) {
  Measured measured;
  PORTOLAN_CHECK(workshop.MakeRepository());
  PORTOLAN_CHECK(workshop.Write("maps/million.yaml", kManifest));
  PORTOLAN_CHECK(CommitRound(workshop, 0));
  PORTOLAN_CHECK(workshop.StartDaemon());
  PORTOLAN_CHECK(AwaitPhase(workshop, kMap, "Healthy", kPatience));
  measured.rest = ResidentMb(workshop.daemon().id());
  Reader reader(workshop);
  for (int round = 1; round <= kRounds; ++round)
    PORTOLAN_CHECK(MeasureRound(workshop, round, measured));
  PORTOLAN_TRY(measured.lookups, reader.Stop());
  return measured;
}

}  // namespace

Result<std::vector<Finding>> MeasureMillion(const std::string& portolan,
                                            const std::filesystem::path& directory) {
  Workshop workshop({.portolan = portolan, .directory = directory});
  PORTOLAN_TRY(Measured measured, MeasureAll(workshop));
  const double tail = Quantile(measured.lookups, 0.999);
  char note[96];
  std::snprintf(note, sizeof note, "%zu lookups, p50 %.2f ms, longest %.1f ms",
                measured.lookups.size(), Quantile(measured.lookups, 0.5),
                Quantile(measured.lookups, 1));
  return std::vector<Finding>{
      {.name = "million-at-rest",
       .what = "memory of the daemon that serves 1,000,000 keys (75 MB of JSON)",
       .unit = "MB",
       .rounds = {measured.rest},
       .aim = 400},
      {.name = "million-canary",
       .what = "more than that while 10,000 changed keys roll out",
       .unit = "MB",
       .rounds = measured.canary,
       .aim = 100},
      {.name = "million-plan",
       .what = "commit that changes all 20 files, until its rollout started",
       .unit = "ms",
       .rounds = measured.plan,
       .aim = 10'000},
      {.name = "million-publish",
       .what = "promotion to 100 %, until it is stored, served and answered",
       .unit = "ms",
       .rounds = measured.publish,
       .aim = 100},
      {.name = "million-lookup",
       .what = "p99.9 of lookups over HTTP while all of this went on",
       .unit = "ms",
       .rounds = {tail},
       .aim = 10,
       .note = note},
  };
}

}  // namespace portolan::bench
