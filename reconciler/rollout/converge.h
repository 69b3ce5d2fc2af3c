#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reconciler/rollout/rollout.h"

namespace portolan::reconciler {

// How far the instances have come with what the present step gives them. Those with a lease count;
// one that left or was lost holds up nothing.
struct Convergence {
  std::int64_t live = 0;
  std::int64_t converged = 0;        // acknowledged what they are to hold
  std::int64_t required = 0;         // so many must; 0: no instance is known, nothing is gated
  std::vector<std::string> lagging;  // names of the first few others, in byte order

  bool reached() const { return converged >= required; }
};

// Of the rollout in flight; without one all are converged. With `split: subject` every instance is
// to apply the new version besides stable. Required are all of up to ten instances, else 95 %, or
// the strategy's `converge.share`. O(instances).
Convergence ConvergenceOf(const Rollout& rollout);

// "9 of 12 instances acknowledged; still missing: a, b, c".
std::string ConvergenceText(const Convergence& convergence);

}  // namespace portolan::reconciler
