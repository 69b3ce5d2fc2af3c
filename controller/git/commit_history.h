#pragma once

#include <string>
#include <vector>

#include "controller/signature/signed_commit.h"
#include "mapcore/base/result.h"

struct git_repository;

namespace portolan::controller {

// A commit's signature and the bytes that it covers. Errors: kNotFound "CommitNotFound: …";
// kCorrupt and kUnavailable as the mirror's.
Result<SignedCommit> ReadSignedCommit(git_repository* repository, const std::string& commit);

// A commit and its first parents, newest first, at most `commits_max`. Errors: those of
// ReadSignedCommit.
Result<std::vector<std::string>> FirstParents(git_repository* repository, const std::string& commit,
                                              std::size_t commits_max);

// The commits that the branch itself gained since `followed`, newest first: `commit` and its first
// parents up to the first that `followed` is or descends from. What a merge brought in by its other
// parents is vouched for by the signature of the merge. At most `commits_max`. Errors: kDenied
// "RangeTooLong: …"; those of ReadSignedCommit.
Result<std::vector<std::string>> CommitsSince(git_repository* repository,
                                              const std::string& followed,
                                              const std::string& commit, std::size_t commits_max);

}  // namespace portolan::controller
