#pragma once

#include <cstdint>
#include <string>

#include "reconciler/plan.h"

namespace portolan::reconciler {

// A Plan in numbers.
struct PlanTotals {
  std::int64_t create = 0;  // keys
  std::int64_t update = 0;
  std::int64_t remove = 0;
  std::int64_t maps = 0;  // that change
  std::int64_t held = 0;  // of them, until approved
  std::int64_t rejected = 0;
};

PlanTotals TotalsOf(const Plan& plan);

// The line that scripts look for; digits are not grouped:
// "Plan: 1 to create, 1 to update, 1 to delete in 1 map; 0 held; 1 rejected."
std::string SummaryLine(const Plan& plan);

// "commit 8c1f0e2d1a2b on main", or "the working tree" without a commit. Printable.
std::string RevisionWords(const manifests::Revision& revision);

// "43ad78c94b26 -> 9f01c2d4aa10", or "first version 9f01c2d4aa10".
std::string DigestWords(const MapPlan& plan);

// "1 created, 1 updated, 1 deleted, 237 unchanged".
std::string CountWords(const ChangeSet& changes);

}  // namespace portolan::reconciler
