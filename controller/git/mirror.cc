#include "controller/git/mirror.h"

#include <git2.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <string_view>

#include "controller/git/mirror_files.h"
#include "controller/git/tree_listing.h"

// Reads objects by id and path, never a working tree, so that no filter, hook, attribute or file
// mode of a repository has a say in what is read. libgit2 compares every object that it reads with
// its id (GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION is on by default): bytes that come out of here
// are those that the commit names.

namespace portolan::controller {
namespace {

using reconciler::BranchMove;

constexpr std::string_view kPins = "refs/portolan/keep/";
// A committer may claim any 64-bit number of seconds. What the years 0000 to 9999 cannot say would
// overflow in milliseconds, and be written as a time that no reader of records accepts.
constexpr git_time_t kEarliestCommit = -62'167'219'200;
constexpr git_time_t kLatestCommit = 253'402'300'799;

// git_oid_fromstr takes what follows 40 digits for nothing.
Result<git_oid> ParseOid(const std::string& text) {
  git_oid id;
  if (text.size() != GIT_OID_HEXSZ || git_oid_fromstr(&id, text.c_str()) < 0) {
    return Error{ErrorCode::kNotFound,
                 "CommitNotFound: \"" + Printable(text) + "\" is no commit id of 40 hex digits"};
  }
  return id;
}

// Asked first: a lookup of an absent object and of a damaged one fail with the same code.
bool Holds(git_repository* repository, const git_oid& id) {
  git_odb* raw = nullptr;
  if (git_repository_odb(&raw, repository) < 0) return false;
  const GitPtr<git_odb> odb(raw);
  return git_odb_exists(odb.get(), &id) == 1;
}

// The commits that are pinned, by the number of their ref: older first.
using PinsByNumber = std::map<std::uint64_t, git_oid>;

int CollectPin(git_reference* raw, void* payload) {
  const GitPtr<git_reference> reference(raw);
  std::string_view name = git_reference_name(raw);
  const git_oid* target = git_reference_target(raw);
  if (!name.starts_with(kPins) || target == nullptr) return 0;
  name.remove_prefix(kPins.size());
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
  if (parsed.ec == std::errc()) (*static_cast<PinsByNumber*>(payload))[number] = *target;
  return 0;
}

std::string PinName(std::uint64_t number) {
  return std::string(kPins) + std::to_string(number);
}

}  // namespace

Status Mirror::SetAside() {
  Close();
  PORTOLAN_CHECK(SetMirrorAside(dir_));
  corrupt_ = false;
  return {};
}

Error Mirror::Noted(Error error) {
  corrupt_ = corrupt_ || error.code == ErrorCode::kCorrupt;
  return error;
}

Result<git_repository*> Mirror::repository() {
  if (repository_) return repository_.get();
  InitLibgit();
  std::error_code ignored;
  if (!std::filesystem::exists(dir_, ignored)) {
    return Error{ErrorCode::kUnavailable, "Unreachable: nothing was fetched yet into " + dir_};
  }
  const int rc = OpenBareRepository(repository_, dir_);
  if (rc >= 0) return repository_.get();
  if (LastGitFailure(rc).foreign_owner()) {
    return Error{ErrorCode::kDenied, "Denied: the mirror " + dir_ +
                                         " belongs to another user; chown it to the "
                                         "controller's user, or remove it"};
  }
  return Noted(MirrorReadError(rc, "the mirror " + dir_));
}

Result<GitPtr<git_commit>> Mirror::Commit(const std::string& commit) {
  PORTOLAN_TRY(git_repository* const repository, this->repository());
  PORTOLAN_TRY(const git_oid id, ParseOid(commit));
  if (!Holds(repository, id)) {
    return Error{ErrorCode::kNotFound, "CommitNotFound: the mirror does not hold " + commit};
  }
  git_commit* raw = nullptr;
  if (const int rc = git_commit_lookup(&raw, repository, &id); rc < 0) {
    return Noted(MirrorReadError(rc, "commit " + commit));
  }
  return GitPtr<git_commit>(raw);
}

Result<std::string> Mirror::TreeAt(const std::string& commit, const std::string& path) {
  PORTOLAN_TRY(const GitPtr<git_commit> from, Commit(commit));
  git_tree* raw = nullptr;
  if (const int rc = git_commit_tree(&raw, from.get()); rc < 0) {
    return Noted(MirrorReadError(rc, "the tree of " + commit));
  }
  const GitPtr<git_tree> root(raw);
  if (path.empty()) return std::string(git_oid_tostr_s(git_tree_id(root.get())));
  git_tree_entry* entry = nullptr;
  const int rc = git_tree_entry_bypath(&entry, root.get(), path.c_str());
  // The path is absent, as the tree says; an absent object on the way is category ODB, and damage.
  if (rc == GIT_ENOTFOUND && LastGitFailure(rc).category == GIT_ERROR_TREE) return std::string();
  if (rc < 0) return Noted(MirrorReadError(rc, "\"" + path + "\" of " + commit));
  std::string tree;
  if (git_tree_entry_type(entry) == GIT_OBJECT_TREE) {
    tree = git_oid_tostr_s(git_tree_entry_id(entry));
  }
  git_tree_entry_free(entry);
  return tree;
}

Result<BranchMove> Mirror::Classify(const std::string& followed, const std::string& tip) {
  if (followed.empty()) return BranchMove::kFirst;
  if (followed == tip) return BranchMove::kUnchanged;
  PORTOLAN_TRY(git_repository* const repository, this->repository());
  PORTOLAN_TRY(const git_oid from, ParseOid(followed));
  PORTOLAN_TRY(const git_oid to, ParseOid(tip));
  // The tip came with all its ancestors, so a commit that is not here is none of them.
  // Not of a shallow remote: its boundary looks like damage, and the mirror is cloned anew in
  // vain.
  if (!Holds(repository, from)) return BranchMove::kRewritten;
  // O(commits between the two), with the generation numbers of a commit-graph if there is one.
  const int descends = git_graph_descendant_of(repository, &to, &from);
  if (descends == 1) return BranchMove::kFastForward;
  git_oid base;
  const int rc = descends < 0 ? descends : git_merge_base(&base, repository, &to, &from);
  // No common ancestor is an answer; a history that cannot be read is not.
  if (rc == GIT_ENOTFOUND && LastGitFailure(rc).category == GIT_ERROR_MERGE) {
    return BranchMove::kUnrelated;
  }
  if (rc < 0) return Noted(MirrorReadError(rc, "the history from " + followed + " to " + tip));
  return BranchMove::kRewritten;
}

Result<std::vector<std::string>> Mirror::FirstParents(const std::string& from,
                                                      const std::string& to) {
  std::vector<std::string> commits;
  std::string at = to;
  while (at != from) {
    PORTOLAN_TRY(const GitPtr<git_commit> commit, Commit(at));
    commits.push_back(at);
    if (git_commit_parentcount(commit.get()) == 0 || commits.size() >= reconciler::kCommitsMax)
      return Error{ErrorCode::kNotFound,
                   "NotAnAncestor: " + to + " does not descend from " + from + " by first parents"};
    at = git_oid_tostr_s(git_commit_parent_id(commit.get(), 0));
  }
  std::ranges::reverse(commits);
  return commits;
}

Result<manifests::Revision> Mirror::Describe(const std::string& commit, const std::string& branch) {
  PORTOLAN_TRY(const GitPtr<git_commit> found, Commit(commit));
  manifests::Revision revision;
  revision.branch = branch;
  revision.commit = commit;
  const git_signature* author = git_commit_author(found.get());
  revision.author = Printable(std::string(author->name) + " <" + author->email + ">");
  const char* summary = git_commit_summary(found.get());
  revision.subject = Printable(summary != nullptr ? summary : "");
  revision.time = WallTime(std::chrono::seconds(
      std::clamp(git_commit_time(found.get()), kEarliestCommit, kLatestCommit)));
  return revision;
}

Result<std::string> Mirror::Read(const manifests::ArtifactFile& file) {
  PORTOLAN_TRY(git_repository* const repository, this->repository());
  PORTOLAN_TRY(const git_oid id, ParseOid(file.oid));
  git_blob* raw = nullptr;
  if (const int rc = git_blob_lookup(&raw, repository, &id); rc < 0) {
    return Noted(MirrorReadError(rc, "\"" + file.path + "\" (" + file.oid + ")"));
  }
  const GitPtr<git_blob> blob(raw);
  return std::string(static_cast<const char*>(git_blob_rawcontent(raw)),
                     static_cast<std::size_t>(git_blob_rawsize(raw)));
}

// Refs keep objects through a rebuild (and a `git gc` by hand) when the branch has moved away. A
// new pin is written before old ones go: a crash between leaves one too many, which the next call
// removes.
Status Mirror::Pin(const std::string& commit, std::size_t pins_max) {
  PORTOLAN_TRY(const GitPtr<git_commit> pinned, Commit(commit));
  const git_oid id = *git_commit_id(pinned.get());
  PinsByNumber pins;
  int rc = git_reference_foreach(repository_.get(), CollectPin, &pins);
  if (rc < 0) return Noted(MirrorReadError(rc, "the mirror's refs"));
  if (!pins.empty() && git_oid_equal(&pins.rbegin()->second, &id) != 0) return {};
  const std::uint64_t number = pins.empty() ? 0 : pins.rbegin()->first + 1;
  git_reference* raw = nullptr;
  rc = git_reference_create(&raw, repository_.get(), PinName(number).c_str(), &id, 1, nullptr);
  const GitPtr<git_reference> reference(raw);
  if (rc < 0) {
    return Error{ErrorCode::kUnavailable,
                 "StorageFull: cannot pin " + commit + ": " + LastGitFailure(rc).text};
  }
  // A commit that was pinned before counts once, as its newest pin.
  std::erase_if(pins, [&](const auto& pin) {
    if (git_oid_equal(&pin.second, &id) == 0) return false;
    git_reference_remove(repository_.get(), PinName(pin.first).c_str());
    return true;
  });
  for (auto oldest = pins.begin(); pins.size() + 1 > pins_max && oldest != pins.end();) {
    git_reference_remove(repository_.get(), PinName(oldest->first).c_str());
    oldest = pins.erase(oldest);
  }
  return {};
}

}  // namespace portolan::controller
