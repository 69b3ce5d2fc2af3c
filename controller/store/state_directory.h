#pragma once

#include <string>

#include "controller/process/file_descriptor.h"
#include "mapcore/base/result.h"

namespace portolan::controller {

// A directory that belongs to one process as long as this lives: it holds an flock on DIR/lock,
// which ends with the process however that ends.
class StateDirectory {
 public:
  // Creates the directory (0700, parents too) when absent. Errors: kInvalid when it is no directory
  // or others may write to it, kConflict when another process holds it, kUnavailable, kExhausted.
  static Result<StateDirectory> Open(const std::string& path);

  const std::string& path() const { return path_; }

 private:
  StateDirectory(std::string path, FileDescriptor lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  FileDescriptor lock_;
};

// Makes the directory's entries durable. Errors: kUnavailable, kNotFound, kExhausted.
Status SyncDirectory(const std::string& path);
// Creates one directory (0700) and makes its entry durable; one that exists is fine.
Status MakeDirectory(const std::string& path);

}  // namespace portolan::controller
