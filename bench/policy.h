#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bench/result.h"
#include "mapcore/base/result.h"

namespace portolan::bench {

// What judging costs, in this process: one evaluation of each example policy (the median over the
// policies), and a plan of 1,000,000 changed keys under five rules of scope change, with the heap
// allocations that it takes. With $PORTOLAN_CEL_PEER, a folder with CEL libraries for JavaScript in
// its node_modules, the same rules by these in the same run. Errors: kInvalid when the example
// policies cannot be read, kUnavailable when the peers do not run.
Result<std::vector<Finding>> MeasurePolicy(const std::string& portolan,
                                           const std::filesystem::path& directory);

}  // namespace portolan::bench
