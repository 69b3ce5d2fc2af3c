#include "bench/rollouts.h"

#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <thread>

#include "examples/demo/workshop.h"

namespace portolan::bench {
namespace {

using demo::Workshop;
using manifests::Value;

constexpr int kMaps = 1'000;
constexpr int kKeys = 20;  // of each
constexpr int kVerbs = 400;
constexpr int kAborts = 100;
constexpr int kSecondsAtWork = 10;  // in which processor time is taken
constexpr double kPatienceMs = 120'000;

std::string NameOf(int map) {
  char text[16];
  std::snprintf(text, sizeof text, "map-%04d", map);
  return text;
}

constexpr char kStrategy[] = R"(apiVersion: portolan/v1
kind: RolloutStrategy
metadata: {name: slow}
spec:
  steps: [{setWeight: 10%}, {pause: {duration: 1h}}, {setWeight: 100%}]
  minLookups: 0
  bake: 100ms
)";

Status CommitRound(Workshop& workshop, int round) {
  for (int map = 0; map < kMaps; ++map) {
    std::string text = "apiVersion: portolan/v1\nkind: Map\nmetadata: {name: " + NameOf(map) +
                       "}\nspec:\n  rollout: {strategy: slow}\n  entries:\n";
    for (int key = 0; key < kKeys; ++key)
      text +=
          "    key-" + std::to_string(key) + ": " + std::to_string(key == 0 ? round : key) + "\n";
    PORTOLAN_CHECK(workshop.Write("maps/" + NameOf(map) + ".yaml", text));
  }
  PORTOLAN_TRY(const WallTime done, workshop.Commit("Round " + std::to_string(round)));
  static_cast<void>(done);
  return {};
}

// Waits until all maps are in the phase.
Status AwaitAll(const Workshop& workshop, const std::string& phase) {
  const Stopwatch watch;
  int there = 0;
  while (watch.Ms() < kPatienceMs) {
    PORTOLAN_TRY(const Value all, workshop.Call("GET", "/v1/maps"));
    there = 0;
    for (const Value& map : all.Find("maps")->as_array())
      there += map.StringOr("phase", "") == phase;
    if (there == kMaps) return {};
    poll(nullptr, 0, 20);
  }
  return Error{ErrorCode::kTimeout, std::to_string(there) + " of " + std::to_string(kMaps) +
                                        " maps are " + phase + " after 2 min"};
}

// What a lookup of a map would give on each arm, for reports.
struct Digests {
  std::string stable;
  std::string canary;
};
Result<std::map<std::string, Digests>> DigestsOf(const Workshop& workshop) {
  PORTOLAN_TRY(const Value all, workshop.Call("GET", "/v1/maps"));
  std::map<std::string, Digests> digests;
  for (const Value& map : all.Find("maps")->as_array())
    digests[std::string(map.StringOr("map", ""))] = {
        std::string(map.Find("stable")->StringOr("digest", "")),
        std::string(map.Find("target")->StringOr("digest", ""))};
  return digests;
}

// Reports on both arms of every map, once a second, until told to stop.
class Reporter {
 public:
  Reporter(const Workshop& workshop, std::map<std::string, Digests> digests)
      : digests_(std::move(digests)), thread_([this, &workshop] { Run(workshop); }) {}
  ~Reporter() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;

  // What it sent; the first failure otherwise.
  struct Sent {
    std::int64_t counted = 0;  // items
    std::int64_t refused = 0;  // batches, that were sent again
  };
  Result<Sent> Stop() {
    stop_ = true;
    thread_.join();
    if (failure_) return *failure_;
    return Sent{accepted_, refused_};
  }

