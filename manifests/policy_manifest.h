#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "manifests/decoder.h"
#include "manifests/envelope.h"
#include "manifests/value.h"

namespace portolan::manifests {

// When a policy is asked: once for each map's plan, once for each changed key, or of maps as they
// are served.
enum class PolicyScope { kPlan, kChange, kLive };
// What a denial does: nothing at all, a warning, a stop that a person may lift, a stop that only a
// policy commit lifts. Ascending.
enum class PolicyLevel { kDisabled, kAdvisory, kSoft, kHard };
// What a test expects; kSkip: the policy's match does not cover the case.
enum class PolicyExpect { kAllow, kDeny, kError, kSkip };

// Names in manifests and records, in the order of the values.
inline constexpr std::array<std::string_view, 3> kPolicyScopeNames = {"plan", "change", "live"};
inline constexpr std::array<std::string_view, 4> kPolicyLevelNames = {"disabled", "advisory",
                                                                      "soft", "hard"};
inline constexpr std::array<std::string_view, 4> kPolicyExpectNames = {"allow", "deny", "error",
                                                                       "skip"};
// The policies that judge every source, unless a policy of the same name replaces one.
inline constexpr std::array<std::string_view, 4> kFloorPolicyNames = {
    "mass-delete-guard", "empty-map", "canary-for-prod", "no-secret-in-clear"};

constexpr std::size_t kPolicyVariablesMax = 64;
constexpr std::size_t kPolicyTestsMax = 256;  // of one policy, and of one PolicyTest
constexpr std::size_t kExpressionBytesMax = 16 * 1024;

// The text of an expression and where it stands. It is compiled by those who evaluate it.
struct Expression {
  std::string text;
  Position position;   // of the scalar
  std::string field;   // "spec.rule"
  bool plain = false;  // an unquoted scalar: its first character is the expression's first
};

// What a policy covers, as globs; an empty list covers everything.
struct PolicyMatch {
  std::vector<std::string> maps;
  std::vector<std::pair<std::string, std::vector<std::string>>> targets;  // by name, tier, region
  std::vector<std::string> ops;  // of "add", "update", "delete"
};

// One case of a policy's own tests: variables over the built-in ones, and what must come out.
struct PolicyCase {
  std::string name;
  Value vars;  // object
  PolicyExpect expect = PolicyExpect::kAllow;
  std::optional<std::string> message;  // of a denial, exactly
  Position position;
};

// A rule that plans must satisfy, as its manifest says it.
struct Policy {
  std::string name;
  std::string file;
  Position position;
  std::string owner;  // or empty
  std::vector<std::pair<std::string, std::string>> annotations;
  PolicyScope scope = PolicyScope::kPlan;
  PolicyMatch match;
  PolicyLevel level = PolicyLevel::kHard;
  Value params = Value::Object{};
  std::vector<std::pair<std::string, Expression>> variables;  // later ones may use earlier ones
  Expression rule;                                            // or
  std::string validator;  // the name of a program that judges instead, as the operator gave it
  std::optional<Expression> message;
  bool waivable = true;                      // hard ones only when they say so
  std::vector<std::string> override_groups;  // who may approve despite it; empty: any approver
  std::vector<PolicyCase> tests;
};

// Reads a Policy. Nothing usable when the report is unclean.
Policy DecodePolicy(const Envelope& envelope, Report& report);

// What the policy's verdicts depend on, without tests and places. Its canonical JSON is the
// preimage of the policy's digest.
Value PolicyToValue(const Policy& policy);

}  // namespace portolan::manifests
