#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bench/result.h"
#include "mapcore/base/result.h"

namespace portolan::bench {

// What a dual run adds to a lookup, in this process: lookups of a map of 10,000 entries of which
// 240 changed, without a dual run, with one of 5 % and with one of all lookups, in turn within each
// round; on one thread and on two. The arguments are those of every benchmark and not used. Errors:
// kInternal when a dual run counts other than it was looked up.
Result<std::vector<Finding>> MeasureShadow(const std::string& portolan,
                                           const std::filesystem::path& directory);

}  // namespace portolan::bench
