#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mapcore/base/digest.h"
#include "reconciler/diff.h"

namespace portolan::reconciler {

// Deletions that pass without a person: up to this share of the keys that were there, or up to this
// number.
constexpr std::int64_t kDeletePercentMax = 2;
constexpr std::int64_t kDeleteKeysMax = 2;

inline constexpr std::string_view kHardLevel = "hard";
// Of what no person here may allow: a signed answer from outside lifts it.
inline constexpr std::string_view kExternalLevel = "external";

// A rule that a change breaks, of the built-in floor or of a policy. A soft one holds the change
// until a person approves the plan.
struct Finding {
  std::string policy;  // "mass-delete-guard"
  std::string level;   // "soft": an approval despite it lifts it; "hard": what it asks for does;
                       // kExternalLevel
  std::string
      message;  // "deletes 40 of 240 keys (16.7 %); allowed without approval: 2 % or 2 keys"
  // An approval despite it binds to this text of the policy, and is given by one of these groups.
  Digest policy_digest = {};
  std::vector<std::string> override_groups = {};
  std::string map = {};  // in a group: the member that it denies; else empty

  friend bool operator==(const Finding&, const Finding&) = default;
};

// What the floor says of a change from `size_before` to `size_after` keys:
// - mass-delete-guard: deletes more than both kDeletePercentMax and kDeleteKeysMax. An updated key
// is no deletion.
// - empty-map: the map had entries and would have none, however few they were.
// A first version deletes nothing and breaks neither.
std::vector<Finding> FloorFindings(const ChangeSet& changes, std::int64_t size_before,
                                   std::int64_t size_after);

}  // namespace portolan::reconciler
