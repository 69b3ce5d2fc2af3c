#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "manifests/waiver_manifest.h"
#include "reconciler/plan.h"
#include "reconciler/policy/policy.h"
#include "reconciler/policy/report.h"
#include "reconciler/policy/variables.h"

namespace portolan::reconciler {

// What judging one plan may cost: cel-go's units, over all its policies.
struct CostBudget {
  static constexpr std::uint64_t kBase = 10'000'000;
  static constexpr std::uint64_t kPerChangedKey = 2'000;

  std::uint64_t limit = kBase;
  std::uint64_t used = 0;

  static CostBudget ForChanges(std::size_t changed) {
    return {kBase + kPerChangedKey * changed, 0};
  }
  std::uint64_t left() const { return used < limit ? limit - used : 0; }
};

// What one policy is judged over. Everything is borrowed; the table's `change` is set while
// changes are judged.
struct VerdictInputs {
  std::string_view map;
  const ChangeSet* changes = nullptr;  // null in scope live
  const TargetFacts& target;
  VariableTable& table;
  ValueAccess access;  // of the map's values
  CostBudget& budget;
  const std::function<bool()>* expired = nullptr;
  cel::Recorder* recorder = nullptr;                   // of the rule's evaluations; null: none
  std::vector<const manifests::Waiver*> waivers = {};  // of this policy and map, in force
};

// Whether the globs for maps and targets cover them.
bool Covers(const manifests::PolicyMatch& match, std::string_view map, const TargetFacts& target);
bool CoversOp(const manifests::PolicyMatch& match, std::string_view op);

// A verdict that says which policy it is of.
PolicyVerdict BeginVerdict(const CompiledPolicy& policy);
// Whether the policy has anything to say of what is judged: its level, scope and match.
bool Concerns(const CompiledPolicy& policy, const VerdictInputs& inputs);

// Judges one policy by its rule. Every way to fail is the outcome kError.
PolicyVerdict JudgePolicy(const CompiledPolicy& policy, const VerdictInputs& inputs);

}  // namespace portolan::reconciler
