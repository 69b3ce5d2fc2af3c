#pragma once

#include <string>

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

// "libgit2 1.5.1 (https, ssh)": version and transports of the library at run time.
std::string LibgitFeatures();

}  // namespace portolan::controller
