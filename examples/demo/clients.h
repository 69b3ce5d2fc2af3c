#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "examples/demo/workshop.h"
#include "mapcore/base/random.h"

namespace portolan::demo {

// Simulated services that ask for keys of one map for many subjects, act on the values, and report
// to the daemon which arm failed whom: each a thread, until destroyed.
class Clients {
 public:
  struct Options {
    std::string map;
    std::vector<std::string> keys;
    int services = 4;
    int subjects = 2'000;
    Duration pause{2};  // between lookups of a service
    Duration report_every{100};
    std::function<bool(const manifests::Value& value)>
        accepts;  // whether a service works with a value
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

  Clients(const Workshop& workshop, Options options);
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
    std::map<TallyKey, Tally> tallies;
    std::map<TallyKey, std::set<int>> known;  // subjects reported before
    Duration next_report{0};
  };

  void Serve(Service service);
  void LookUp(Service& service);
  void Report(Service& service);

  const Workshop& workshop_;
  const Options options_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool stop_ = false;
  Seen seen_;
  std::vector<std::thread> threads_;
};

}  // namespace portolan::demo
