#pragma once

#include <cstddef>
#include <filesystem>

#include "manifests/artifact.h"

namespace portolan::manifests {

struct DirectoryLimits {
  std::size_t files = 100'000;
  std::size_t file_bytes = 32u << 20;    // larger ones are refused
  std::size_t total_bytes = 256u << 20;  // of readable files
};

// The files below a plain directory as an Artifact, for `portolan validate DIR`. Only *.yaml, *.yml
// and *.json are listed, the others cannot matter; names of them that are symlinks or no files are
// refusals. `.git` is not entered, symlinked folders are never followed. A file's oid is the
// SHA-256 of its bytes; read() fails with kConflict when the bytes are no longer those. Errors:
// kNotFound without such a directory, kUnavailable when a file cannot be read, kExhausted past a
// limit.
Result<Artifact> ReadDirectory(const std::filesystem::path& directory,
                               const DirectoryLimits& limits = {});

}  // namespace portolan::manifests
