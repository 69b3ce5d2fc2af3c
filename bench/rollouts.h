#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bench/result.h"
#include "mapcore/base/result.h"

namespace portolan::bench {

// 1,000 maps that roll out at once in a real daemon, each reported on by clients every second: the
// time until all have begun, of verbs through the control loop, from an abort to stable for every
// lookup, and the processor time that the daemon takes. Takes about a minute. `portolan` is the
// program, `directory` is made anew and removed. Errors: as the parts say; kTimeout when the daemon
// does not get where it should.
Result<std::vector<Finding>> MeasureRollouts(const std::string& portolan,
                                             const std::filesystem::path& directory);

}  // namespace portolan::bench