 private:
  static std::string Item(const std::string& map, const std::string& digest, const char* arm,
                          int lookups) {
    return "{\"map\":\"" + map + "\",\"digest\":\"" + digest + "\",\"arm\":\"" + arm +
           "\",\"step\":1,\"lookups\":" + std::to_string(lookups) +
           ",\"subjects\":" + std::to_string(lookups / 2) + "}";
  }
  Status Send(const Workshop& workshop, const std::string& batch) {
    while (!stop_) {
      PORTOLAN_TRY(const Workshop::Reported reported, workshop.Report(batch));
      accepted_ += reported.accepted;
      if (reported.retry_after == Duration(0)) break;
      ++refused_;
      poll(nullptr, 0, static_cast<int>(reported.retry_after.count()));
    }
    return {};
  }
  void Run(const Workshop& workshop) {
    for (int batch = 1; !stop_; ++batch) {
      const Stopwatch second;
      for (const char* arm : {"stable", "canary"}) {
        std::string items;
        for (const auto& [map, digests] : digests_)
          items += (items.empty() ? "" : ",") + (*arm == 's' ? Item(map, digests.stable, arm, 90)
                                                             : Item(map, digests.canary, arm, 10));
        if (const Status sent = Send(workshop, "{\"instance\":\"bench-" + std::string(arm) +
                                                   "\",\"batch\":" + std::to_string(batch) +
                                                   ",\"items\":[" + items + "]}");
            !sent.ok()) {
          failure_ = sent.error();
          return;
        }
      }
      while (!stop_ && second.Ms() < 1'000) poll(nullptr, 0, 5);
    }
  }

  const std::map<std::string, Digests> digests_;
  std::atomic<bool> stop_ = false;
  std::int64_t accepted_ = 0;
  std::int64_t refused_ = 0;  // for want of room, and sent again
  std::optional<Error> failure_;
  std::thread thread_;
};

// Seconds of processor time that a process took so far.
double ProcessorSeconds(int pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string word;
  double ticks = 0;
  for (int field = 1; field <= 15 && stat >> word; ++field)
    if (field >= 14) ticks += std::stod(word);  // utime, stime
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

// A command's way: to the control loop, through Step, into the store, to what is served, and back.
Result<double> TimeVerb(const Workshop& workshop, int map, const char* verb) {
  const Stopwatch watch;
  PORTOLAN_CHECK(
      workshop.Call("POST", "/v1/maps/" + NameOf(map) + "/" + verb, R"({"reason":"measured"})"));
  return watch.Ms();
}

// What the daemon says of its own rounds: how many took at most so many seconds, by bound.
struct Rounds {
  std::map<double, double> up_to;
  double visits = 0;

  // As Prometheus' histogram_quantile estimates it.
  double Quantile(double share) const {
    const double wanted = share * up_to.rbegin()->second;
    double bound_before = 0, count_before = 0;
    for (const auto& [bound, count] : up_to) {
      if (count >= wanted)
        return std::isinf(bound) ? bound_before
                                 : bound_before + (bound - bound_before) * (wanted - count_before) /
                                                      std::max(count - count_before, 1.0);
      bound_before = bound;
      count_before = count;
    }
    return bound_before;
  }
};

Result<Rounds> RoundsOf(const Workshop& workshop) {
  PORTOLAN_TRY(const controller::ClientResponse response,
               workshop.Client().Do({.target = "/metrics"}));
  Rounds rounds;
  std::istringstream lines(response.body);
  for (std::string line; std::getline(lines, line);) {
    const std::string_view bucket = "portolan_control_loop_round_seconds_bucket{le=\"";
    const std::string_view visits = "portolan_control_loop_visits_total ";
    const double number = std::atof(line.substr(line.rfind(' ') + 1).c_str());
    if (line.starts_with(bucket))
      rounds.up_to[std::strtod(line.c_str() + bucket.size(), nullptr)] = number;  // "+Inf" too
    if (line.starts_with(visits)) rounds.visits = number;
  }
  if (rounds.up_to.empty())
    return Error{ErrorCode::kInternal, "the daemon's metrics do not tell of its rounds"};
  return rounds;
}

Rounds operator-(Rounds after, const Rounds& before) {
  for (auto& [bound, count] : after.up_to) count -= before.up_to.at(bound);
  after.visits -= before.visits;
  return after;
}

struct Measured {
  double start = 0;
  std::vector<double> verbs;
  std::vector<double> aborts;
  double cores = 0;
  Rounds rounds;
  Reporter::Sent reported;
};

Status MeasureAtWork(Workshop& workshop, Measured& measured) {
  PORTOLAN_TRY(auto digests, DigestsOf(workshop));
  Reporter reporter(workshop, std::move(digests));
  PORTOLAN_TRY(const Rounds rounds_before, RoundsOf(workshop));
  const double before = ProcessorSeconds(workshop.daemon().id());
  const Stopwatch window;
  while (window.Ms() < kSecondsAtWork * 1'000) poll(nullptr, 0, 20);
  measured.cores = (ProcessorSeconds(workshop.daemon().id()) - before) / (window.Ms() / 1'000);
  for (int i = 0; i < kVerbs; ++i) {
    // A map's pause and its resume, one after the other, all over the maps.
    PORTOLAN_TRY(const double ms,
                 TimeVerb(workshop, i / 2 * 7 % kMaps, i % 2 == 0 ? "pause" : "resume"));
    measured.verbs.push_back(ms);
    poll(nullptr, 0, 10);
  }
  PORTOLAN_TRY(const Rounds rounds_after, RoundsOf(workshop));
  measured.rounds = rounds_after - rounds_before;
  for (int i = 0; i < kAborts; ++i) {
    PORTOLAN_TRY(const double ms, TimeVerb(workshop, i * 9 % kMaps, "abort"));
    measured.aborts.push_back(ms);
    PORTOLAN_TRY(const Value map,
                 workshop.Call("GET", "/v1/maps/" + NameOf(i * 9 % kMaps) + "?subject=anybody"));
    if (map.StringOr("arm", "") != "stable")
      return Error{ErrorCode::kInternal, "a lookup after the abort was not answered by stable"};
    poll(nullptr, 0, 10);
  }
  PORTOLAN_TRY(measured.reported, reporter.Stop());
  return {};
}

Result<Measured> MeasureAll(Workshop& workshop) {
  Measured measured;
  PORTOLAN_CHECK(workshop.MakeRepository());
  PORTOLAN_CHECK(workshop.Write("maps/slow.yaml", kStrategy));
  PORTOLAN_CHECK(CommitRound(workshop, 0));
  PORTOLAN_CHECK(workshop.StartDaemon());
  PORTOLAN_CHECK(AwaitAll(workshop, "Healthy"));
  PORTOLAN_CHECK(CommitRound(workshop, 1));
  const Stopwatch since_commit;
  PORTOLAN_CHECK(workshop.Hook());
  PORTOLAN_CHECK(AwaitAll(workshop, "Stepping"));
  measured.start = since_commit.Ms();
  PORTOLAN_CHECK(MeasureAtWork(workshop, measured));
  return measured;
}

}  // namespace

Result<std::vector<Finding>> MeasureRollouts(const std::string& portolan,
                                             const std::filesystem::path& directory) {
  Workshop workshop({.portolan = portolan, .directory = directory});
  PORTOLAN_TRY(const Measured measured, MeasureAll(workshop));
  char note[96];
  std::snprintf(note, sizeof note, "%zu verbs, p50 %.2f ms, longest %.1f ms", measured.verbs.size(),
                Quantile(measured.verbs, 0.5), Quantile(measured.verbs, 1));
  char rounds[96];
  std::snprintf(rounds, sizeof rounds, "%.0f rounds, %.0f looks at maps",
                measured.rounds.up_to.rbegin()->second, measured.rounds.visits);
  return std::vector<Finding>{
      {.name = "rollouts-start",
       .what = "commit that changes all 1,000 maps, until all of them are stepping",
       .unit = "ms",
       .rounds = {measured.start},
       .aim = 10'000},
      {.name = "rollouts-verb",
       .what = "p99 of pause and resume meanwhile: through the control loop, stored, answered",
       .unit = "ms",
       .rounds = {Quantile(measured.verbs, 0.99)},
       .aim = 100,
       .note = note},
      {.name = "rollouts-abort",
       .what = "abort, until everybody has stable",
       .unit = "ms",
       .rounds = measured.aborts,
       .aim = 100},
      {.name = "rollouts-cpu",
       .what = "processors that the daemon takes meanwhile, with 2,000 reported items a second",
       .unit = "cores",
       .rounds = {measured.cores},
       .aim = 1,
       .note = std::to_string(measured.reported.counted) + " items counted, " +
               std::to_string(measured.reported.refused) + " batches refused for want of room"},
      {.name = "rollouts-round",
       .what = "p99 of the control loop's rounds meanwhile, by the daemon's own metric",
       .unit = "ms",
       .rounds = {measured.rounds.Quantile(0.99) * 1'000},
       .aim = 100,
       .note = rounds},
  };
}

}  // namespace portolan::bench
