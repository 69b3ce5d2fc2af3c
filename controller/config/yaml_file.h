#pragma once

#include <string>
#include <vector>

#include "manifests/diagnostic.h"
#include "manifests/node.h"
#include "mapcore/base/result.h"

namespace portolan::controller {

constexpr std::size_t kConfigBytesMax = 1u << 20;

// The bytes of a file, at most `bytes_max`. Errors: kNotFound, kDenied, kUnavailable, kInvalid when
// larger or no file.
Result<std::string> ReadFile(const std::string& path, std::size_t bytes_max);
// For files that decide who may do what. Errors: kDenied when others than the owner may write to it.
Status CheckOnlyOwnerWrites(const std::string& path);
// The one document of a YAML file. Errors: those of ReadFile; kInvalid with everything that is
// wrong, at file:line:col.
Result<manifests::Node> ReadYamlFile(const std::string& path);
// kInvalid with all diagnostics as the message, one a line.
Error InvalidFile(std::vector<manifests::Diagnostic> diagnostics);

}  // namespace portolan::controller
