#pragma once

#include <cstdint>
#include <string>

#include "mapcore/base/result.h"

namespace portolan::controller {

// A mirror is a bare repository in a directory D that only Portolan writes. Beside it stand D.lock
// (held by the worker that fetches into it), D.new (being built), D.corrupt (the last mirror that
// could not be read) and D.home (the worker's empty HOME).

// The right to write one mirror, held by at most one process until destruction (flock).
class MirrorLock {
 public:
  // Waits up to two seconds for another process to let go. Errors: kConflict "Denied: …".
  static Result<MirrorLock> Acquire(const std::string& mirror);
  MirrorLock(MirrorLock&& other) noexcept;
  MirrorLock& operator=(MirrorLock&&) = delete;
  ~MirrorLock();

 private:
  explicit MirrorLock(int fd) : fd_(fd) {}

  int fd_;
};

// Removes what a killed fetch leaves behind and nothing else ever does: *.lock files, which fail
// every later fetch, and half-written packs and objects (libgit2 1.5.1, measured). Only under the
// mirror's lock.
void SweepMirror(const std::string& mirror);

std::int64_t CountPacks(const std::string& mirror);

// Moves an unreadable mirror to D.corrupt, replacing the one before, so that the next fetch starts
// from nothing and a person can still look at it. Errors: kUnavailable "StorageFull: …" or "Denied:
// …" as the file system says.
Status SetMirrorAside(const std::string& mirror);

// Puts D.new in the place of D in one step, then removes the old one. Errors: kUnavailable when the
// file system cannot exchange directories; D is unharmed then.
Status ExchangeMirror(const std::string& mirror);

// The error of a file operation under the mirror, by errno: StorageFull, Denied or Unreachable.
Error MirrorFileError(const std::string& what, int error_number);

}  // namespace portolan::controller
