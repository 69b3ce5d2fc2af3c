#pragma once

#include <cstddef>
#include <string>

#include "controller/git/libgit.h"
#include "manifests/artifact.h"
#include "mapcore/base/result.h"
#include "reconciler/ports/git_source.h"

namespace portolan::controller {

// The reading end of a mirror, as the daemon holds it. It opens the repository when first needed,
// and sees what the worker fetches meanwhile without a reopen (measured). One thread's own.
//
// libgit2 never heals a mirror: a fetch into one with damaged objects says that there is nothing to
// do. So the first object that cannot be read marks the mirror as corrupt, and the owner sets it
// aside. Errors of all calls: kCorrupt "CorruptMirror: …" then, kUnavailable when the machine is at
// fault or nothing was fetched yet, kDenied for a mirror of another user.
class Mirror {
 public:
  explicit Mirror(std::string dir) : dir_(std::move(dir)) {}

  const std::string& dir() const { return dir_; }
  bool corrupt() const { return corrupt_; }
  void MarkCorrupt() { corrupt_ = true; }

  // Forgets the handle, after the worker rebuilt the mirror.
  void Close() { repository_.reset(); }
  // Moves the directory to <dir>.corrupt and starts from nothing. No worker may be running.
  Status SetAside();

  // The tree at a path of a commit ("" is the root); empty when the path is absent or no directory.
  // Errors also: kNotFound "CommitNotFound: …".
  Result<std::string> TreeAt(const std::string& commit, const std::string& path);
  // Where a branch that was followed to one commit went by moving to another.
  Result<reconciler::BranchMove> Classify(const std::string& followed, const std::string& tip);
  // As GitSource::Commits.
  Result<std::vector<std::string>> FirstParents(const std::string& from, const std::string& to);
  Result<manifests::Revision> Describe(const std::string& commit, const std::string& branch);
  // One file's bytes, their hash checked.
  Result<std::string> Read(const manifests::ArtifactFile& file);
  // Refers to a commit from refs/portolan/keep/<n>, and forgets all but the newest `pins_max`.
  Status Pin(const std::string& commit, std::size_t pins_max);

  Result<git_repository*> repository();

 private:
  // Passes an error on, after marking the mirror when it says kCorrupt.
  Error Noted(Error error);
  Result<GitPtr<git_commit>> Commit(const std::string& commit);

  std::string dir_;
  GitPtr<git_repository> repository_;
  bool corrupt_ = false;
};

}  // namespace portolan::controller
