#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "manifests/policy_set.h"
#include "reconciler/policy/policy.h"
#include "reconciler/policy/trial.h"

namespace portolan::reconciler {

// The policies that judge: those of one revision over the built-in floor, and its waivers.
// Immutable, thread-safe.
struct CompiledSet {
  std::map<std::string, std::shared_ptr<const CompiledPolicy>> policies;  // with the floor's
  std::map<std::string, std::shared_ptr<const manifests::Waiver>> waivers;
  Digest digest;  // of all of it

  const CompiledPolicy* Find(const std::string& name) const;
};

// A set, or why there is none.
struct CompiledSetResult {
  std::shared_ptr<const CompiledSet> set;          // null with an error
  std::vector<manifests::Diagnostic> diagnostics;  // errors and warnings, sorted
  std::vector<TrialResult> trials;                 // of every policy that compiles
};

// The set of a revision without policies: the floor alone.
std::shared_ptr<const CompiledSet> FloorSet();

// Compiles the policies of a revision and runs their tests. A set in which anything is wrong is
// refused as a whole: manifests that do not decode, expressions that do not compile, tests that
// fail. `zones` may be null, and outlives the set. `options` are for who runs tests only: a set
// that is to judge passes all of them, as they are.
CompiledSetResult CompileSet(const manifests::PolicySet& manifests, const cel::Zones* zones,
                             const TrialOptions& options = {});

}  // namespace portolan::reconciler
