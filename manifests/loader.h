#pragma once

#include <memory>

#include "manifests/artifact.h"
#include "manifests/desired_state.h"
#include "manifests/expression_check.h"

namespace portolan::manifests {

struct LoadLimits {
  std::size_t file_bytes = 32u << 20;
  std::size_t source_bytes = 256u << 20;
};

// Text at a Revision to typed DesiredState: the one loader of `validate`, `plan` and the daemon. It
// remembers parsed files by content, so that loading a commit costs what changed since the last.
// One thread's own.
class Loader {
 public:
  explicit Loader(LoadLimits limits = {}, ExpressionCheck check = {});
  ~Loader();

  // Total for bad content: everything wrong becomes a diagnostic. Errors: only those of reading the
  // artifact (kUnavailable, kCorrupt), after which nothing may be concluded about the commit.
  Result<DesiredState> Load(const Artifact& artifact);

 private:
  struct Cache;
  class Run;
  LoadLimits limits_;
  ExpressionCheck check_;
  std::unique_ptr<Cache> cache_;
};

}  // namespace portolan::manifests
