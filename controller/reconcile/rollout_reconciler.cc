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

constexpr Duration kIdle = std::chrono::seconds(10);

bool PlannedOnStable(const reconciler::Target& target, const Rollout& rollout) {
  return target.base == (rollout.stable ? std::optional(rollout.stable->digest) : std::nullopt);
}

}  // namespace

RolloutReconciler::RolloutReconciler(reconciler::StateStore& store, VersionCache& versions,
                                     mapcore::Catalog& catalog, Hooks hooks)
    : store_(store),
      versions_(versions),
      catalog_(catalog),
      hooks_(std::move(hooks)),
      served_(catalog),
      contents_(catalog, versions) {
  drift_.Add(served_);
}

Status RolloutReconciler::Restore() {
  PORTOLAN_TRY(const std::vector<reconciler::Record> records, store_.List(RecordKey("")));
  for (const reconciler::Record& record : records) {
    PORTOLAN_TRY(const manifests::Value value,
                 manifests::ParseJson(record.body, {.bytes = record.body.size() + 1}));
    PORTOLAN_TRY(Rollout rollout, reconciler::RolloutFromValue(value));
    const std::string map = rollout.map;
    Lane& lane = LaneFor(map);
    lane.rollout = std::move(rollout);
    lane.version = record.version;
    if (lane.rollout.group.empty()) steps_due_.Set(map, Duration(0));
  }
  Batch batch;
  for (auto& [map, lane] : lanes_) Serve(map, lane, batch);
  catalog_.Publish(std::move(batch));
  for (const auto& [map, lane] : lanes_) Publish(lane);
  return {};
}

Duration RolloutReconciler::Process(const Now& now) {
  Inbox inbox = TakeInbox();
  MindClock(now);
  TakeAnswers(inbox);
  RunCommands(inbox.commands, now);
  StepAll(ObserveHealth(inbox, now), now);
  // After what time and reports led to: a wish has to be planned against what is stable by then.
  StepAll(ObserveSources(inbox.wishes, now), now);
  for (PendingWish& wish : inbox.wishes) wish.promise.set_value();
  ForgetAnswers(now);
  RepeatMoves(now);
  if (now.mono >= next_tick_) JournalTick(now);
  CheckDrift(inbox, now);
  return NextDue(now);
}

RolloutReconciler::Lane& RolloutReconciler::LaneFor(const std::string& name) {
  const auto [lane, fresh] = lanes_.try_emplace(name);
  if (fresh && !reconciler::IsGroupName(name)) drift_due_.Set(name, Duration(0));
  return lane->second;
}

// Ends of overrides, suspensions and freezes are wall times, which Step turns into a while from now
// on. That is wrong when the wall clock is set, and when the machine slept.
void RolloutReconciler::MindClock(const Now& now) {
  const auto before = std::exchange(last_round_, now);
  if (!before) return;
  const Duration set = (now.wall - before->wall) - (now.mono - before->mono);
  if (set > kTick || set < -kTick) steps_due_.AllDue(now.mono);
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
    CountVisits(1);
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
  CountVisits(observed.size());
  std::vector<Turned> turned;
  for (auto& [map, seen] : observed) {
    Lane& lane = lanes_.at(map);
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
  for (const std::string& map : steps_due_.Take(now.mono, kLanesPerRound)) seen[map];
  for (const std::string& map : answered_) seen[map];
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
  const auto maps = maps_of_.find(ack.instance);
  if (maps == maps_of_.end()) return;
  for (const std::string& map : maps->second) {
    ack.map = map;
    add(LaneOf(map), ack);
  }
}

RolloutReconciler::Observations RolloutReconciler::ObserveSources(std::vector<PendingWish>& wishes,
                                                                  const Now& now) {
  Observations seen;
  for (PendingWish& pending : wishes) AddWish(pending.wish, seen, now);
  for (const std::string& map : std::exchange(unstored_, {})) {
    Lane& lane = lanes_.at(map);
    if (lane.unstored_wish) RepeatWish(lane, seen[map]);
  }
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
  Lane& lane = LaneFor(map);
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
      steps_due_.Set(one.map, now.mono + kTick);
      if (one.wish.desired || one.wish.removed) {
        one.lane->unstored_wish = std::move(one.wish);
        unstored_.insert(one.map);
      }
    }
  }
  catalog_.Publish(std::move(batch));
  for (Turned& one : turned)
    if (one.command != nullptr) Answer(one, journalled);
  for (const Lane* lane : replan) Replan(*lane);
}

void RolloutReconciler::Adopt(Turned& turned, const Now& now, bool stored, Batch& batch) {
  Lane& lane = *turned.lane;
  lane.rollout = std::move(turned.transition.next);
  steps_due_.Remove(turned.map);
  if (turned.transition.look_again)
    steps_due_.Set(turned.map, now.mono + *turned.transition.look_again);
  if (turned.transition.persist == Persist::kNow && stored) {
    Journalled(lane);
  } else if (turned.transition.persist == Persist::kNow) {
    std::move(turned.transition.events.begin(), turned.transition.events.end(),
              std::back_inserter(lane.owed));
    unjournalled_.insert(turned.map);
    dirty_.erase(turned.map);
    journalled_ = false;
  } else if (turned.transition.persist == Persist::kTick && !unjournalled_.contains(turned.map)) {
    dirty_.insert(turned.map);
  }
  AskLater(turned.map, lane);
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
  for (const DueQueue* queue : {&steps_due_, &drift_due_, &asks_due_})
    if (const auto due = queue->next()) next = std::min(next, *due - now.mono);
  if (!unstored_.empty()) next = std::min(next, kTick);
  for (const WaitingMove& waiting : waiting_)
    if (waiting.until.empty()) next = std::min(next, waiting.not_before - now.mono);
  if (!dirty_.empty() || !unjournalled_.empty()) next = std::min(next, next_tick_ - now.mono);
  return std::max(next, Duration(0));
}

}  // namespace portolan::controller
