#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "manifests/desired_state.h"
#include "reconciler/plan.h"
#include "reconciler/policy/lazy_views.h"
#include "reconciler/policy/policy.h"

namespace portolan::reconciler {

// Where a plan would be carried out.
struct TargetFacts {
  std::string name;  // the environment
  std::string tier;  // "prod", or empty
  std::vector<std::string> regions;
};

// Who asks. `kind` is human, machine or break-glass; `source` git, api, rollback or pin.
struct ActorFacts {
  std::string name;
  std::string kind = "machine";
  std::vector<std::string> groups;
  std::string source = "git";
};

// What is known of the commit besides its Revision.
struct CommitFacts {
  std::vector<std::string> signers;  // verified identities
  std::vector<std::string> paths;    // that it changes
  bool descends_from_live = true;
};

// Bound to a plan's id.
struct ApprovalFacts {
  std::string by;
  std::string plan;
  std::vector<std::string> groups;
  WallTime at{};
};

struct DriftFacts {
  std::int64_t total = 0;
  std::int64_t drifted = 0;
};

// Everything about a judgement but the plan. Pointers are borrowed.
struct JudgeContext {
  const manifests::DesiredState* desired = nullptr;  // the commit's maps; null: only the plan's map
  const mapcore::MapVersion* live = nullptr;         // of the plan's map; null: none
  TargetFacts target;
  ActorFacts actor;
  CommitFacts commit;
  std::vector<ApprovalFacts> approvals;
  DriftFacts drift;
  // What masks maps of `desired` where they are served, beyond their own marks (MarksBeyond). Those
  // of the map that is judged are among its plan's, or declaration's, already.
  ServedMarks masked;
  WallTime now{};
};

// The values of all variables for one plan, or for one map as it is served. Small things are built
// once; entries and changes are read where they are. Values that expressions get live as long as
// this. One thread's own.
class PlanVariables {
 public:
  PlanVariables(const MapPlan& plan, const JudgeContext& context);
  // Scope live: `map` declares what `context.live` serves.
  PlanVariables(const manifests::DesiredMap& map, const JudgeContext& context);
  PlanVariables(const PlanVariables&) = delete;
  PlanVariables& operator=(const PlanVariables&) = delete;

  VariableTable& table() { return table_; }
  Disclosure& disclosure() { return disclosure_; }
  // For a ChangeMap of the plan.
  ValueAccess access() { return {&sensitive_, &disclosure_, &secrets_}; }

 private:
  void Set(Variable variable, const cel::Value& value) {
    table_[static_cast<std::size_t>(variable)] = value;
  }
  cel::Value Strings(const std::vector<std::string>& texts);
  cel::Value Entries(const mapcore::MapVersion* version, const ValueAccess& access);
  void SetPlan(const MapPlan& plan);
  void SetCommit(const MapPlan& plan, const JudgeContext& context);
  void SetApprovals(const JudgeContext& context);
  void SetRollout(const manifests::Strategy& strategy);
  void SetManifest(const manifests::DesiredMap* map, const std::string& name);
  void SetMaps(const JudgeContext& context, const manifests::DesiredMap* map);
  void SetSurroundings(const JudgeContext& context);

  cel::Arena arena_;
  VariableTable table_;
  Disclosure disclosure_;
  std::vector<std::string> sensitive_;
  std::vector<std::string> secrets_;  // of the plan's map
  ServedMarks masked_;                // of other maps, their own marks among them
};

// The variables of a test, from a tree of them: times are RFC 3339 texts. Borrows from the arena
// only.
VariableTable TableFromTree(const manifests::Value& variables, cel::Arena& arena);

}  // namespace portolan::reconciler
