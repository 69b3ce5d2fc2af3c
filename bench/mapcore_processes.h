#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/map_measurement.h"

namespace portolan::bench {

// A map that is measured in a process of its own, because it is of another language or another
// version of a library: `command` ENTRIES prints one line with the fields of MapTimes in their
// order.
struct MapProcess {
  std::string name;
  std::string command;
};

// Those that lie beside this program; ./scripts/bench builds what can be built.
std::vector<MapProcess> MapProcesses();

// Runs it and waits. Nothing when it fails.
std::optional<MapTimes> MeasureProcess(const MapProcess& process, std::size_t entries);

}  // namespace portolan::bench
