#pragma once

#include <string>
#include <vector>

#include "controller/validate/validator_config.h"
#include "mapcore/base/result.h"

namespace portolan::controller {

// Reads a file of validators (docs/configuration.md). Programs are absolute paths or relative to
// its folder. Errors: kNotFound and kDenied for the file itself, otherwise kInvalid with everything
// that is wrong, one `file:line:col: field: …` a line.
Result<std::vector<ValidatorConfig>> LoadValidators(const std::string& path);

}  // namespace portolan::controller
