#pragma once

#include <string>

#include "mapcore/base/result.h"

namespace portolan::controller {

// The Error of a failed system call: "ACTION: what the system says". A full disk, quota or size
// limit is kExhausted, a missing file kNotFound, everything else kUnavailable.
Error SystemError(const std::string& action, int error_number);

}  // namespace portolan::controller
