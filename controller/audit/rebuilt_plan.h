#pragma once

#include "manifests/desired_state.h"
#include "reconciler/plan.h"
#include "reconciler/policy/compiled_set.h"
#include "reconciler/policy/report.h"

namespace portolan::controller {

// What a stored plan is made of again: its record, as the daemon keeps it, the desired state of its
// commit and the entries before it. All of it outlives the call.
struct PlanParts {
  const manifests::Value& record;
  const manifests::DesiredState& desired;
  const mapcore::MapVersion* base;  // null: the map's first version
  std::string environment;
};

// Makes the plan anew. Errors: kCorrupt, naming what the commit makes, when that is another plan
// than the record's, or none.
Result<reconciler::MapPlan> RebuildPlan(const PlanParts& parts);

// The entries before a stored plan: those after it with the record's changes taken back. Errors:
// kNotFound when the record does not hold the changes whole (of a sensitive key, or more than a
// record keeps), kCorrupt when they make another version than the record names.
Result<mapcore::VersionPtr> TakeBack(const manifests::Value& record,
                                     const mapcore::MapVersion& after);

struct JudgedAgain {
  reconciler::PolicyReport made;
  int recorded = 0;  // verdicts of programs that stand in it as they were recorded
};

// Judges a plan that was rebuilt at the moment of its record, with the target, approvals and
// overrides of then. Errors: kCorrupt for a record without what is needed.
Result<JudgedAgain> JudgeAgain(const reconciler::CompiledSet& policies,
                               const reconciler::MapPlan& plan, const PlanParts& parts);

}  // namespace portolan::controller
