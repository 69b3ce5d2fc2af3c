#pragma once

#include <functional>
#include <string>
#include <vector>

#include "manifests/desired_state.h"
#include "mapcore/base/digest.h"

namespace portolan::controller {

// What a commit says, as two digests: of its maps with their manifests and strategies, and of
// everything that is about policies (policies, waivers, their tests and owners). By content, not by
// path: a policy is one in whatever folder it stands.
struct CommitContent {
  Digest maps;
  Digest policies;

  friend bool operator==(const CommitContent&, const CommitContent&) = default;
};
CommitContent ContentOf(const manifests::DesiredState& desired);

// One commit of a branch.
struct CommitStep {
  std::string commit;
  std::string author;
  CommitContent content;
};

// Policies travel alone. Judges the commits from a base (not included) to a tip, oldest first: the
// tip may differ from the base in both maps and policies, but none of the commits on the way may.
// What one of them changes and a later one takes back is no change.
// Returns the authors of the commits that change policies, each once. Errors: kInvalid,
// "MixedCommit: …", naming the commit that is to be split.
Result<std::vector<std::string>> PolicyAuthors(const CommitContent& base,
                                               const std::vector<CommitStep>& steps);

}  // namespace portolan::controller
