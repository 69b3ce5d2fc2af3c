// What lookups see of the lanes, and what other threads see of them.
#include "controller/reconcile/rollout_reconciler.h"
#include "reconciler/rollout/group.h"

namespace portolan::controller {

using reconciler::Rollout;

Result<mapcore::LiveState> RolloutReconciler::Assemble(const reconciler::Serving& serving,
                                                       Lane& lane) {
  mapcore::LiveState state;
  if (serving.stable) {
    PORTOLAN_TRY(state.stable, versions_.Get(*serving.stable));
  }
  if (serving.canary) {
    PORTOLAN_TRY(state.canary, versions_.Get(*serving.canary));
  }
  if (!serving.overlay.empty()) {
    std::vector<mapcore::Entry> entries;
    for (const auto& [key, value] : serving.overlay) entries.push_back({key, value});
    PORTOLAN_TRY(state.overlay, mapcore::MapVersion::FromEntries(std::move(entries)));
  }
  state.split = serving.split;
  state.rollout = serving.rollout;
  state.step = serving.step;
  state.sensitive.assign(serving.sensitive.begin(), serving.sensitive.end());
  state.dual_run = DualRunOf(serving, lane);
  return state;
}

bool RolloutReconciler::ServeAs(const Rollout& rollout, Lane& lane, Batch& batch) {
  reconciler::Serving serving = reconciler::ServingOf(rollout);
  if (lane.served == serving) return true;
  if (!serving.stable && !serving.canary) {
    catalog_.Remove(rollout.map);
    lane.served = std::move(serving);
    lane.held.Clear();
    return true;
  }
  auto state = Assemble(serving, lane);
  if (!state.ok()) {
    hooks_.fault(rollout.map, state.error());
    return false;
  }
  lane.held.Serve(*state);
  batch.push_back({rollout.map, std::move(state).value()});
  lane.served = std::move(serving);
  return true;
}

void RolloutReconciler::Serve(const std::string& map, Lane& lane, Batch& batch) {
  if (!lane.rollout.group.empty()) return;  // its group serves it
  if (!reconciler::IsGroupName(map)) {
    ServeAs(lane.rollout, lane, batch);
    return;
  }
  // All members or none: a version that cannot be read holds them all where they are.
  Batch members;
  bool complete = true;
  std::vector<std::pair<Lane*, std::optional<reconciler::Serving>>> before;
  for (const std::string& member : lane.rollout.members) {
    Lane& own = lanes_.at(member);
    before.emplace_back(&own, own.served);
    complete = complete && ServeAs(MemberOf(lane.rollout, member), own, members);
  }
  if (complete)
    std::move(members.begin(), members.end(), std::back_inserter(batch));
  else
    for (auto& [own, served] : before) own->served = std::move(served);
}

// Which maps an instance speaks of when it names none: those that know it.
void RolloutReconciler::IndexInstances(const std::string& map, const reconciler::Fleet& after) {
  const auto shown = Find(map);
  const reconciler::Fleet nobody;
  const reconciler::Fleet& before = shown == nullptr ? nobody : shown->fleet;
  auto old = before.begin();
  auto fresh = after.begin();
  while (old != before.end() || fresh != after.end()) {
    if (fresh == after.end() || (old != before.end() && old->first < fresh->first)) {
      const auto maps = maps_of_.find(old++->first);
      maps->second.erase(map);
      if (maps->second.empty()) maps_of_.erase(maps);
    } else if (old == before.end() || fresh->first < old->first) {
      maps_of_[fresh++->first].insert(map);
    } else {
      ++old;
      ++fresh;
    }
  }
}

void RolloutReconciler::Publish(const Lane& lane) {
  if (!lane.rollout.group.empty()) return;
  View fresh;
  for (const std::string& member : lane.rollout.members)
    fresh[member] = std::make_shared<const Rollout>(MemberOf(lane.rollout, member));
  auto view = std::make_shared<const Rollout>(lane.rollout);
  if (!reconciler::IsGroupName(lane.rollout.map)) fresh[lane.rollout.map] = view;
  for (const auto& [map, rollout] : fresh) IndexInstances(map, rollout->fleet);
  const std::scoped_lock lock(view_mutex_);
  for (auto& [map, rollout] : fresh) view_[map] = std::move(rollout);
  if (!reconciler::IsGroupName(lane.rollout.map)) return;
  if (lane.rollout.members.empty())
    group_view_.erase(lane.rollout.map);
  else
    group_view_[lane.rollout.map] = std::move(view);
}

}  // namespace portolan::controller
