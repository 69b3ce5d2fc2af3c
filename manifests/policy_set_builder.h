#pragma once

#include <functional>
#include <set>
#include <string>

#include "manifests/declarations.h"
#include "manifests/policy_set.h"

namespace portolan::manifests {

// What is known of a commit besides its policies.
struct PolicySetContext {
  std::set<std::string> maps;  // declared, usable or not
  WallTime commit_time{};      // without a commit none: waivers are not measured against it then
  // The entries of a file, as an object. Errors: kNotFound without such a file, kInvalid when it
  // holds no entries, others when it cannot be read.
  std::function<Result<Value>(const std::string& path)> read_entries;
};

// Joins what is declared. Errors: only those of reading files; everything wrong with the manifests
// is in the set.
Result<PolicySet> MakePolicySet(const Declarations& declarations, const PolicySetContext& context);

}  // namespace portolan::manifests
