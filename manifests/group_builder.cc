#include "manifests/group_builder.h"

#include <iterator>
#include <memory>
#include <utility>

#include "mapcore/base/did_you_mean.h"

namespace portolan::manifests {
namespace {

using GroupsOfMaps = std::map<std::string, std::set<std::string>>;  // groups by map

Diagnostic At(const GroupSpec& group, const Reference& reference, std::string message,
              std::string hint = "") {
  Diagnostic diagnostic =
      ErrorAt(group.file, reference.position, std::move(message), std::move(hint));
  diagnostic.field = reference.field;
  return diagnostic;
}

GroupsOfMaps CollectMaps(const Declarations& declarations) {
  GroupsOfMaps groups;
  for (const auto& [name, group] : declarations.Of(ManifestKind::kRolloutGroup))
    for (const DeclarationPtr& declaration : group)
      for (const Reference& map : declaration->group->maps) groups[map.name].insert(name);
  return groups;
}

// What the group decides for all its maps, one of them may not say for itself.
std::string OwnWill(const MapSpec& spec) {
  if (!spec.strategy.field.empty() || !spec.rollout_rules.empty()) return "spec.rollout";
  if (spec.map.salt != spec.map.name) return "spec.salt";
  if (spec.map.split == SplitMode::kInstance) return "spec.split: instance";
  if (spec.map.regulated) return "spec.class: regulated";
  return "";
}

std::vector<Diagnostic> FaultsOf(const Reference& map, const GroupSpec& group,
                                 const Declarations& declarations, const GroupsOfMaps& groups) {
  const std::string name = QuoteForMessage(map.name);
  const auto declared = declarations.maps().find(map.name);
  if (declared == declarations.maps().end()) {
    std::vector<std::string_view> names;
    for (const auto& [known, unused] : declarations.maps()) names.push_back(known);
    return {At(group, map, "no Map named " + name, DidYouMean(map.name, names))};
  }
  std::vector<Diagnostic> faults;
  for (const std::string& other : groups.at(map.name))
    if (other != group.name)
      faults.push_back(At(group, map,
                          "map " + name + " is in RolloutGroup " + QuoteForMessage(other) +
                              " too; a map moves with one group"));
  const std::string will = OwnWill(*declared->second.front()->map);
  if (!will.empty())
    faults.push_back(At(group, map,
                        "map " + name + " has " + will +
                            " of its own; the maps of a group share one strategy, one salt and "
                            "one split by subject",
                        "remove it from the map"));
  return faults;
}

// Why the group is not usable, as far as it is its own fault.
std::vector<Diagnostic> ReasonsAgainst(Declarations& declarations, const GroupsOfMaps& groups,
                                       const std::vector<DeclarationPtr>& declared) {
  std::vector<Diagnostic> reasons = DuplicateDiagnostics(declared);
  for (const DeclarationPtr& declaration : declared) {
    const GroupSpec& group = *declaration->group;
    reasons.insert(reasons.end(), declaration->diagnostics.begin(), declaration->diagnostics.end());
    const StrategyPtr strategy = declarations.StrategyOf(group);
    reasons.insert(reasons.end(), strategy->reasons.begin(), strategy->reasons.end());
    if (strategy->strategy.shadow)
      reasons.push_back(ErrorAt(group.file, group.position,
                                "strategy " + QuoteForMessage(strategy->strategy.name) +
                                    " has a dual run (shadow), which compares the versions of one "
                                    "map",
                                "give the group a strategy without shadow"));
    for (const Reference& map : group.maps) {
      const auto faults = FaultsOf(map, group, declarations, groups);
      reasons.insert(reasons.end(), faults.begin(), faults.end());
    }
  }
  return reasons;
}

void RejectAll(const std::string& name, const std::vector<DeclarationPtr>& declared,
               const std::string& why, DesiredState& state) {
  state.rejected_groups.insert(name);
  for (const DeclarationPtr& declaration : declared) {
    for (const Reference& reference : declaration->group->maps) {
      const auto map = state.maps.find(reference.name);
      if (map == state.maps.end()) continue;
      Diagnostic reason =
          ErrorAt(map->second->file, map->second->position,
                  "map " + QuoteForMessage(reference.name) + " moves with RolloutGroup " +
                      QuoteForMessage(name) + ", " + why);
      Reject(state, reference.name, {std::move(reason)});
    }
  }
}

void Join(const GroupSpec& group, const Strategy& strategy, DesiredState& state) {
  DesiredGroup& joined = state.groups[group.name];
  joined = {group.name, group.file, group.position, {}};
  for (const Reference& reference : group.maps) {
    auto& map = state.maps.at(reference.name);
    auto changed = std::make_shared<DesiredMap>(*map);
    changed->group = group.name;
    changed->salt = group.salt;
    changed->bucket_by = group.bucket_by;
    changed->strategy = strategy;
    map = std::move(changed);
    joined.maps.insert(reference.name);
  }
}

}  // namespace

void BuildGroups(Declarations& declarations, DesiredState& state) {
  const GroupsOfMaps groups = CollectMaps(declarations);
  for (const auto& [name, declared] : declarations.Of(ManifestKind::kRolloutGroup)) {
    std::vector<Diagnostic> reasons = ReasonsAgainst(declarations, groups, declared);
    state.diagnostics.insert(state.diagnostics.end(), reasons.begin(), reasons.end());
    if (!reasons.empty()) {
      RejectAll(name, declared, "which has errors", state);
      continue;
    }
    const GroupSpec& group = *declared.front()->group;
    std::string missing;
    for (const Reference& map : group.maps)
      if (!state.maps.contains(map.name)) missing = map.name;
    if (!missing.empty())
      RejectAll(name, declared, "of which map " + QuoteForMessage(missing) + " is not usable",
                state);
    else
      Join(group, declarations.StrategyOf(group)->strategy, state);
  }
}

}  // namespace portolan::manifests
