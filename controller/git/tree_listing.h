#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "controller/git/libgit.h"
#include "manifests/artifact.h"

namespace portolan::controller {

// What one source's tree may hold. A file past blob_bytes or a directory past `depth` is refused by
// itself; a tree with more than `entries` entries (files and directories) is refused as a whole.
struct TreeLimits {
  std::size_t blob_bytes = 32u << 20;
  int depth = 32;
  std::size_t entries = 20'000;
};

// Lists trees of one mirror as an Artifact's files and refusals, never following a link. File names
// are compared without case in ASCII only. One thread's own.
//
// Costs one object header per file (5,000 files: a few ms). A blob is read only to tell a git-lfs
// pointer from a value, which takes blobs of 100 to 1024 bytes (the pointer's format), and once per
// object id for as long as it stays listed.
class TreeListing {
 public:
  explicit TreeListing(const TreeLimits& limits) : limits_(limits) {}

  struct Listed {
    std::vector<manifests::ArtifactFile> files;  // sorted by path
    std::vector<manifests::Refusal> refusals;    // sorted by path
  };
  // Errors: kExhausted "TooLarge: …"; kCorrupt "CorruptMirror: …" and kUnavailable when an object
  // cannot be read.
  Result<Listed> List(git_repository* repository, const std::string& tree);

 private:
  class Walk;

  TreeLimits limits_;
  std::unordered_map<std::string, bool> is_lfs_;  // by object id, of the last listing
};

// The error of a failed look into the mirror's objects: the bytes' fault (kCorrupt) or the
// machine's (kUnavailable).
Error MirrorReadError(int rc, const std::string& what);

}  // namespace portolan::controller
