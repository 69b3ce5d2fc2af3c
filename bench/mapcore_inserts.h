#pragma once

#include "bench/map_measurement.h"
#include "bench/result.h"

namespace portolan::bench {

// How long single inserts take. Each is the shortest of three fills, so that what is left is the
// map's own work and not the scheduler's.

// The longest of 100,000.
void AddInserts100k(const MapData& data, Report& report);
// The longest of 1,000,000, alone and against absl's, and the times that half of them and 99.9 % do
// not exceed, against absl's.
// Takes 1.3 GB of memory.
void AddInserts10M(Report& report);
void AddInserts1M(const MapData& data, Report& report);
// Of 100,000 keys that all have one hash under the map's seed, put into a map of as many others.
void AddFlood(const MapData& data, Report& report);

}  // namespace portolan::bench
