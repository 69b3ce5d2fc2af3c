#include "controller/git/local_tree.h"

#include <git2.h>

#include <memory>

#include "controller/git/commit_history.h"
#include "controller/git/libgit.h"
#include "controller/git/mirror.h"
#include "controller/git/tree_listing.h"

// The command line's look into a repository of its user. Unlike a mirror it may hold loose
// objects, and libgit2 (1.5.1) reads one that was cut short, as a power cut leaves it, for ever:
// zlib makes no progress and the loop around it does not notice. `git fsck` names such an object;
// Ctrl-C ends the wait. The daemon reads mirrors only, which hold packs.

namespace portolan::controller {
namespace {

struct ObjectDeleter {
  void operator()(git_object* object) const { git_object_free(object); }
};
using ObjectPtr = std::unique_ptr<git_object, ObjectDeleter>;

struct Named {
  std::string commit;  // 40 hex digits
  std::string branch;  // that the revision names, or empty
};

Error CannotOpen(int rc, const std::string& where) {
  const GitFailure failure = LastGitFailure(rc);
  if (failure.foreign_owner())
    return {ErrorCode::kDenied, "the repository at \"" + where +
                                    "\" belongs to another user; run as its owner, or clone it"};
  if (rc == GIT_ENOTFOUND)
    return {ErrorCode::kNotFound, "\"" + where + "\" is in no git repository"};
  return {ErrorCode::kUnavailable,
          "cannot open the repository at \"" + where + "\": " + failure.text};
}

Result<GitPtr<git_repository>> OpenAbove(const std::string& where) {
  git_repository* raw = nullptr;
  // With the search upwards that git does, unlike the mirror's open.
  const int rc = git_repository_open_ext(&raw, where.c_str(), 0, nullptr);
  if (rc < 0) return CannotOpen(rc, where);
  return GitPtr<git_repository>(raw);
}

Result<Named> Resolve(git_repository* repository, const std::string& revision) {
  const Error unknown{ErrorCode::kNotFound,
                      "\"" + Printable(revision) + "\" names no commit of the repository"};
  git_object* raw = nullptr;
  git_reference* raw_reference = nullptr;
  if (git_revparse_ext(&raw, &raw_reference, repository, revision.c_str()) < 0) return unknown;
  const ObjectPtr object(raw);
  GitPtr<git_reference> reference(raw_reference);
  git_object* peeled = nullptr;
  if (git_object_peel(&peeled, object.get(), GIT_OBJECT_COMMIT) < 0) return unknown;
  const ObjectPtr commit(peeled);
  Named named;
  named.commit = git_oid_tostr_s(git_object_id(commit.get()));
  // HEAD is symbolic: the branch behind it is what the user means.
  if (reference && git_reference_type(reference.get()) == GIT_REFERENCE_SYMBOLIC &&
      git_reference_resolve(&raw_reference, reference.get()) == 0)
    reference.reset(raw_reference);
  if (reference && git_reference_is_branch(reference.get()) == 1)
    named.branch = git_reference_shorthand(reference.get());
  return named;
}

std::string TrimPath(std::string path) {
  while (path.ends_with('/')) path.pop_back();
  while (path.starts_with("./")) path.erase(0, 2);
  return path == "." ? "" : path;
}

}  // namespace

Result<manifests::Artifact> OpenLocalRevision(const std::string& repository,
                                              const std::string& revision,
                                              const std::string& path) {
  InitLibgit();
  PORTOLAN_TRY(const auto opened, OpenAbove(repository));
  PORTOLAN_TRY(const Named named, Resolve(opened.get(), revision));
  // The common directory: a linked worktree has its objects elsewhere.
  auto objects = std::make_shared<Mirror>(git_repository_commondir(opened.get()));
  const std::string below = TrimPath(path);
  PORTOLAN_TRY(const std::string tree, objects->TreeAt(named.commit, below));
  if (tree.empty())
    return Error{ErrorCode::kNotFound,
                 "\"" + Printable(below) + "\" is no directory at " + named.commit};
  manifests::Artifact artifact;
  PORTOLAN_TRY(artifact.revision, objects->Describe(named.commit, named.branch));
  PORTOLAN_TRY(git_repository* const reader, objects->repository());
  TreeListing listing{TreeLimits{}};
  PORTOLAN_TRY(auto listed, listing.List(reader, tree));
  artifact.files = std::move(listed.files);
  artifact.refusals = std::move(listed.refusals);
  artifact.read = [objects](const manifests::ArtifactFile& file) { return objects->Read(file); };
  return artifact;
}

Result<SignedCommit> ReadLocalCommit(const std::string& repository, const std::string& revision) {
  InitLibgit();
  PORTOLAN_TRY(const auto opened, OpenAbove(repository));
  PORTOLAN_TRY(const Named named, Resolve(opened.get(), revision));
  return ReadSignedCommit(opened.get(), named.commit);
}

Result<std::vector<std::string>> ListLocalCommits(const std::string& repository,
                                                  const std::string& revision,
                                                  std::size_t commits_max) {
  InitLibgit();
  PORTOLAN_TRY(const auto opened, OpenAbove(repository));
  PORTOLAN_TRY(const Named named, Resolve(opened.get(), revision));
  return FirstParents(opened.get(), named.commit, commits_max);
}

std::string LibgitFeatures() {
  int major = 0, minor = 0, patch = 0;
  git_libgit2_version(&major, &minor, &patch);
  const int features = git_libgit2_features();
  std::string text = "libgit2 " + std::to_string(major) + "." + std::to_string(minor) + "." +
                     std::to_string(patch);
  text += (features & GIT_FEATURE_HTTPS) != 0 ? " (https" : " (no https";
  text += (features & GIT_FEATURE_SSH) != 0 ? ", ssh" : ", no ssh";
  return text + ((features & GIT_FEATURE_THREADS) != 0 ? ", threads)" : ", no threads)");
}

}  // namespace portolan::controller
