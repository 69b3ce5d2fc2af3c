#pragma once

#include <cstdint>
#include <string>

#include "manifests/strategy.h"

namespace portolan::bench {

// What goes wrong in a simulated fleet although the new version changes nothing.
enum class Trouble {
  kNone,
  kStickySubjects,  // one subject in 1,000 fails on every lookup
  kOneSubject,      // one subject makes 5 % of all lookups and always fails
  kBursts,          // every 20 s one subject in 97 fails for 3 s
  kOutage,          // from second 20 to 60 half of all lookups fail, on both arms
  kOutageInBake,    // the same from second 130 to 170
  kRollingRestart,  // four reporters, one after the other silent for 10 s and back under a new name
};

// A fleet under one rollout. Each of 100,000 subjects is equally often looked up, lookups come as a
// Poisson process, and reports are sent each second.
struct Fleet {
  manifests::Strategy strategy;
  double lookups_per_second = 100;
  double bad_ratio = 0.001;  // of lookups on stable
  double times_worse = 1;    // of lookups on the canary, at most all of them
  Trouble trouble = Trouble::kNone;
  std::uint64_t seed = 1;
};

enum class End { kBaking, kHealthy, kRolledBack, kTimeout };
struct Outcome {
  End end = End::kTimeout;
  int seconds = 0;
  std::uint32_t step = 0;  // in which it ended, from 1; evidence begins anew with each
};

// Drives the pure Step once a second until the rollout is at 100 % (`until` kBaking) or known good
// (kHealthy), rolled back, or `limit_s` is over. Equal fleets give equal outcomes, and fleets that
// differ in their trouble only are the same but for it: lookup by lookup, and what fails by itself.
Outcome Simulate(const Fleet& fleet, End until, int limit_s);

}  // namespace portolan::bench
