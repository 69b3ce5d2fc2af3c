#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bench/result.h"
#include "mapcore/base/result.h"

namespace portolan::bench {

// A map of 1,000,000 keys in a real daemon: its memory at rest and while 1 % of the keys roll out,
// the time from a commit to its plan, from a decision to its publication, and of lookups over HTTP
// all the while. Takes about a minute. `portolan` is the program, `directory` is made anew and
// removed. Errors: as the parts say; kTimeout when the daemon does not get where it should.
Result<std::vector<Finding>> MeasureMillion(const std::string& portolan,
                                            const std::filesystem::path& directory);

}  // namespace portolan::bench
