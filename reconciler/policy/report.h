#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "manifests/policy_manifest.h"
#include "mapcore/base/clock.h"
#include "mapcore/base/digest.h"

namespace portolan::reconciler {

constexpr std::size_t kDeniedKeysMax = 20;  // listed of one verdict; the others are counted

enum class Outcome {
  kAllow,
  kDeny,
  kError,       // it could not be judged, which denies
  kSkipped,     // disabled, or its match does not cover the plan
  kWaived,      // denied, and a waiver lifts it
  kOverridden,  // denied, and a person approved despite it
};
inline constexpr std::array<std::string_view, 6> kOutcomeNames = {
    "allow", "deny", "error", "skipped", "waived", "overridden"};
std::string_view OutcomeName(Outcome outcome);

// What a sub-expression was, for `values` of a verdict.
struct VerdictValue {
  std::uint32_t offset = 0;  // in bytes of the rule
  std::string text;
  std::string value;

  friend bool operator==(const VerdictValue&, const VerdictValue&) = default;
};

// A key that a policy of scope change denies.
struct DeniedKey {
  std::string key;
  std::string message;
  bool error = false;

  friend bool operator==(const DeniedKey&, const DeniedKey&) = default;
};

// A person's approval despite a soft policy.
struct OverrideNote {
  std::string by;
  std::string reason;

  friend bool operator==(const OverrideNote&, const OverrideNote&) = default;
};

// What one policy said of one plan.
struct PolicyVerdict {
  std::string policy;
  Digest policy_digest;
  manifests::PolicyLevel level = manifests::PolicyLevel::kHard;
  manifests::PolicyScope scope = manifests::PolicyScope::kPlan;
  Outcome outcome = Outcome::kAllow;
  std::string message;               // of a denial; of the first key in scope change
  std::string place;                 // "policies/limits.yaml:7", or "built-in"
  std::string rule;                  // its text; empty for a built-in check
  std::int64_t denied = 0;           // keys, in scope change; waived ones not counted
  std::vector<DeniedKey> keys;       // the first of them
  std::vector<VerdictValue> values;  // of the first denial; empty when sensitive values took part
  std::string explanation;           // the rule with its values and a caret, for people
  std::uint64_t cost = 0;
  std::string waiver;  // the name, when one took effect
  std::optional<OverrideNote> override_note;

  // Whether it keeps the plan from going live.
  bool blocks() const;
  friend bool operator==(const PolicyVerdict&, const PolicyVerdict&) = default;
};

// What all policies said of one map's plan. Deterministic: equal inputs make equal reports.
struct PolicyReport {
  std::string map;
  Digest plan;      // the MapPlan's id; empty in scope live
  Digest policies;  // the set that judged
  WallTime at{};
  std::uint64_t cost = 0;
  std::vector<PolicyVerdict> verdicts;  // by name of the policy

  bool blocked() const;
  // Denied by a hard policy, or in error: no override lifts it.
  bool hard() const;
  const PolicyVerdict* Find(std::string_view policy) const;
  friend bool operator==(const PolicyReport&, const PolicyReport&) = default;
};

}  // namespace portolan::reconciler
