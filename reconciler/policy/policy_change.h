#pragma once

#include <string>
#include <vector>

#include "reconciler/policy/compiled_set.h"

namespace portolan::reconciler {

// One thing that differs between two sets of policies.
struct PolicyDifference {
  std::string what;  // "policy max-percent: level hard -> soft"
  bool loosens = false;

  friend bool operator==(const PolicyDifference&, const PolicyDifference&) = default;
};

// What a change of policies comes to.
struct PolicyChange {
  std::vector<PolicyDifference> differences;  // policies by name, then waivers by name

  // Something may be allowed after it that is denied before.
  bool loosens() const;
};

// Compares what judges. A difference loosens unless it is one of those that can only deny more: a
// new policy that replaces none of the floor, a higher level, a match that covers more, fewer
// groups that may approve despite it, a waiver that is gone or ends earlier. Whatever else differs,
// another text of a rule for one, counts as loosening: that it is none cannot be told from its
// text. Pure, O(policies + waivers).
PolicyChange ComparePolicies(const CompiledSet& before, const CompiledSet& after);

}  // namespace portolan::reconciler
