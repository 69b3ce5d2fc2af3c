#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bench/result.h"
#include "mapcore/base/result.h"

namespace portolan::bench {

// The expression language: rules as policies have them, compiled once and evaluated again and
// again. Both arguments are unused. Errors: kInternal when a rule answers wrongly, or when a rule
// over scalars allocates on the heap.
Result<std::vector<Finding>> MeasureCel(const std::string& portolan,
                                        const std::filesystem::path& directory);

}  // namespace portolan::bench
