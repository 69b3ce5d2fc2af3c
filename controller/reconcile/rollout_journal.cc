// What of the lanes is stored, and when.
#include "controller/reconcile/rollout_reconciler.h"
#include "manifests/value.h"
#include "reconciler/rollout/record.h"

namespace portolan::controller {
namespace {

using reconciler::Persist;
using reconciler::Rollout;

}  // namespace

std::string RolloutReconciler::RecordKey(const std::string& lane) {
  return "rollout/" + lane;
}

std::string RolloutReconciler::Body(const Rollout& rollout) {
  return manifests::CanonicalJson(reconciler::RolloutToValue(rollout));
}

Status RolloutReconciler::Journal(const std::vector<Turned>& turned) {
  reconciler::Batch batch;
  for (const Turned& one : turned) {
    if (one.transition.persist != Persist::kNow) continue;
    batch.puts.push_back({RecordKey(one.map), Body(one.transition.next), one.lane->version});
    batch.events.insert(batch.events.end(), one.lane->owed.begin(), one.lane->owed.end());
    batch.events.insert(batch.events.end(), one.transition.events.begin(),
                        one.transition.events.end());
  }
  if (batch.puts.empty()) return {};
  PORTOLAN_CHECK(store_.Commit(batch));
  for (const reconciler::Event& event : batch.events) hooks_.event(event);
  return {};
}

// The record of the lane is as the lane is, and its events are told.
void RolloutReconciler::Journalled(Lane& lane) {
  ++lane.version;
  lane.owed.clear();
  dirty_.erase(lane.rollout.map);
  unjournalled_.erase(lane.rollout.map);
  journalled_ = unjournalled_.empty();
}

// What the lanes owe to the journal: evidence and soak of the last second. A thousand records take
// several rounds: the cursor lets every lane have its turn, however often the first ones change
// meanwhile.
void RolloutReconciler::JournalTick(const Now& now) {
  if (tick_cursor_.empty()) RetryJournal();
  reconciler::Batch batch;
  batch.sync = false;
  std::vector<Lane*> written;
  auto name = dirty_.upper_bound(tick_cursor_);
  for (; name != dirty_.end() && written.size() < kLanesPerRound; ++name) {
    Lane& lane = lanes_.at(*name);
    batch.puts.push_back({RecordKey(*name), Body(lane.rollout), lane.version});
    written.push_back(&lane);
  }
  CountVisits(written.size());
  const bool over = name == dirty_.end();
  if (over) next_tick_ = now.mono + kTick;
  tick_cursor_ = over ? "" : *std::prev(name);
  if (written.empty()) return;
  if (const auto committed = store_.Commit(batch); !committed.ok()) {
    next_tick_ = now.mono + kTick;
    tick_cursor_.clear();
    return hooks_.fault("", committed.error());
  }
  for (Lane* lane : written) Journalled(*lane);
}

// A transition towards safety that could not be stored is stored as soon as the store works again.
void RolloutReconciler::RetryJournal() {
  for (const std::string& name : std::set<std::string>(unjournalled_)) {
    Lane& lane = lanes_.at(name);
    CountVisits(1);
    reconciler::Batch batch;
    batch.puts.push_back({RecordKey(name), Body(lane.rollout), lane.version});
    batch.events = lane.owed;
    if (!store_.Commit(batch).ok()) continue;
    Journalled(lane);
    for (const reconciler::Event& event : batch.events) hooks_.event(event);
  }
}

}  // namespace portolan::controller
