#include "reconciler/policy/policy_change.h"

#include <algorithm>

namespace portolan::reconciler {
namespace {

using manifests::Policy;
using manifests::Waiver;

std::string LevelName(const Policy& policy) {
  return std::string(manifests::kPolicyLevelNames[static_cast<std::size_t>(policy.level)]);
}

// Whether every glob of the old list is in the new one. An empty list covers everything.
bool CoversAsMuch(const std::vector<std::string>& before, const std::vector<std::string>& after) {
  if (after.empty()) return true;
  if (before.empty()) return false;
  return std::ranges::all_of(before, [&](const std::string& glob) {
    return std::ranges::find(after, glob) != after.end();
  });
}

using Targets = decltype(manifests::PolicyMatch::targets);

const std::vector<std::string>& GlobsOf(const Targets& targets, const std::string& key) {
  static const std::vector<std::string> kAny;
  const auto found =
      std::ranges::find_if(targets, [&](const auto& target) { return target.first == key; });
  return found == targets.end() ? kAny : found->second;
}

bool MatchCoversAsMuch(const manifests::PolicyMatch& before, const manifests::PolicyMatch& after) {
  return CoversAsMuch(before.maps, after.maps) && CoversAsMuch(before.ops, after.ops) &&
         std::ranges::all_of(after.targets, [&](const auto& target) {
           return CoversAsMuch(GlobsOf(before.targets, target.first), target.second);
         });
}

// What takes part in a verdict beside level, match and who may lift it.
manifests::Value RuleOf(const Policy& policy) {
  manifests::Value value = manifests::PolicyToValue(policy);
  for (const char* other : {"level", "match", "waivable", "overrideGroups", "message"})
    value.Set(other, manifests::Value());
  return value;
}

class Comparison {
 public:
  void Policies(const CompiledSet& before, const CompiledSet& after) {
    for (const auto& [name, policy] : before.policies)
      if (const CompiledPolicy* now = after.Find(name); now == nullptr)
        Add("policy " + name + ": removed", true);
      else if (now->digest != policy->digest || now->manifest->owner != policy->manifest->owner)
        Changed(*policy->manifest, *now->manifest);
    for (const auto& [name, policy] : after.policies) {
      if (before.Find(name) != nullptr) continue;
      const bool replaces = std::ranges::find(manifests::kFloorPolicyNames, name) !=
                            manifests::kFloorPolicyNames.end();
      Add("policy " + name + ": new, " + LevelName(*policy->manifest) +
              (replaces ? ", in the place of the built-in one" : ""),
          replaces);
    }
  }

  void Waivers(const CompiledSet& before, const CompiledSet& after) {
    for (const auto& [name, waiver] : before.waivers)
      if (!after.waivers.contains(name)) Add("waiver " + name + ": removed", false);
    for (const auto& [name, waiver] : after.waivers) {
      const auto old = before.waivers.find(name);
      if (old == before.waivers.end())
        Add("waiver " + name + ": new, of " + waiver->policy + " until " +
                FormatTime(waiver->until),
            true);
      else if (manifests::WaiverToValue(*old->second) != manifests::WaiverToValue(*waiver))
        Changed(*old->second, *waiver);
    }
  }

  PolicyChange Take() { return std::move(change_); }

 private:
  void Add(std::string what, bool loosens) {
    change_.differences.push_back({std::move(what), loosens});
  }

  void Changed(const Policy& before, const Policy& after) {
    const std::string name = "policy " + before.name + ": ";
    if (before.level != after.level)
      Add(name + "level " + LevelName(before) + " -> " + LevelName(after),
          after.level < before.level);
    if (before.waivable != after.waivable)
      Add(name + (after.waivable ? "may be waived" : "may no longer be waived"), after.waivable);
    if (before.override_groups != after.override_groups)
      Add(name + "other groups may approve despite it",
          after.override_groups.empty() ||
              !CoversAsMuch(after.override_groups, before.override_groups));
    const bool as_much = MatchCoversAsMuch(before.match, after.match);
    if (!as_much || !MatchCoversAsMuch(after.match, before.match))
      Add(name + (as_much ? "its match covers more" : "its match covers less, or something else"),
          !as_much);
    if (before.owner != after.owner)
      Add(name + "owner " + (after.owner.empty() ? "removed" : "is " + after.owner), true);
    if (RuleOf(before) != RuleOf(after)) Add(name + "another rule, scope or parameter", true);
  }

  void Changed(const Waiver& before, const Waiver& after) {
    Waiver shorter = before;
    shorter.until = after.until;
    const bool only_shorter = after.until <= before.until &&
                              manifests::WaiverToValue(shorter) == manifests::WaiverToValue(after);
    Add("waiver " + before.name + (only_shorter ? ": ends earlier" : ": changed"), !only_shorter);
  }

  PolicyChange change_;
};

}  // namespace

bool PolicyChange::loosens() const {
  return std::ranges::any_of(differences, &PolicyDifference::loosens);
}

PolicyChange ComparePolicies(const CompiledSet& before, const CompiledSet& after) {
  Comparison comparison;
  comparison.Policies(before, after);
  comparison.Waivers(before, after);
  return comparison.Take();
}

}  // namespace portolan::reconciler
