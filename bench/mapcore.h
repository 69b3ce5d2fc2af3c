#pragma once

#include <vector>

#include "bench/result.h"

namespace portolan::bench {

// The hash map beside those that a program could take from Debian packages: std, Abseil, Boost's
// `unordered_map` and oneTBB's, and in processes of their own Boost 1.81's flat map and Go's map
// where they are installed; filled with the same keys (19 to 40 bytes) and values (24 to 96),
// interleaved round by round in one process. Ratios are of time or bytes against
// absl::flat_hash_map in the same round; below 1 is faster or smaller.
std::vector<Finding> MeasureMapcore(int rounds);

}  // namespace portolan::bench
