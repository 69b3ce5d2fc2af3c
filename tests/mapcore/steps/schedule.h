#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "mapcore/base/random.h"
#include "tests/mapcore/steps/steps.h"

namespace portolan::mapcore::steps {

// Threads of which one runs at a time. At every access to a word that they share a number drawn
// from a seed may hand the turn to another: equal seeds give equal runs, to the last access.
//
// How long a thread keeps its turn is drawn anew with each turn, between one access and hundreds:
// what goes wrong needs a thread to stand still at one place while another gets far (Burckhardt et
// al., "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs", 2010).
class Schedule : public Watcher {
 public:
  explicit Schedule(std::uint64_t seed) : random_(seed) {}

  // Runs them all to their ends. They must not wait for each other but by spinning on what goes
  // through the watcher, and hold no lock across an access.
  void Run(const std::vector<std::function<void()>>& bodies);
  // Of who had the turn, and for how long.
  std::uint64_t trace() const { return trace_; }
  std::uint64_t turns() const { return turns_; }

  void OnStore(const Stored&) override { Step(); }
  std::uint64_t OnLoad(const void*, std::uint64_t value, bool) override {
    Step();
    return value;
  }
  void OnPause() override { Step(); }

 private:
  void Step() {
    if (--left_ == 0) HandOver();
  }
  void HandOver();
  void Draw();
  void Wait(std::size_t self);

  Random random_;
  std::mutex mutex_;
  std::vector<std::condition_variable> wake_;
  std::size_t turn_ = 0;  // whose; all that follows is touched by whose turn it is
  std::vector<std::size_t> running_;
  std::uint64_t left_ = 1;  // accesses of this turn
  std::uint64_t turns_ = 0;
  std::uint64_t trace_ = 0;
};

}  // namespace portolan::mapcore::steps
