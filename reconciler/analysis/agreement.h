#pragma once

#include "manifests/value.h"

namespace portolan::reconciler {

// How two outputs for the same input compare.
struct Agreement {
  bool agrees = false;
  double distance =
      0;  // L2 norm of the difference; infinite when something else than numbers differs
};

// The numbers at the same places of both values form a vector each: the outputs agree when the L2
// norm of the difference is at most `tolerance` (absolute) and everything else is equal, members of
// objects without order. So a scalar is a vector of one, a matrix is compared by its Frobenius
// norm, and lists of different lengths never agree. Pure, O(size).
Agreement CompareOutputs(const manifests::Value& stable, const manifests::Value& canary,
                         double tolerance);

}  // namespace portolan::reconciler
