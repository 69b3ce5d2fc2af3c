#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "manifests/diagnostic.h"
#include "manifests/policy_manifest.h"
#include "mapcore/base/digest.h"
#include "reconciler/policy/cel/evaluate.h"
#include "reconciler/policy/cel/program.h"
#include "reconciler/policy/schema.h"

namespace portolan::reconciler {

constexpr std::size_t kMessageBytesMax = 5 * 1024;

// The values that variables have, by Variable. They outlive the evaluations.
using VariableTable = std::array<cel::Value, kVariableCount>;

// A policy whose expressions are compiled and checked. Immutable, thread-safe.
struct CompiledPolicy {
  std::shared_ptr<const manifests::Policy> manifest;
  Digest digest;                // of what its verdicts depend on
  std::vector<Variable> bound;  // by the environment's index; the policy's own follow
  std::vector<cel::Program> variables;
  std::optional<cel::Program> rule;  // none: a validator judges
  std::optional<cel::Program> message;
  std::array<bool, kVariableCount> names{};  // variables that any of its expressions names
  std::shared_ptr<const cel::Arena> params_arena;
  cel::Value params;

  const std::string& name() const { return manifest->name; }
  bool Names(Variable variable) const { return names[static_cast<std::size_t>(variable)]; }
};

// Compiles the expressions of a policy. Null when one is wrong: each is an error at its place in
// the file, as near as the kind of scalar allows, and "at line:column" of the expression. What is
// allowed and likely a mistake is a warning. `zones` may be null, and outlives the policy.
std::shared_ptr<const CompiledPolicy> CompilePolicy(
    std::shared_ptr<const manifests::Policy> policy, const cel::Zones* zones,
    std::vector<manifests::Diagnostic>& diagnostics);

struct RuleOptions {
  std::uint64_t cost_limit = cel::kCostLimitDefault;
  const std::function<bool()>* expired = nullptr;
  cel::Recorder* recorder = nullptr;  // of the rule, not of variables
};

// What one evaluation of a rule came to. Everything else is an error, which denies.
enum class RuleAnswer { kAllow, kDeny, kError };
struct RuleResult {
  RuleAnswer answer = RuleAnswer::kError;
  std::uint64_t cost = 0;  // with its variables
  std::string error;       // "no such key or index: 'x' at 1:37"
};

// Evaluates the rule over the table; `params` are the policy's own unless `table` is that of a
// test. Builds in the arena, which the caller resets. Nothing is allocated when a rule of scalars
// allows or denies.
RuleResult RunRule(const CompiledPolicy& policy, const VariableTable& table, cel::Arena& arena,
                   const RuleOptions& options = {});

// What the policy says of a denial: its message, at most kMessageBytesMax. Without a message, or
// when that fails, the rule's text.
std::string RunMessage(const CompiledPolicy& policy, const VariableTable& table, cel::Arena& arena);

}  // namespace portolan::reconciler
