#pragma once

#include <string>
#include <vector>

#include "controller/cli/environment.h"

namespace portolan::controller {

// Runs one command line (without the program's name) and returns the process's exit code
// (exit_code.h). Data goes to env.out, progress and sentences for people to env.err. `serve` and
// `git-worker` are not known here: the program handles them first.
int RunCli(const CliEnvironment& env, std::vector<std::string> args);

}  // namespace portolan::controller
