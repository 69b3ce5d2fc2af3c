#include "controller/store/file_identity.h"

#include <sys/stat.h>

#include <cerrno>

#include "controller/store/system_error.h"

namespace portolan::controller {

Result<FileIdentity> FileIdentity::Of(const std::string& path) {
  struct stat info;
  if (::stat(path.c_str(), &info) != 0) return SystemError("stat " + path, errno);
  return FileIdentity{path, info.st_dev, info.st_ino};
}

// A path and an inode; an inode that is used again at once by a new file is missed. It is a guard
// against hands, not against an attacker.
Status FileIdentity::CheckUnchanged() const {
  const auto now = Of(path);
  if (now.ok() && now->device == device && now->inode == inode) return {};
  return Error{ErrorCode::kUnavailable,
               path + " was " + (now.ok() ? "replaced" : "removed") +
                   " while it was open; nothing more is written to it: restore it and restart"};
}

}  // namespace portolan::controller
