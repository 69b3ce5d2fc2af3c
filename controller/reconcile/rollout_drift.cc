// What is served compared with what should be: at each map's interval, and when somebody asks.
#include "controller/reconcile/rollout_reconciler.h"
#include "reconciler/rollout/group.h"

namespace portolan::controller {

void RolloutReconciler::AddHolder(reconciler::Holder& holder) {
  drift_.Add(holder);
}

void RolloutReconciler::CheckContent(const std::string& map) {
  std::vector<Damage> damages = contents_.Check(map);
  if (damages.empty()) return;
  {
    const std::scoped_lock lock(inbox_mutex_);
    for (Damage& damage : damages) inbox_.damages.push_back({map, std::move(damage)});
  }
  inbox_changed_.notify_one();
}

std::future<DriftReport> RolloutReconciler::Drift(std::string map) {
  for (const auto& rollout : All())
    if (map.empty() || rollout->map == map) CheckContent(rollout->map);
  PendingDrift pending{std::move(map), {}};
  auto report = pending.promise.get_future();
  {
    const std::scoped_lock lock(inbox_mutex_);
    inbox_.drifts.push_back(std::move(pending));
  }
  inbox_changed_.notify_one();
  return report;
}

DriftReport RolloutReconciler::LastDrift(WallTime now) const {
  return drift_.Report(now);
}

// What a group could not serve when it was to is served of all its maps at once, or of none: one
// alone would be seen beside the others' old state. Errors: of the map that cannot be read.
Status RolloutReconciler::CatchUp(const std::string& group) {
  const std::string name = reconciler::GroupName(group);
  bool behind = false;
  for (const std::string& member : lanes_.at(name).rollout.members) {
    Lane& lane = lanes_.at(member);
    const reconciler::Serving wanted = reconciler::ServingOf(*Find(member));
    if (!lane.served || *lane.served == wanted) continue;
    behind = true;
    if (const auto state = Assemble(wanted, lane); !state.ok())
      return Error{state.error().code,
                   "map \"" + member + "\" of its group cannot be read: " + state.error().message};
  }
  if (!behind) return {};
  Batch late;
  Serve(name, lanes_.at(name), late);
  catalog_.Publish(std::move(late));
  return {};
}

// A map of a group holds what the group gives it. A map that nobody should hold is watched no
// longer once nobody does.
std::vector<reconciler::Event> RolloutReconciler::CheckMap(const std::string& map, const Now& now,
                                                           bool heal) {
  const auto rollout = Find(map);
  const reconciler::Serving serving = reconciler::ServingOf(*rollout);
  Lane& lane = lanes_.at(map);
  auto should = Assemble(serving, lane);
  if (heal && rollout->heal.self_heal && should.ok() && !lane.rollout.group.empty())
    if (const Status whole = CatchUp(lane.rollout.group); !whole.ok()) should = whole.error();
  auto events = drift_.Check(*rollout, should, now, heal);
  if (should.ok()) lane.held.Serve(*should);
  if (!serving.stable && !serving.canary) drift_.Forget(map);
  return events;
}

// Before anything is healed: who asks wants to know what there is.
void RolloutReconciler::AnswerDrift(std::vector<PendingDrift>& asked, const Now& now) {
  for (PendingDrift& pending : asked) {
    for (auto& [map, lane] : lanes_)
      if (Find(map) != nullptr && !reconciler::IsGroupName(map) &&
          (pending.map.empty() || pending.map == map))
        CheckMap(map, now, /*heal=*/false);
    pending.promise.set_value(drift_.Report(now.wall, pending.map));
  }
}

void RolloutReconciler::CheckDrift(Inbox& inbox, const Now& now) {
  for (FoundDamage& found : inbox.damages) {
    drift_.Know(std::move(found.damage));
    drift_due_.Set(found.map, now.mono);
  }
  AnswerDrift(inbox.drifts, now);
  std::vector<reconciler::Event> events;
  for (const std::string& map : drift_due_.Take(now.mono, kLanesPerRound)) {
    CountVisits(1);
    const auto rollout = Find(map);
    const auto& heal = (rollout == nullptr ? lanes_.at(map).rollout : *rollout).heal;
    drift_due_.Set(map, now.mono + heal.interval);
    if (rollout == nullptr) continue;
    for (reconciler::Event& event : CheckMap(map, now, /*heal=*/true))
      events.push_back(std::move(event));
  }
  if (now.mono >= next_drift_sample_) {
    next_drift_sample_ = now.mono + kDriftSampleInterval;
    drift_.Sample(now.wall);
  }
  TellDrift(std::move(events));
}

// Told also when it cannot be stored: what is served was put right all the same.
void RolloutReconciler::TellDrift(std::vector<reconciler::Event> events) {
  if (events.empty()) return;
  reconciler::Batch batch;
  batch.sync = false;
  batch.events = std::move(events);
  if (const auto stored = store_.Commit(batch); !stored.ok()) hooks_.fault("", stored.error());
  for (const reconciler::Event& event : batch.events) hooks_.event(event);
}

}  // namespace portolan::controller
