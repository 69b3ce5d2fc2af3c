#include "controller/git/commit_history.h"

#include <git2.h>

#include "controller/git/libgit.h"
#include "controller/git/tree_listing.h"
#include "manifests/short_commit.h"

namespace portolan::controller {
namespace {

Result<GitPtr<git_commit>> Lookup(git_repository* repository, const std::string& commit) {
  git_oid id;
  git_commit* raw = nullptr;
  if (commit.size() != GIT_OID_HEXSZ || git_oid_fromstr(&id, commit.c_str()) < 0)
    return Error{ErrorCode::kNotFound,
                 "CommitNotFound: \"" + Printable(commit) + "\" is no commit id of 40 hex digits"};
  const int rc = git_commit_lookup(&raw, repository, &id);
  if (rc == GIT_ENOTFOUND)
    return Error{ErrorCode::kNotFound, "CommitNotFound: the repository does not hold " + commit};
  if (rc < 0) return MirrorReadError(rc, "commit " + commit);
  return GitPtr<git_commit>(raw);
}

Result<GitPtr<git_commit>> FirstParent(git_commit* commit) {
  git_commit* parent = nullptr;
  if (const int rc = git_commit_parent(&parent, commit, 0); rc < 0)
    return MirrorReadError(rc,
                           std::string("the parent of ") + git_oid_tostr_s(git_commit_id(commit)));
  return GitPtr<git_commit>(parent);
}

// Bytes that libgit2 handed out.
class Buffer {
 public:
  Buffer() = default;
  ~Buffer() { git_buf_dispose(&buffer_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  git_buf* out() { return &buffer_; }
  std::string text() const { return {buffer_.ptr, buffer_.size}; }

 private:
  git_buf buffer_{};
};

}  // namespace

Result<SignedCommit> ReadSignedCommit(git_repository* repository, const std::string& commit) {
  PORTOLAN_TRY(const GitPtr<git_commit> found, Lookup(repository, commit));
  git_oid id = *git_commit_id(found.get());
  Buffer signature, payload;
  const int rc =
      git_commit_extract_signature(signature.out(), payload.out(), repository, &id, nullptr);
  if (rc == GIT_ENOTFOUND) return SignedCommit{commit, "", ""};  // it has none
  if (rc < 0) return MirrorReadError(rc, "the signature of " + commit);
  return SignedCommit{commit, signature.text(), payload.text()};
}

Result<std::vector<std::string>> FirstParents(git_repository* repository, const std::string& commit,
                                              std::size_t commits_max) {
  PORTOLAN_TRY(GitPtr<git_commit> next, Lookup(repository, commit));
  std::vector<std::string> commits;
  while (commits.size() < commits_max) {
    commits.emplace_back(git_oid_tostr_s(git_commit_id(next.get())));
    if (git_commit_parentcount(next.get()) == 0) break;
    PORTOLAN_TRY(next, FirstParent(next.get()));
  }
  return commits;
}

Result<std::vector<std::string>> CommitsSince(git_repository* repository,
                                              const std::string& followed,
                                              const std::string& commit, std::size_t commits_max) {
  PORTOLAN_TRY(const GitPtr<git_commit> base, Lookup(repository, followed));
  PORTOLAN_TRY(GitPtr<git_commit> next, Lookup(repository, commit));
  const git_oid* const known = git_commit_id(base.get());
  std::vector<std::string> commits;
  for (;;) {
    const git_oid* const id = git_commit_id(next.get());
    if (git_oid_equal(known, id) != 0) return commits;
    const int descends = git_graph_descendant_of(repository, known, id);
    if (descends < 0) return MirrorReadError(descends, "the history of " + commit);
    if (descends == 1) return commits;
    if (commits.size() == commits_max)
      return Error{ErrorCode::kDenied, "RangeTooLong: commit " + manifests::ShortCommit(commit) +
                                           " is more than " + std::to_string(commits_max) +
                                           " commits after " + manifests::ShortCommit(followed)};
    commits.emplace_back(git_oid_tostr_s(id));
    if (git_commit_parentcount(next.get()) == 0) return commits;
    PORTOLAN_TRY(next, FirstParent(next.get()));
  }
}

}  // namespace portolan::controller
