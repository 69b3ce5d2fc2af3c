#include "reconciler/plan_json.h"

#include <algorithm>
#include <string>
#include <utility>

#include "reconciler/blast_radius.h"
#include "reconciler/change_view.h"
#include "reconciler/json_parts.h"
#include "reconciler/plan_summary.h"

// The public form of a plan: members are only added within an apiVersion. Durations are seconds
// here and milliseconds in records, as each reader expects them.

namespace portolan::reconciler {
namespace {

using manifests::Value;

// Also of weights, which are integers of 100,000.
template <typename Strings>
Value StringsToValue(const Strings& strings) {
  Value::Array array;
  for (const auto& text : strings) array.emplace_back(text);
  return array;
}

Value Seconds(Duration duration) {
  const auto ms = static_cast<std::int64_t>(duration.count());
  return ms % 1000 == 0 ? Value(ms / 1000) : Value(static_cast<double>(ms) / 1000);
}

// Null for a working tree.
Value RevisionOf(const manifests::Revision& revision) {
  return revision.commit.empty() ? Value() : RevisionToValue(revision);
}

// One side of a change. Bytes that are no JSON, which no loader makes, are shown as a string.
Value SideToValue(const std::string& bytes) {
  auto parsed = manifests::ParseJson(bytes);
  return parsed ? std::move(*parsed) : Value(bytes);
}

Value ChangeToValue(const MapPlan& plan, const KeyChange& change) {
  const bool sensitive = IsSensitive(plan, change.key);
  Value value;
  value.Set("key", change.key);
  value.Set("action", ActionName(change.action));
  if (sensitive) value.Set("sensitive", true);
  // Masked before it is parsed: no part of a sensitive value may be in a message of a parser.
  const auto side = [&](const std::string& bytes) {
    return sensitive ? Value(MaskedValueOf(plan, change.key, bytes)) : SideToValue(bytes);
  };
  if (change.before) value.Set("before", side(*change.before));
  if (change.after) value.Set("after", side(*change.after));
  return value;
}

Value CountsToValue(const MapPlan& plan) {
  Value value;
  value.Set("created", plan.changes.created);
  value.Set("updated", plan.changes.updated);
  value.Set("deleted", plan.changes.deleted);
  value.Set("unchanged", plan.changes.unchanged);
  value.Set("before", plan.size_before);
  value.Set("after", plan.size_after);
  return value;
}

Value MatchToValue(const std::vector<mapcore::MatchRule>& match) {
  Value::Array rules;
  for (const mapcore::MatchRule& rule : match) {
    Value value;
    if (!rule.subject.empty()) {
      value.Set("subject", rule.subject);
    } else {
      value.Set("attribute", rule.attribute);
      value.Set("in", StringsToValue(rule.in));
    }
    rules.push_back(std::move(value));
  }
  return rules;
}

Value BlastRadiusToValue(const BlastRadius& radius) {
  const double total = static_cast<double>(std::max<std::int64_t>(radius.keys_total, 1));
  Value value;
  value.Set("keysChanged", radius.keys_changed);
  value.Set("keysTotal", radius.keys_total);
  value.Set("percent", 100.0 * static_cast<double>(radius.keys_changed) / total);
  value.Set("firstVersion", radius.first_version);
  value.Set("split", radius.split == manifests::SplitMode::kInstance ? "instance" : "subject");
  value.Set("weights", StringsToValue(radius.weights));
  value.Set("earliestFullSeconds", Seconds(radius.earliest_full));
  value.Set("earliestKnownGoodSeconds", Seconds(radius.earliest_known_good));
  if (radius.holdback > 0) value.Set("holdback", std::int64_t{radius.holdback});
  value.Set("waitsForPromote", radius.waits_for_promote);
  value.Set("match", MatchToValue(radius.match));
  value.Set("matchesEveryone", radius.match_everyone);
  return value;
}

Value DiagnosticToValue(const manifests::Diagnostic& diagnostic) {
  const bool warning = diagnostic.severity == manifests::Diagnostic::Severity::kWarning;
  Value value;
  value.Set("severity", warning ? "warning" : "error");
  value.Set("file", diagnostic.file);
  value.Set("line", diagnostic.position.line);
  value.Set("column", diagnostic.position.column);
  value.Set("field", diagnostic.field);
  value.Set("message", diagnostic.message);
  value.Set("hint", diagnostic.hint);
  return value;
}

Value SummaryToValue(const Plan& plan) {
  const PlanTotals totals = TotalsOf(plan);
  Value value;
  value.Set("create", totals.create);
  value.Set("update", totals.update);
  value.Set("delete", totals.remove);
  value.Set("maps", totals.maps);
  value.Set("unchangedMaps", plan.unchanged);
  value.Set("held", totals.held);
  value.Set("rejected", totals.rejected);
  value.Set("removed", plan.removed.size());
  return value;
}

Value RejectedToValue(const Plan& plan) {
  Value::Array rejected;
  for (const auto& [map, diagnostics] : plan.rejected) {
    Value::Array list;
    for (const auto& diagnostic : diagnostics) list.push_back(DiagnosticToValue(diagnostic));
    Value value;
    value.Set("map", map);
    value.Set("diagnostics", std::move(list));
    rejected.push_back(std::move(value));
  }
  return rejected;
}

}  // namespace

Value MapPlanToValue(const MapPlan& plan) {
  Value::Array changes;
  changes.reserve(plan.changes.changes.size());
  for (const KeyChange& change : plan.changes.changes)
    changes.push_back(ChangeToValue(plan, change));
  Value value;
  value.Set("map", plan.map);
  value.Set("id", plan.id.ToString());
  value.Set("base", plan.base ? Value(plan.base->ToString()) : Value());
  value.Set("target", plan.target.ToString());
  value.Set("revision", RevisionOf(plan.revision));
  value.Set("counts", CountsToValue(plan));
  value.Set("blastRadius", BlastRadiusToValue(BlastRadiusOf(plan)));
  value.Set("strategy", manifests::StrategyToValue(plan.strategy));
  value.Set("held", !plan.findings.empty());
  value.Set("findings", FindingsToValue(plan.findings));
  value.Set("notes", StringsToValue(plan.notes));
  value.Set("changes", std::move(changes));
  return value;
}

Value PlanToValue(const Plan& plan) {
  Value::Array maps;
  maps.reserve(plan.maps.size());
  for (const MapPlan& map : plan.maps) maps.push_back(MapPlanToValue(map));
  Value value;
  value.Set("apiVersion", kCliApiVersion);
  value.Set("kind", "Plan");
  value.Set("revision", RevisionOf(plan.revision));
  value.Set("summary", SummaryToValue(plan));
  value.Set("maps", std::move(maps));
  value.Set("removed", StringsToValue(plan.removed));
  value.Set("rejected", RejectedToValue(plan));
  return value;
}

}  // namespace portolan::reconciler
