#pragma once

#include "bench/map_measurement.h"
#include "bench/result.h"

namespace portolan::bench {

// What happens beside a lookup, each part against a lone lookup in the same round: a reader beside
// a writer at full speed, the cost of a reader's guard, and of choosing between stable and canary;
// and two readers against a peer behind locks.
void AddConcurrent(const MapData& data, int rounds, Report& report);

}  // namespace portolan::bench
