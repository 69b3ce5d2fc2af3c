#pragma once

#include <string>
#include <vector>

#include "controller/signature/signed_commit.h"
#include "manifests/artifact.h"
#include "mapcore/base/result.h"

namespace portolan::controller {

// The files below `path` ("" or "." for all) at a revision of a repository on this machine: a
// working copy, any directory inside one, a linked worktree or a bare repository. `revision` is
// what git rev-parse takes: "HEAD~1", a branch, a tag, an abbreviated commit. Reads objects only,
// never the working copy or the network. The artifact belongs to the caller's thread. Errors:
// kNotFound for no repository, revision or path; kDenied for another user's repository; kCorrupt
// and kUnavailable as the objects are.
Result<manifests::Artifact> OpenLocalRevision(const std::string& repository,
                                              const std::string& revision, const std::string& path);

// The commit that a revision of such a repository names, with its signature. Errors: the same.
Result<SignedCommit> ReadLocalCommit(const std::string& repository, const std::string& revision);

// The commit that a revision of such a repository names and its first parents, newest first, at
// most `commits_max`. Errors: the same.
Result<std::vector<std::string>> ListLocalCommits(const std::string& repository,
                                                  const std::string& revision,
                                                  std::size_t commits_max);

// "libgit2 1.5.1 (https, ssh)": version and transports of the library at run time.
std::string LibgitFeatures();

}  // namespace portolan::controller
