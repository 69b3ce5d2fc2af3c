#pragma once

#include <string>

#include "controller/signature/signers.h"
#include "mapcore/base/result.h"

namespace portolan::controller {

// Reads a file of allowed signers and the files of keys it names; relative paths are relative to
// its folder (docs/configuration.md). Errors: kNotFound and kDenied for the file itself, otherwise
// kInvalid with everything that is wrong, one `file:line:col: field: …` a line.
Result<Signers> LoadSigners(const std::string& path);

}  // namespace portolan::controller
