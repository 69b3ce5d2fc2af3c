#pragma once

#include <string>

#include "mapcore/base/result.h"

namespace portolan::controller {

// A folder of its own below the system's temporary one, which nobody else may enter (mode 0700),
// removed with everything in it at the end.
class ScratchFolder {
 public:
  // Errors: kUnavailable.
  static Result<ScratchFolder> Make();
  ScratchFolder(ScratchFolder&& other) noexcept : path_(std::move(other.path_)) {
    other.path_.clear();
  }
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder();

  const std::string& path() const { return path_; }
  // Writes a file with mode 0600; its path. Errors: kUnavailable.
  Result<std::string> Write(const std::string& name, const std::string& bytes) const;

 private:
  explicit ScratchFolder(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

}  // namespace portolan::controller
