#pragma once

#include <string>
#include <vector>

namespace portolan::controller {

// The verb `serve`: runs a daemon until SIGTERM or SIGINT. Returns the process's exit code.
int RunServe(const std::vector<std::string>& arguments);

}  // namespace portolan::controller
