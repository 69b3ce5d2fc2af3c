#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "manifests/diagnostic.h"
#include "manifests/policy_manifest.h"
#include "manifests/policy_test_manifest.h"
#include "manifests/waiver_manifest.h"
#include "mapcore/base/clock.h"

namespace portolan::manifests {

// The policies, waivers and policy tests of one commit. A set with errors, or one that may lack a
// policy, is not acceptable as a whole: there is no judging by the rest of it.
struct PolicySet {
  std::map<std::string, std::shared_ptr<const Policy>> policies;
  std::map<std::string, std::shared_ptr<const Waiver>> waivers;
  std::vector<std::shared_ptr<const PolicyTest>> tests;  // with the entries of their files
  std::vector<Diagnostic> errors;                        // sorted
  bool incomplete = false;  // a policy or waiver may be hidden in a file that could not be read

  bool usable() const { return errors.empty() && !incomplete; }
};

// The set's waivers that end more than kWaiverMax after `time`, as errors.
std::vector<Diagnostic> LongWaivers(const PolicySet& set, WallTime time);

}  // namespace portolan::manifests
