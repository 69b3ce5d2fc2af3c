#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "controller/git/tree_listing.h"
#include "controller/signature/signers.h"
#include "reconciler/ports/git_source.h"

namespace portolan::controller {

struct GitLimits {
  TreeLimits tree;
  std::uint64_t receive_bytes =
      1u << 30;  // of pack in one fetch; a local path is bounded by the worker's memory only
  std::size_t pins = 10;
  std::int64_t packs = 50;  // then the mirror is rebuilt as one pack
};

struct GitSourceOptions {
  std::string name;        // of the source; part of a ref's name, so a DNS-1123 name
  std::string url;         // https, http to loopback, file:// or an absolute path
  std::string branch;      // without refs/heads/
  std::string path;        // of the watched directory; empty or "/": the repository's root
  std::string mirror_dir;  // this source's own; absolute, in a directory that is made when absent
  std::string token;       // secret: password for https; empty for none
  std::string ca_file;     // PEM, the only authorities trusted for https; empty: the system's
  Duration deadline = std::chrono::seconds(60);  // of one Fetch's network part
  GitLimits limits;
  VerifyMode verify = VerifyMode::kNone;
  std::function<Result<Signers>()> signers;  // empty: nobody is known, and `verify` is kNone
  std::string worker_executable = "/proc/self/exe";  // its verb `git-worker` is RunGitWorker
};

// A GitSource by libgit2: the network part runs in a git worker process, and files are read from
// the bare mirror that the worker fills. Opens nothing yet, so that wrong options are errors of
// Fetch. Artifacts may outlive the source; they belong to the same thread, and their reads fail
// with kCorrupt or kUnavailable.
//
// A Fetch takes at most 2 * (deadline + 5 s): a rebuild of the mirror follows a fetch now and then.
// Cancel ends its network part, not the reading of the mirror.
// A corrupt mirror is reported once as CorruptMirror and moved to <mirror_dir>.corrupt; the next
// Fetch clones anew. Its pins are gone then.
std::unique_ptr<reconciler::GitSource> OpenGitSource(GitSourceOptions options);

}  // namespace portolan::controller
