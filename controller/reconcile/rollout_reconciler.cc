#include "controller/reconcile/rollout_reconciler.h"

#include <algorithm>

#include "manifests/value.h"
#include "reconciler/rollout/group.h"
#include "reconciler/rollout/race.h"
#include "reconciler/rollout/record.h"

namespace portolan::controller {
namespace {

using reconciler::Observation;
using reconciler::Persist;
using reconciler::Rollout;

constexpr Duration kTick = std::chrono::seconds(1);
constexpr Duration kIdle = std::chrono::seconds(10);
constexpr std::string_view kRecordPrefix = "rollout/";

bool PlannedOnStable(const reconciler::Target& target, const Rollout& rollout) {
  return target.base == (rollout.stable ? std::optional(rollout.stable->digest) : std::nullopt);
}

}  // namespace

std::string RolloutReconciler::RecordKey(const std::string& lane) {
  return std::string(kRecordPrefix) + lane;
}

std::string RolloutReconciler::Body(const Rollout& rollout) {
  return manifests::CanonicalJson(reconciler::RolloutToValue(rollout));
}

RolloutReconciler::RolloutReconciler(reconciler::StateStore& store, VersionCache& versions,
                                     mapcore::Catalog& catalog, Hooks hooks)
    : store_(store),
      versions_(versions),
      catalog_(catalog),
      hooks_(std::move(hooks)),
      served_(catalog) {
  drift_.Add(served_);
}

Status RolloutReconciler::Restore() {
  PORTOLAN_TRY(const std::vector<reconciler::Record> records, store_.List(kRecordPrefix));
  for (const reconciler::Record& record : records) {
    PORTOLAN_TRY(const manifests::Value value,
                 manifests::ParseJson(record.body, {.bytes = record.body.size() + 1}));
    PORTOLAN_TRY(Rollout rollout, reconciler::RolloutFromValue(value));
    const std::string map = rollout.map;
    Lane& lane = lanes_[map];
    lane.rollout = std::move(rollout);
    lane.version = record.version;
    if (lane.rollout.group.empty()) lane.due = Duration(0);
  }
  Batch batch;
  for (auto& [map, lane] : lanes_) Serve(map, lane, batch);
  catalog_.Publish(std::move(batch));
  for (const auto& [map, lane] : lanes_) Publish(lane);
  return {};
}

Duration RolloutReconciler::Process(const Now& now) {
  Inbox inbox = TakeInbox();
  TakeAnswers(inbox);
  RunCommands(inbox.commands, now);
  StepAll(ObserveHealth(inbox, now), now);
  // After what time and reports led to: a wish has to be planned against what is stable by then.
  StepAll(ObserveSources(inbox.wishes, now), now);
  for (PendingWish& wish : inbox.wishes) wish.promise.set_value();
  if (hooks_.ask_policies) ForgetAnswers(now);
  RepeatMoves(now);
  if (now.mono >= next_tick_) JournalTick(now);
  CheckDrift(inbox.drifts, now);
  return NextDue(now);
}

void RolloutReconciler::RunCommands(std::vector<PendingCommand>& commands, const Now& now) {
  std::stable_sort(commands.begin(), commands.end(),
                   [](const PendingCommand& a, const PendingCommand& b) {
                     return reconciler::RankOf(a.command.verb) < reconciler::RankOf(b.command.verb);
                   });
  std::map<std::string, const reconciler::Command*> winners;  // by map
  for (PendingCommand& pending : commands) {
    const auto found = LaneOf(pending.map);
    if (found == lanes_.end()) {
      pending.promise.set_value(
          Error{ErrorCode::kNotFound, "no map \"" + pending.map + "\"; see: portolan status"});
      continue;
    }
    const auto& [name, lane] = *found;
    if (name != pending.map) pending.command.map = pending.map;
    if (const auto winner = winners.find(name); winner != winners.end())
      if (auto lost = reconciler::LostRace(*winner->second, pending.command, name)) {
        pending.promise.set_value(VerbAnswer{std::move(*lost), std::nullopt, Find(pending.map)});
        continue;
      }
    Observation seen;
    seen.now = now;
    seen.command = pending.command;
    seen.freeze = FreezeOf(name, now);
    reconciler::Transition transition = StepJudged(found->second, seen);
    if (Defer(found->second, seen, pending)) continue;
    std::vector<Turned> turned;
    turned.push_back({&found->second, name, std::move(transition), &pending});
    const auto& outcome = turned.front().transition.outcome;
    if (outcome && outcome->accepted) winners.emplace(name, &pending.command);
    Settle(turned, now);
  }
}

std::optional<reconciler::Freeze> RolloutReconciler::FreezeOf(const std::string& map,
                                                              const Now& now) const {
  if (!hooks_.freeze) return std::nullopt;
  const auto lane = lanes_.find(map);
  if (lane != lanes_.end())
    for (const std::string& member : lane->second.rollout.members)
      if (auto freeze = hooks_.freeze(member, now.wall)) return freeze;
  return hooks_.freeze(map, now.wall);
}

void RolloutReconciler::StepAll(Observations observed, const Now& now) {
  std::vector<Turned> turned;
  for (auto& [map, seen] : observed) {
    Lane& lane = lanes_[map];
    seen.now = now;
    seen.freeze = FreezeOf(map, now);
    turned.push_back(
        {&lane, map, StepJudged(lane, seen), nullptr, {std::move(seen.desired), seen.removed}});
  }
  Settle(turned, now);
}

RolloutReconciler::Observations RolloutReconciler::ObserveHealth(Inbox& inbox, const Now& now) {
  Observations seen;
  for (reconciler::Report& report : inbox.reports) {
    const auto lane = LaneOf(report.map);
    if (lane == lanes_.end()) continue;
    if (lane->first != report.map) report = GroupReport(lane->second.rollout, std::move(report));
    seen[lane->first].reports.push_back(std::move(report));
  }
  for (reconciler::Ack& ack : inbox.acks) AddAck(ack, seen);
  for (reconciler::Measurement& measurement : inbox.measurements)
    if (lanes_.contains(measurement.map))
      seen[measurement.map].measurements.push_back(std::move(measurement));
  for (const auto& [map, lane] : lanes_)
    if ((lane.due && *lane.due <= now.mono) || lane.gate.answer) seen[map];
  AddComparisons(inbox, seen);
  return seen;
}

void RolloutReconciler::AddAck(reconciler::Ack& ack, Observations& seen) {
  const auto add = [&](Lanes::iterator lane, reconciler::Ack own) {
    if (lane->first != own.map) own = GroupAck(lane->second.rollout, std::move(own));
    seen[lane->first].acks.push_back(std::move(own));
  };
  if (!ack.map.empty()) {
    const auto lane = LaneOf(ack.map);
    if (lane != lanes_.end()) add(lane, std::move(ack));
    return;
  }
  const std::scoped_lock lock(view_mutex_);
  for (const auto& [map, rollout] : view_) {
    if (!rollout->fleet.contains(ack.instance)) continue;
    ack.map = map;
    add(LaneOf(map), ack);
  }
}

RolloutReconciler::Observations RolloutReconciler::ObserveSources(std::vector<PendingWish>& wishes,
                                                                  const Now& now) {
  Observations seen;
  for (PendingWish& pending : wishes) AddWish(pending.wish, seen, now);
  for (auto& [map, lane] : lanes_)
    if (lane.unstored_wish) RepeatWish(lane, seen[map]);
  return seen;
}

void RolloutReconciler::AddWish(SourceWish& wish, Observations& seen, const Now& now) {
  MoveMaps(wish, now);
  AddGroups(wish, seen);
  for (auto& [map, target] : wish.targets) AddTarget(wish.source, map, std::move(target), seen);
  for (const std::string& map : wish.removed)
    if (lanes_.contains(map)) seen[map].removed = true;
}

void RolloutReconciler::AddTarget(const std::string& source, const std::string& map,
                                  reconciler::Target target, Observations& seen) {
  Lane& lane = lanes_[map];
  if (lane.rollout.map.empty()) lane.rollout.map = map;
  // A map that another source got first, maybe in this very round: planning anew, the source sees
  // that.
  const auto taken = seen.find(map);
  const bool vacant = lane.rollout.phase == reconciler::Phase::kPending &&
                      (taken == seen.end() || !taken->second.desired);
  if (vacant) lane.rollout.source = source;
  if (lane.rollout.source != source) return hooks_.replan(source, map);
  if (!PlannedOnStable(target, lane.rollout)) return Replan(lane);
  seen[map].desired = std::move(target);
}

void RolloutReconciler::RepeatWish(Lane& lane, Observation& seen) {
  UnstoredWish wish = *std::exchange(lane.unstored_wish, std::nullopt);
  if (seen.desired || seen.removed) return;
  seen.removed = wish.removed;
  if (!wish.desired) return;
  if (!PlannedOnStable(*wish.desired, lane.rollout)) return Replan(lane);
  seen.desired = std::move(wish.desired);
}

void RolloutReconciler::Settle(std::vector<Turned>& turned, const Now& now) {
  Batch batch;
  for (Turned& one : turned)
    if (one.transition.safe_direction) {
      one.lane->rollout = one.transition.next;
      Serve(one.map, *one.lane, batch);
    }
  catalog_.Publish(std::exchange(batch, {}));
  const Status journalled = Journal(turned);
  std::vector<Lane*> replan;
  for (Turned& one : turned) {
    const bool kept =
        journalled.ok() || one.transition.safe_direction || one.transition.persist != Persist::kNow;
    if (kept && one.transition.replan) replan.push_back(one.lane);
    if (kept) Adopt(one, now, journalled.ok(), batch);
    if (!journalled.ok() && one.transition.persist == Persist::kNow) {
      hooks_.fault(one.map, journalled.error());
    }
    if (!kept) {
      one.lane->due = now.mono + kTick;
      if (one.wish.desired || one.wish.removed) one.lane->unstored_wish = std::move(one.wish);
    }
  }
  catalog_.Publish(std::move(batch));
  for (Turned& one : turned)
    if (one.command != nullptr) Answer(one, journalled);
  for (const Lane* lane : replan) Replan(*lane);
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

void RolloutReconciler::Adopt(Turned& turned, const Now& now, bool stored, Batch& batch) {
  Lane& lane = *turned.lane;
  lane.rollout = std::move(turned.transition.next);
  lane.due.reset();
  if (turned.transition.look_again) lane.due = now.mono + *turned.transition.look_again;
  if (turned.transition.persist == Persist::kNow && stored) {
    ++lane.version;
    lane.dirty = false;
    lane.owed.clear();
    if (std::exchange(lane.unjournalled, false)) --unjournalled_;
  } else if (turned.transition.persist == Persist::kNow) {
    std::move(turned.transition.events.begin(), turned.transition.events.end(),
              std::back_inserter(lane.owed));
    if (!std::exchange(lane.unjournalled, true)) ++unjournalled_;
  } else if (turned.transition.persist == Persist::kTick) {
    lane.dirty = true;
  }
  Serve(turned.map, lane, batch);
  Publish(lane);
  if (!turned.transition.measure.empty() && hooks_.measure)
    hooks_.measure(std::move(turned.transition.measure));
}

void RolloutReconciler::Answer(Turned& turned, const Status& journalled) {
  const bool refused = !turned.transition.outcome || !turned.transition.outcome->accepted;
  if (!journalled.ok() && !refused && !turned.transition.safe_direction)
    return turned.command->promise.set_value(journalled.error());
  VerbAnswer answer{turned.transition.outcome.value_or(reconciler::CommandOutcome{}), std::nullopt,
                    Find(turned.command->map)};
  if (!journalled.ok() && !refused) answer.unjournalled = journalled.error();
  turned.command->promise.set_value(std::move(answer));
}

// What the lanes owe to the journal: evidence and soak of the last second.
void RolloutReconciler::JournalTick(const Now& now) {
  next_tick_ = now.mono + kTick;
  RetryJournal();
  reconciler::Batch batch;
  batch.sync = false;
  std::vector<Lane*> written;
  for (auto& [map, lane] : lanes_) {
    if (!lane.dirty || lane.unjournalled) continue;
    batch.puts.push_back({RecordKey(map), Body(lane.rollout), lane.version});
    written.push_back(&lane);
  }
  if (batch.puts.empty()) return;
  const auto committed = store_.Commit(batch);
  if (!committed.ok()) return hooks_.fault("", committed.error());
  for (Lane* lane : written) {
    ++lane->version;
    lane->dirty = false;
  }
}

// A transition towards safety that could not be stored is stored as soon as the store works again.
void RolloutReconciler::RetryJournal() {
  for (auto& [map, lane] : lanes_) {
    if (!lane.unjournalled) continue;
    reconciler::Batch batch;
    batch.puts.push_back({RecordKey(map), Body(lane.rollout), lane.version});
    batch.events = lane.owed;
    if (!store_.Commit(batch).ok()) continue;
    ++lane.version;
    lane.dirty = lane.unjournalled = false;
    --unjournalled_;
    for (const reconciler::Event& event : std::exchange(lane.owed, {})) hooks_.event(event);
  }
}

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
    lane.held.clear();
    return true;
  }
  auto state = Assemble(serving, lane);
  if (!state.ok()) {
    hooks_.fault(rollout.map, state.error());
    return false;
  }
  lane.held = {state->stable, state->canary};
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

void RolloutReconciler::Publish(const Lane& lane) {
  if (!lane.rollout.group.empty()) return;
  View fresh;
  for (const std::string& member : lane.rollout.members)
    fresh[member] = std::make_shared<const Rollout>(MemberOf(lane.rollout, member));
  auto view = std::make_shared<const Rollout>(lane.rollout);
  const std::scoped_lock lock(view_mutex_);
  for (auto& [member, rollout] : fresh) view_[member] = std::move(rollout);
  if (!reconciler::IsGroupName(lane.rollout.map))
    view_[lane.rollout.map] = std::move(view);
  else if (lane.rollout.members.empty())
    group_view_.erase(lane.rollout.map);
  else
    group_view_[lane.rollout.map] = std::move(view);
}

std::shared_ptr<const Rollout> RolloutReconciler::Find(std::string_view map) const {
  const std::scoped_lock lock(view_mutex_);
  const View& view = reconciler::IsGroupName(map) ? group_view_ : view_;
  const auto found = view.find(map);
  return found == view.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<const Rollout>> RolloutReconciler::All() const {
  const std::scoped_lock lock(view_mutex_);
  std::vector<std::shared_ptr<const Rollout>> all;
  all.reserve(view_.size());
  for (const auto& [map, rollout] : view_) all.push_back(rollout);
  return all;
}

std::vector<std::shared_ptr<const Rollout>> RolloutReconciler::Groups() const {
  const std::scoped_lock lock(view_mutex_);
  std::vector<std::shared_ptr<const Rollout>> all;
  for (const auto& [name, rollout] : group_view_) all.push_back(rollout);
  return all;
}

Duration RolloutReconciler::NextDue(const Now& now) const {
  Duration next = kIdle;
  bool journal = unjournalled_.load() > 0;
  for (const auto& [map, lane] : lanes_) {
    if (lane.due) next = std::min(next, *lane.due - now.mono);
    if (lane.unstored_wish) next = std::min(next, kTick);
    next = std::min(next, lane.drift_due - now.mono);
    journal = journal || lane.dirty;
  }
  for (const WaitingMove& waiting : waiting_)
    if (waiting.until.empty()) next = std::min(next, waiting.not_before - now.mono);
  if (journal) next = std::min(next, next_tick_ - now.mono);
  return std::max(next, Duration(0));
}

}  // namespace portolan::controller
