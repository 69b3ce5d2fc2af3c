#include "reconciler/plan_summary.h"

#include "reconciler/text_format.h"

// Totals and phrases that text and Markdown share.

namespace portolan::reconciler {

PlanTotals TotalsOf(const Plan& plan) {
  PlanTotals totals;
  for (const MapPlan& map : plan.maps) {
    totals.create += map.changes.created;
    totals.update += map.changes.updated;
    totals.remove += map.changes.deleted;
    totals.held += !map.findings.empty();
  }
  totals.maps = static_cast<std::int64_t>(plan.maps.size());
  totals.rejected = static_cast<std::int64_t>(plan.rejected.size());
  return totals;
}

std::string SummaryLine(const Plan& plan) {
  const PlanTotals totals = TotalsOf(plan);
  return "Plan: " + std::to_string(totals.create) + " to create, " + std::to_string(totals.update) +
         " to update, " + std::to_string(totals.remove) + " to delete in " +
         std::to_string(totals.maps) + (totals.maps == 1 ? " map; " : " maps; ") +
         std::to_string(totals.held) + " held; " + std::to_string(totals.rejected) + " rejected.";
}

std::string RevisionWords(const manifests::Revision& revision) {
  if (revision.commit.empty()) return "the working tree";
  const std::string commit = "commit " + Printable(revision.commit.substr(0, 12));
  return revision.branch.empty() ? commit : commit + " on " + Printable(revision.branch);
}

std::string DigestWords(const MapPlan& plan) {
  if (!plan.base) return "first version " + plan.target.Short();
  return plan.base->Short() + " -> " + plan.target.Short();
}

std::string CountWords(const ChangeSet& changes) {
  return Grouped(changes.created) + " created, " + Grouped(changes.updated) + " updated, " +
         Grouped(changes.deleted) + " deleted, " + Grouped(changes.unchanged) + " unchanged";
}

}  // namespace portolan::reconciler
