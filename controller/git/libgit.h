#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "mapcore/base/result.h"

struct git_blob;
struct git_commit;
struct git_odb;
struct git_reference;
struct git_remote;
struct git_repository;
struct git_revwalk;
struct git_tree;

namespace portolan::controller {

// Frees whatever libgit2 handed out.
struct GitDeleter {
  void operator()(git_blob* blob) const;
  void operator()(git_commit* commit) const;
  void operator()(git_odb* odb) const;
  void operator()(git_reference* reference) const;
  void operator()(git_remote* remote) const;
  void operator()(git_repository* repository) const;
  void operator()(git_revwalk* walk) const;
  void operator()(git_tree* tree) const;
};

// An owned object of libgit2. Objects belong to the thread that uses their repository.
template <typename T>
using GitPtr = std::unique_ptr<T, GitDeleter>;

// Initialises libgit2 for this process: no configuration file but a repository's own is read, and
// windows and caches stay far below the worker's address space. Thread-safe; the first call does
// the work.
void InitLibgit();

// Makes the packs that this process writes, and those that libgit2 makes for it of a repository on
// the same machine, keep files above 1 MiB whole. Looking for the difference of large files costs
// about a second for each MB (libgit2 has no cap), and a map of a million entries is 80 MB. Writes
// a configuration file into `directory`, which must exist. Not thread-safe: before other calls.
// Errors: kUnavailable.
Status KeepLargeFilesWhole(const std::string& directory);

// What libgit2 said about a failed call.
struct GitFailure {
  int code;          // git_error_code, negative
  int category;      // git_error_t
  std::string text;  // printable, may come from a remote

  // The process's or the machine's trouble (files, memory), which says nothing about the bytes of a
  // repository.
  bool environmental() const;
  // The refusal of a repository that another user owns. 1.5 words it as "config value
  // 'safe.directory' was not found" (libgit2 #6408).
  bool foreign_owner() const;
};

// The failure behind a negative return code. Call it at once and on the same thread: after a
// success the text is stale.
GitFailure LastGitFailure(int code);

// Opens a bare repository, with libgit2's checks of ownership and extensions
// (git_repository_open_bare has neither). Returns libgit2's code.
int OpenBareRepository(GitPtr<git_repository>& repository, const std::string& dir);

// Text from outside in one line of at most 1024 bytes: control characters become blanks, and bytes
// that are no UTF-8 become '?'.
std::string Printable(std::string_view text);

}  // namespace portolan::controller
