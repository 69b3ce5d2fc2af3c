#pragma once

#include <string>

#include "examples/demo/workshop.h"

namespace portolan::bench {

// Waits until the daemon says that the map is in the phase. Errors: kTimeout with the phase that it
// is in, after `patience`.
Status AwaitPhase(const demo::Workshop& workshop, const std::string& map, const std::string& phase,
                  Duration patience);

}  // namespace portolan::bench
