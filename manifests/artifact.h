#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "mapcore/base/clock.h"
#include "mapcore/base/result.h"

namespace portolan::manifests {

// A commit on a branch: where desired state came from. Identity of content is the digest, never
// this.
struct Revision {
  std::string branch;   // empty for a plain directory
  std::string commit;   // 40 hex digits, or empty for a plain directory
  std::string author;   // "Name <mail>", as the commit says (not verified)
  std::string subject;  // first line of the message
  WallTime time{};      // committer time

  // "main@sha1:3f2a…" in full; "(working tree)" for a plain directory.
  std::string ToString() const;

  friend bool operator==(const Revision&, const Revision&) = default;
};

// One regular file of an Artifact. `oid` names its content (git blob id, or a hash for plain
// directories).
struct ArtifactFile {
  std::string path;  // relative to the source's path, '/' separated
  std::string oid;
  std::size_t size = 0;
};

// Something in the tree that can be no input: a symlink, submodule, LFS pointer, oversized or
// non-UTF-8 named file. It is an error of every map that refers to it, and of the commit when
// nothing does.
struct Refusal {
  std::string path;
  std::string reason;   // "SymlinkRefused", "SubmoduleRefused", "LfsPointer", "TooLarge", "BadName"
  std::string message;  // one sentence
};

// The files below a source's path at one Revision. Immutable; bytes are read when asked for.
struct Artifact {
  Revision revision;
  std::vector<ArtifactFile> files;  // sorted by path
  std::vector<Refusal> refusals;    // sorted by path
  // The file's bytes. Errors: kUnavailable or kCorrupt; never an empty file instead of a failed
  // read.
  std::function<Result<std::string>(const ArtifactFile&)> read;
};

}  // namespace portolan::manifests
