#pragma once

#include <string>

#include "mapcore/base/result.h"

namespace portolan::controller {

constexpr std::size_t kSecretBytesMax = 4096;

// The first line of a file that holds one secret, without its newline. Errors: kNotFound, kDenied
// (unreadable, or writable for others than its owner), kInvalid when empty, too long or of several
// lines. No message has the content.
Result<std::string> ReadSecretFile(const std::string& path);

}  // namespace portolan::controller
