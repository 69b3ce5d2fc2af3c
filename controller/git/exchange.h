#pragma once

#include <memory>
#include <string>

#include "controller/git/job.h"
#include "controller/git/libgit.h"
#include "controller/git/mirror_files.h"

namespace portolan::controller {

// The writing end of a mirror, as the worker holds it: asks the remote, and fetches one branch to
// one ref. It owns the mirror's lock. One thread's own. Calls block for as long as the remote
// pleases (libgit2 1.5 has no timeouts), which is why this runs in a process that can be killed.
class MirrorWriter {
 public:
  // Takes the lock, sweeps leftovers, and opens the mirror or makes an empty one. Errors as in
  // GitSource; kCorrupt "CorruptMirror: …" when the directory is there but is no repository that
  // this version of libgit2 opens.
  static Result<std::unique_ptr<MirrorWriter>> Open(const std::string& mirror);

  // Errors as in GitSource. BranchNotFound and EmptyRepository are kNotFound, and leave the
  // mirror's ref as it was.
  Result<FetchReply> Fetch(const FetchJob& job);

  // Leaves one pack with what the refs reach (libgit2 1.5 never packs, and every fetch adds a
  // pack). No network.
  Result<FetchReply> Rebuild();

 private:
  MirrorWriter(std::string mirror, MirrorLock lock)
      : mirror_(std::move(mirror)), lock_(std::move(lock)) {}
  Status OpenRepository();

  std::string mirror_;
  MirrorLock lock_;
  GitPtr<git_repository> repository_;
};

}  // namespace portolan::controller
