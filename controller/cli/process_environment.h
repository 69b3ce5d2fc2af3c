#pragma once

#include <string>

#include "controller/cli/environment.h"

namespace portolan::controller {

// The environment of this process: its streams, variables, files, clock, and daemons over HTTP.
// SIGINT keeps its default action, which ends the process with 130 in a shell. `clock` outlives the
// result.
CliEnvironment ProcessEnvironment(const Clock& clock, std::string version);

}  // namespace portolan::controller
