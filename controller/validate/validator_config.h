#pragma once

#include <string>
#include <vector>

#include "controller/process/child_process.h"

namespace portolan::controller {

// A validator as the operator configured it (docs/configuration.md).
struct ValidatorConfig {
  std::string name;
  std::vector<std::string> command;  // [0] is an absolute path; empty: promtool
  ProcessLimits limits;
};

}  // namespace portolan::controller
