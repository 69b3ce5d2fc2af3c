#pragma once

#include "bench/map_measurement.h"
#include "bench/result.h"

namespace portolan::bench {

// One round of what happens beside a lookup, each part against a lone lookup in the same round: a
// reader beside a writer at full speed, the cost of a reader's guard, and of choosing between
// stable and canary.
void AddConcurrentRound(const MapData& data, Report& report);

}  // namespace portolan::bench
