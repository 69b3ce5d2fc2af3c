#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "examples/demo/workshop.h"
#include "mapcore/base/random.h"

namespace portolan::demo {

// What one lookup got: the version that answered, and what it says.
struct Answer {
  std::string arm;
  std::string digest;
  std::int64_t step = 0;
  manifests::Value::Object values;  // of the keys that the version holds
};

// Where simulated services read a map, and whom they tell how it went. Called from many threads.
struct Backend {
  std::function<Result<Answer>(const std::string& subject)> look_up;
  // Returns after which time the same batch has to be sent again; 0: not at all.
  std::function<Duration(const manifests::Value& items, const std::string& instance,
                         std::uint64_t batch)>
      report;
};
// The daemon of a workshop, over HTTP.
Backend DaemonBackend(const Workshop& workshop, std::string map, std::vector<std::string> keys);

// Simulated services that read one map for many subjects, act on the values, and report which arm
// failed whom: each a thread, until destroyed.
class Clients {
 public:
  struct Options {
    std::string map;
    int services = 4;
    int subjects = 2'000;
    Duration pause{2};  // between lookups of a service
    Duration report_every{100};
    // Why a service fails with an answer whose version it has run for so long; empty: it works.
    std::function<std::string(const Answer& answer, Duration loaded)> complaint;
  };
  // What clients saw since the last Take.
  struct Arm {
    std::int64_t lookups = 0;
    std::int64_t failed = 0;
    std::set<int> subjects;
    std::set<int> failed_subjects;
  };
  struct Seen {
    Arm stable;
    Arm canary;
  };

  Clients(Backend backend, Options options);
  ~Clients();

  Seen Take();

 private:
  // What one service will report of one (arm, digest, step).
  struct Tally {
    std::int64_t lookups = 0;
    std::set<int> new_subjects;
    std::int64_t bad = 0;
    std::set<int> bad_subjects;
    std::string sample;
  };
  using TallyKey = std::tuple<std::string, std::string, std::int64_t>;  // arm, digest, step
  struct Service {
    std::string name;
    Random random;
    std::uint64_t batch = 0;
    std::map<TallyKey, Tally> tallies = {};
    std::optional<manifests::Value> unsent = {};   // the items of `batch`
    std::map<TallyKey, std::set<int>> known = {};  // subjects reported before
    std::map<std::string, Duration> loaded = {};   // digest -> when it was first seen
    Duration next_report{0};
  };

  void Serve(Service service);
  void LookUp(Service& service);
  // What it will report, which begins anew then.
  manifests::Value TakeItems(Service& service) const;
  void Report(Service& service);

  const Backend backend_;
  const Options options_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool stop_ = false;
  Seen seen_;
  std::vector<std::thread> threads_;
};

}  // namespace portolan::demo
