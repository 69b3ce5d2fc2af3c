// Scenarios of a group: the same commands, of several maps that move together.
#include <sstream>
#include <stdexcept>

#include "reconciler/rollout/group.h"
#include "tests/scenarios/scenario.h"

namespace portolan::reconciler {

void Scenario::MakeGroup(const Arguments& maps) {
  std::vector<Rollout> members;
  for (const auto& [map, unused] : maps) {
    members.emplace_back().map = map;
    group_wish_[map] = mapcore::MapVersion::FromEntries({}).value();
    versions_[group_wish_[map]->digest()] = group_wish_[map];
  }
  rollout_ = FormGroup("edge", members, 0);
}

void Scenario::CommitGroup(const std::string& entries) {
  std::map<std::string, std::vector<mapcore::Entry>> by_map;
  std::istringstream words(entries);
  std::string word;
  while (words >> word) {
    const std::size_t colon = word.find(':');
    const std::size_t equals = word.find('=');
    by_map[word.substr(0, colon)].push_back(
        {word.substr(colon + 1, equals - colon - 1), word.substr(equals + 1)});
  }
  for (auto& [map, list] : by_map) {
    auto version = mapcore::MapVersion::FromEntries(std::move(list));
    if (!version.ok()) throw std::runtime_error(version.error().message);
    group_wish_.at(map) = *version;
    versions_[(*version)->digest()] = *version;
  }
  ++commits_;
  Run("replan");
}

std::string Scenario::MemberOfLine(const Arguments& arguments) const {
  if (rollout_.members.empty()) return rollout_.map;
  const auto named = arguments.find("map");
  if (named != arguments.end()) return named->second;
  // Only a map that changes has two arms.
  for (const MemberVersion& member : rollout_.target->version.members) {
    const MemberVersion* stable =
        rollout_.stable ? MemberIn(*rollout_.stable, member.map) : nullptr;
    if (stable == nullptr || stable->digest != member.digest) return member.map;
  }
  return rollout_.members.front();
}

Target Scenario::TargetOfGroup() const {
  std::map<std::string, Target> targets;
  for (const auto& [map, wish] : group_wish_) {
    targets[map] = TargetOf(MemberOf(rollout_, map), wish);
    targets[map].split.salt = "edge";
  }
  return GroupTarget(rollout_, targets);
}

// What lookups of each map see: "limits=07e142e62939>2570415621a3@5%", stable and canary.
std::string Scenario::GroupState() const {
  std::string text;
  for (const std::string& map : rollout_.members) {
    const Serving serving = ServingOf(MemberOf(rollout_, map));
    text += " " + map + "=" + (serving.stable ? serving.stable->Short() : "none");
    if (serving.canary)
      text +=
          ">" + serving.canary->Short() + "@" + std::to_string(serving.split.weight / 1000) + "%";
  }
  return text;
}

}  // namespace portolan::reconciler
