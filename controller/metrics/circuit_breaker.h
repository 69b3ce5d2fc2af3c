#pragma once

#include "mapcore/base/clock.h"

namespace portolan::controller {

// Keeps calls away from a server that does not answer: closed lets all through; after some failures
// in a row it opens and lets none through for a while; then, half-open, it lets one through to try,
// whose outcome closes or opens it. Pure: time comes in as monotonic durations, which must not go
// back. Not thread-safe. (M. Nygard, Release It!, "Circuit Breaker")
class CircuitBreaker {
 public:
  enum class State { kClosed, kHalfOpen, kOpen };
  struct Options {
    int failures_to_open = 5;
    Duration open_for = std::chrono::seconds(30);
    Duration trial_max = std::chrono::seconds(90);  // a trial without an outcome is another failure
  };

  CircuitBreaker() : CircuitBreaker(Options()) {}
  explicit CircuitBreaker(const Options& options) : options_(options) {}

  // Whether a call may be made now. True must be followed by one Record of its outcome.
  bool Admit(Duration mono);
  void Record(bool success, Duration mono);

  State state(Duration mono) const;
  // How long it stays open, 0 unless kOpen.
  Duration OpenFor(Duration mono) const;

 private:
  Options options_;
  int failures_ = 0;  // in a row, while closed
  bool open_ = false;
  bool trial_ = false;  // of half-open, under way
  Duration since_{0};   // opened, or the trial began
};

}  // namespace portolan::controller
