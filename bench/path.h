#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bench/result.h"
#include "mapcore/base/result.h"

namespace portolan::bench {

// The whole path as users feel it, against a real daemon on a real git repository (file path):
// commit to first canary subject, abort to everyone on stable, and push to plan in a repository of
// 5,000 maps. `portolan` is the program, `directory` is made anew and removed. Errors: as the parts
// say; kTimeout when the daemon does not get where it should.
Result<std::vector<Finding>> MeasurePath(const std::string& portolan,
                                         const std::filesystem::path& directory);

}  // namespace portolan::bench
