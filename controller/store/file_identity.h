#pragma once

#include <sys/types.h>

#include <string>

#include "mapcore/base/result.h"

namespace portolan::controller {

// Which file a path named at one moment: a file that is deleted or replaced under an open
// descriptor has another identity, and what is written through the descriptor is lost.
struct FileIdentity {
  std::string path;
  dev_t device = 0;
  ino_t inode = 0;

  static Result<FileIdentity> Of(const std::string& path);
  // Errors: kUnavailable when the path names no file or another one now.
  Status CheckUnchanged() const;
};

}  // namespace portolan::controller
