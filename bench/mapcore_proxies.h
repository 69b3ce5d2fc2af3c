#pragma once

#include <vector>

#include "bench/result.h"

namespace portolan::bench {

// The ways to share a map between threads, beside what programs do without them: a deep copy of the
// map for every write, a mutex, and a reader-writer lock around std::unordered_map. 1,000 keys with
// values of 32 bytes, nine of ten operations on 100 of them; prints millions of operations a second
// and allocations an operation for three shares of writes.
std::vector<Finding> MeasureProxies(int rounds);

}  // namespace portolan::bench
