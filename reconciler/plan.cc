#include "reconciler/plan.h"

#include <algorithm>
#include <utility>

#include "manifests/entries.h"
#include "mapcore/traffic_split.h"
#include "reconciler/plan_digest.h"

// A plan is a function of three things: what is stable, what git wants, where. No clock and no
// canary enters, so that the plan that is shown under a pull request is the one that the daemon
// makes of the merge, and has the same digest.

namespace portolan::reconciler {
namespace {

bool HasAnalysis(const manifests::Strategy& strategy) {
  return !strategy.analysis.empty() ||
         std::any_of(strategy.steps.begin(), strategy.steps.end(),
                     [](const manifests::Step& step) { return !step.analysis.empty(); });
}

// What weakens the guard of a rollout, so that nobody approves it unseen.
// No findings: a strategy is reviewed like any other line of a commit. Said in every rendering,
// for it changes what an approval is worth.
std::vector<std::string> StrategyNotes(const manifests::Strategy& strategy) {
  std::vector<std::string> notes;
  if (strategy.on_no_data == manifests::OnNoData::kAdvanceAfterSoak) {
    notes.push_back(
        "onNoData: advanceAfterSoak: steps advance after their soak even when nobody reports");
  }
  if (strategy.min_lookups == 0) {
    notes.push_back("minLookups: 0: steps advance without having seen a lookup");
  }
  if (strategy.shadow)
    notes.push_back("shadow: both versions are compared for " +
                    FormatDuration(strategy.shadow->soak) + " before anybody gets the new one");
  if (!HasAnalysis(strategy)) notes.push_back("no analysis: only hard limits guard this rollout");
  return notes;
}

bool Covers(const manifests::RolloutRule& rule, const KeyChange& change) {
  return std::any_of(rule.keys.begin(), rule.keys.end(),
                     [&](const std::string& glob) { return mapcore::GlobMatch(glob, change.key); });
}

// The first rule that covers all changed keys names the strategy. A change of nothing is covered by
// none.
const manifests::RolloutRule* RuleFor(const manifests::DesiredMap& desired,
                                      const ChangeSet& changes) {
  if (changes.changes.empty()) return nullptr;
  for (const manifests::RolloutRule& rule : desired.rollout_rules)
    if (std::all_of(changes.changes.begin(), changes.changes.end(),
                    [&](const KeyChange& change) { return Covers(rule, change); }))
      return &rule;
  return nullptr;
}

std::string RuleNote(const manifests::RolloutRule& rule) {
  std::string keys;
  for (const std::string& glob : rule.keys) keys += (keys.empty() ? "" : ", ") + glob;
  return "strategy " + rule.strategy.name + ": every changed key fits the rule " + keys;
}

}  // namespace

MapPlan MakeMapPlan(const mapcore::MapVersion* stable, const manifests::DesiredMap& desired,
                    const manifests::Revision& revision, const std::string& environment) {
  MapPlan plan;
  plan.map = desired.name;
  if (stable != nullptr) plan.base = stable->digest();
  plan.target = desired.version->digest();
  plan.changes = MakeChangeSet(stable, *desired.version);
  const manifests::RolloutRule* rule = RuleFor(desired, plan.changes);
  plan.strategy = rule != nullptr ? rule->strategy : desired.strategy;
  // Of contents and recipe, not of the commit: an approval survives a rebase, and never covers
  // what it was not given for.
  plan.id = PlanDigest({plan.map, plan.base, plan.target, environment}, plan.strategy);
  plan.revision = revision;
  plan.size_before = stable == nullptr ? 0 : static_cast<std::int64_t>(stable->size());
  plan.size_after = static_cast<std::int64_t>(desired.version->size());
  plan.sensitive = desired.sensitive;
  plan.findings = FloorFindings(plan.changes, plan.size_before, plan.size_after);
  plan.notes = StrategyNotes(plan.strategy);
  if (rule != nullptr) plan.notes.insert(plan.notes.begin(), RuleNote(*rule));
  if (desired.regulated) plan.notes.push_back("regulated: waits for a signed answer from outside");
  plan.split = desired.split;
  return plan;
}

std::string ApproveCommand(const Digest& plan, const std::vector<Finding>& findings) {
  if (findings.front().level == kExternalLevel)
    return "portolan approve " + plan.ToString() + " --signed FILE";
  return "portolan approve " + plan.ToString() + " --despite " + findings.front().policy +
         " --reason TEXT";
}

ServedMarks MarksBeyond(const ServedMarks& served, const manifests::DesiredState& desired) {
  ServedMarks beyond;
  for (const auto& [name, globs] : served) {
    const auto map = desired.maps.find(name);
    if (map == desired.maps.end()) continue;
    const std::vector<std::string>& known = map->second->sensitive;
    for (const std::string& glob : globs)
      if (std::find(known.begin(), known.end(), glob) == known.end()) beyond[name].push_back(glob);
  }
  return beyond;
}

Plan MakePlan(const StableVersions& stable, const manifests::DesiredState& desired,
              const std::string& environment, const ServedMarks& masked) {
  Plan plan;
  plan.revision = desired.revision;
  plan.rejected = desired.rejected;
  for (const auto& [name, map] : desired.maps) {
    const auto found = stable.find(name);
    const mapcore::MapVersion* base = found == stable.end() ? nullptr : found->second.get();
    // By content: a commit that changes only labels, comments or the order of entries plans
    // nothing.
    if (base != nullptr && base->digest() == map->version->digest()) {
      ++plan.unchanged;
    } else {
      plan.maps.push_back(MakeMapPlan(base, *map, desired.revision, environment));
      if (const auto marks = masked.find(name); marks != masked.end())
        manifests::AddSensitive(plan.maps.back().sensitive, marks->second);
    }
  }
  // A map may be declared in what could not be read: nothing may be taken as removed.
  if (desired.incomplete) return plan;
  for (const auto& [name, version] : stable) {
    if (!desired.maps.contains(name) && !desired.rejected.contains(name))
      plan.removed.push_back(name);
  }
  return plan;
}

}  // namespace portolan::reconciler
