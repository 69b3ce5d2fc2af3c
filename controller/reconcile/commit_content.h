#pragma once

#include <map>
#include <string>
#include <vector>

#include "manifests/desired_state.h"
#include "mapcore/base/digest.h"
#include "reconciler/rollout/writers.h"

namespace portolan::controller {

// What a commit says, as digests: of its maps with their manifests and strategies, and of
// everything that is about policies (policies, waivers, their tests and owners). By content, not by
// path: a policy is one in whatever folder it stands.
struct CommitContent {
  Digest maps;
  Digest policies;
  std::map<std::string, Digest> by_map = {};  // what `maps` is made of, by name

  friend bool operator==(const CommitContent&, const CommitContent&) = default;
};
CommitContent ContentOf(const manifests::DesiredState& desired);

// One commit of a branch, or several that count as one.
struct CommitStep {
  std::string commit;
  reconciler::Writers writers;
  CommitContent content;
};

// Policies travel alone. Judges the commits from a base (not included) to a tip, oldest first: the
// tip may differ from the base in both maps and policies, but none of the commits on the way may.
// What one of them changes and a later one takes back is no change.
// Returns who wrote the commits that change policies. Errors: kInvalid, "MixedCommit: …", naming
// the commit that is to be split.
Result<reconciler::Writers> PolicyWriters(const CommitContent& base,
                                          const std::vector<CommitStep>& steps);

// Who wrote the commits from a base to a tip that change a map, by map: by the names of those that
// one of the commits changes, adds or removes.
std::map<std::string, reconciler::Writers> MapWriters(const CommitContent& base,
                                                      const std::vector<CommitStep>& steps);

}  // namespace portolan::controller
