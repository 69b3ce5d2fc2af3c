#pragma once

#include "bench/map_measurement.h"
#include "bench/result.h"

namespace portolan::bench {

// What versions of a map of 1,000,000 entries cost: taking a snapshot, the first write
// behind one and a hundred, comparing versions that differ in 0, 1, 100 and 10,000 keys, what they
// keep, letting a thousand of them go, and a commit of twenty writes.
void AddVersions(const MapData& data, int rounds, Report& report);

// A hundred scattered overwrites behind a snapshot for as many without one, as times a write; on a
// map of the size of `data`, which `suffix` names.
void AddScatteredRound(const MapData& data, const char* suffix, double aim, Report& report);

}  // namespace portolan::bench
