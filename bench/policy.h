#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bench/result.h"
#include "mapcore/base/result.h"

namespace portolan::bench {

// What judging costs, in this process: one evaluation of each example policy (the median over the
// policies), and a plan of 1,000,000 changed keys under five rules of scope change, with the heap
// allocations that it takes. The arguments are those of every benchmark and not used. Errors:
// kInvalid when the example policies cannot be read.
Result<std::vector<Finding>> MeasurePolicy(const std::string& portolan,
                                           const std::filesystem::path& directory);

}  // namespace portolan::bench
