#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "reconciler/rollout/fleet.h"

namespace portolan::reconciler {

using InstanceNames = std::set<std::string, std::less<>>;

// Which part of a fleet `split: instance` gives the new version.
struct InstanceShare {
  std::uint32_t weight = 0;  // of 100,000, below all
  std::string_view salt;
};

// The instances of the canary: ceil(weight * n) of the n with a lease, at most n − 1, so that one
// is left to compare with. Those of `kept` that still have a lease stay, even when there are more
// of them than that; the others come in the order of their hash. The exact count is the point:
// hashing alone puts 3 of 10 instances into 10 %. O(n log n).
InstanceNames ChooseInstances(const Fleet& fleet, const InstanceNames& kept,
                              const InstanceShare& share);

// "2 of 12 instances: a, b".
std::string ChosenText(const InstanceNames& chosen, const Fleet& fleet);

}  // namespace portolan::reconciler
