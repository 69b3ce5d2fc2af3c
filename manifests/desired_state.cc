#include "manifests/desired_state.h"

#include <iterator>
#include <utility>

#include "manifests/entries.h"

namespace portolan::manifests {

bool DesiredMap::IsSensitive(std::string_view key) const {
  return IsSensitiveKey(sensitive, key);
}

void Reject(DesiredState& state, const std::string& map, std::vector<Diagnostic> reasons) {
  const auto found = state.maps.find(map);
  const std::string group = found == state.maps.end() ? "" : found->second->group;
  if (found != state.maps.end()) state.maps.erase(found);
  state.diagnostics.insert(state.diagnostics.end(), reasons.begin(), reasons.end());
  auto& kept = state.rejected[map];
  kept.insert(kept.end(), std::make_move_iterator(reasons.begin()),
              std::make_move_iterator(reasons.end()));
  if (group.empty()) return;
  const auto declared = state.groups.find(group);
  if (declared == state.groups.end()) return;
  const std::set<std::string> members = std::move(declared->second.maps);
  state.groups.erase(declared);
  state.rejected_groups.insert(group);
  for (const std::string& member : members) {
    const auto other = state.maps.find(member);
    if (other == state.maps.end()) continue;
    Diagnostic reason = ErrorAt(other->second->file, other->second->position,
                                "map " + QuoteForMessage(member) + " moves with RolloutGroup " +
                                    QuoteForMessage(group) + ", of which map " +
                                    QuoteForMessage(map) + " is not usable");
    Reject(state, member, {std::move(reason)});
  }
}

}  // namespace portolan::manifests
