#include "controller/reconcile/rollout_reconciler.h"

#include <algorithm>

#include "manifests/value.h"
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

std::string Body(const Rollout& rollout) {
  return manifests::CanonicalJson(reconciler::RolloutToValue(rollout));
}

}  // namespace

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
    lane.due = Duration(0);
    Serve(map, lane);
    Publish(lane);
  }
  return {};
}

void RolloutReconciler::Report(std::vector<reconciler::Report> reports) {
  {
    const std::scoped_lock lock(inbox_mutex_);
    std::move(reports.begin(), reports.end(), std::back_inserter(inbox_.reports));
  }
  inbox_changed_.notify_one();
}

void RolloutReconciler::Acknowledge(std::vector<reconciler::Ack> acks) {
  {
    const std::scoped_lock lock(inbox_mutex_);
    std::move(acks.begin(), acks.end(), std::back_inserter(inbox_.acks));
  }
  inbox_changed_.notify_one();
}

void RolloutReconciler::Measured(reconciler::Measurement measurement) {
  {
    const std::scoped_lock lock(inbox_mutex_);
    inbox_.measurements.push_back(std::move(measurement));
  }
  inbox_changed_.notify_one();
}

std::future<Result<VerbAnswer>> RolloutReconciler::Submit(std::string map,
                                                          reconciler::Command command) {
  PendingCommand pending{std::move(map), std::move(command), {}};
  auto answer = pending.promise.get_future();
  {
    const std::scoped_lock lock(inbox_mutex_);
    inbox_.commands.push_back(std::move(pending));
  }
  inbox_changed_.notify_one();
  return answer;
}

std::future<void> RolloutReconciler::Wish(SourceWish wish) {
  PendingWish pending{std::move(wish), {}};
  auto done = pending.promise.get_future();
  {
    const std::scoped_lock lock(inbox_mutex_);
    inbox_.wishes.push_back(std::move(pending));
  }
  inbox_changed_.notify_one();
  return done;
}

void RolloutReconciler::Wait(Duration duration) {
  std::unique_lock lock(inbox_mutex_);
  inbox_changed_.wait_for(lock, duration, [this] {
    return woken_ || !inbox_.reports.empty() || !inbox_.acks.empty() || !inbox_.outputs.empty() ||
           !inbox_.measurements.empty() || !inbox_.commands.empty() || !inbox_.wishes.empty() ||
           !inbox_.drifts.empty() || !inbox_.answers.empty();
  });
  woken_ = false;
}

void RolloutReconciler::Wake() {
  {
    const std::scoped_lock lock(inbox_mutex_);
    woken_ = true;
  }
  inbox_changed_.notify_one();
}

RolloutReconciler::Inbox RolloutReconciler::TakeInbox() {
  const std::scoped_lock lock(inbox_mutex_);
  return std::exchange(inbox_, {});
}

Duration RolloutReconciler::Process(const Now& now) {
  Inbox inbox = TakeInbox();
  TakeAnswers(inbox);
  RunCommands(inbox.commands, now);
  StepAll(ObserveHealth(inbox, now), now);
  // After what time and reports led to: a wish has to be planned against what is stable by then.
  StepAll(ObserveSources(inbox.wishes), now);
  for (PendingWish& wish : inbox.wishes) wish.promise.set_value();
  if (hooks_.ask_policies) ForgetAnswers(now);
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
    const auto found = lanes_.find(pending.map);
    if (found == lanes_.end()) {
      pending.promise.set_value(
          Error{ErrorCode::kNotFound, "no map \"" + pending.map + "\"; see: portolan status"});
      continue;
    }
    if (const auto winner = winners.find(pending.map); winner != winners.end())
      if (auto lost = reconciler::LostRace(*winner->second, pending.command, pending.map)) {
        pending.promise.set_value(VerbAnswer{std::move(*lost), std::nullopt, Find(pending.map)});
        continue;
      }
    Observation seen;
    seen.now = now;
    seen.command = pending.command;
    seen.freeze = FreezeOf(pending.map, now);
    reconciler::Transition transition = StepJudged(found->second, seen);
    if (Defer(found->second, seen, pending)) continue;
    std::vector<Turned> turned;
    turned.push_back({&found->second, pending.map, std::move(transition), &pending});
    const auto& outcome = turned.front().transition.outcome;
    if (outcome && outcome->accepted) winners.emplace(pending.map, &pending.command);
    Settle(turned, now);
  }
}

std::optional<reconciler::Freeze> RolloutReconciler::FreezeOf(const std::string& map,
                                                              const Now& now) const {
  return hooks_.freeze ? hooks_.freeze(map, now.wall) : std::nullopt;
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
  for (reconciler::Report& report : inbox.reports)
    if (lanes_.contains(report.map)) seen[report.map].reports.push_back(std::move(report));
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
  if (!ack.map.empty()) {
    const auto lane = lanes_.find(ack.map);
    if (lane != lanes_.end()) seen[ack.map].acks.push_back(std::move(ack));
    return;
  }
  for (const auto& [map, lane] : lanes_)
    if (lane.rollout.fleet.contains(ack.instance)) seen[map].acks.push_back(ack);
}

RolloutReconciler::Observations RolloutReconciler::ObserveSources(
    std::vector<PendingWish>& wishes) {
  Observations seen;
  for (PendingWish& pending : wishes) AddWish(pending.wish, seen);
  for (auto& [map, lane] : lanes_)
    if (lane.unstored_wish) RepeatWish(map, lane, seen[map]);
  return seen;
}

void RolloutReconciler::AddWish(SourceWish& wish, Observations& seen) {
  for (auto& [map, target] : wish.targets) {
    Lane& lane = lanes_[map];
    if (lane.rollout.map.empty()) lane.rollout.map = map;
    // A map that another source got first, maybe in this very round: planning anew, the source sees
    // that.
    const auto taken = seen.find(map);
    const bool vacant = lane.rollout.phase == reconciler::Phase::kPending &&
                        (taken == seen.end() || !taken->second.desired);
    if (vacant) lane.rollout.source = wish.source;
    if (lane.rollout.source != wish.source || !PlannedOnStable(target, lane.rollout)) {
      hooks_.replan(wish.source, map);
      continue;
    }
    seen[map].desired = std::move(target);
  }
  for (const std::string& map : wish.removed)
    if (lanes_.contains(map)) seen[map].removed = true;
}

void RolloutReconciler::RepeatWish(const std::string& map, Lane& lane, Observation& seen) {
  UnstoredWish wish = *std::exchange(lane.unstored_wish, std::nullopt);
  if (seen.desired || seen.removed) return;
  seen.removed = wish.removed;
  if (!wish.desired) return;
  if (!PlannedOnStable(*wish.desired, lane.rollout)) return hooks_.replan(lane.rollout.source, map);
  seen.desired = std::move(wish.desired);
}

void RolloutReconciler::Settle(std::vector<Turned>& turned, const Now& now) {
  for (Turned& one : turned)
    if (one.transition.safe_direction) {
      one.lane->rollout = one.transition.next;
      Serve(one.map, *one.lane);
    }
  const Status journalled = Journal(turned);
  std::vector<std::pair<std::string, std::string>> replan;
  for (Turned& one : turned) {
    const bool kept =
        journalled.ok() || one.transition.safe_direction || one.transition.persist != Persist::kNow;
    if (kept) Adopt(one, now, journalled.ok());
    if (!journalled.ok() && one.transition.persist == Persist::kNow) {
      hooks_.fault(one.map, journalled.error());
    }
    if (!kept) {
      one.lane->due = now.mono + kTick;
      if (one.wish.desired || one.wish.removed) one.lane->unstored_wish = std::move(one.wish);
    }
    if (kept && one.transition.replan) replan.emplace_back(one.lane->rollout.source, one.map);
    if (one.command != nullptr) Answer(one, journalled);
  }
  for (const auto& [source, map] : replan) hooks_.replan(source, map);
}

Status RolloutReconciler::Journal(const std::vector<Turned>& turned) {
  reconciler::Batch batch;
  for (const Turned& one : turned) {
    if (one.transition.persist != Persist::kNow) continue;
    batch.puts.push_back(
        {std::string(kRecordPrefix) + one.map, Body(one.transition.next), one.lane->version});
    batch.events.insert(batch.events.end(), one.lane->owed.begin(), one.lane->owed.end());
    batch.events.insert(batch.events.end(), one.transition.events.begin(),
                        one.transition.events.end());
  }
  if (batch.puts.empty()) return {};
  PORTOLAN_CHECK(store_.Commit(batch));
  for (const reconciler::Event& event : batch.events) hooks_.event(event);
  return {};
}

void RolloutReconciler::Adopt(Turned& turned, const Now& now, bool stored) {
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
  Serve(turned.map, lane);
  Publish(lane);
  if (!turned.transition.measure.empty() && hooks_.measure)
    hooks_.measure(std::move(turned.transition.measure));
}

void RolloutReconciler::Answer(Turned& turned, const Status& journalled) {
  const bool refused = !turned.transition.outcome || !turned.transition.outcome->accepted;
  if (!journalled.ok() && !refused && !turned.transition.safe_direction)
    return turned.command->promise.set_value(journalled.error());
  VerbAnswer answer{turned.transition.outcome.value_or(reconciler::CommandOutcome{}), std::nullopt,
                    Find(turned.map)};
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
    batch.puts.push_back({std::string(kRecordPrefix) + map, Body(lane.rollout), lane.version});
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
    batch.puts.push_back({std::string(kRecordPrefix) + map, Body(lane.rollout), lane.version});
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

void RolloutReconciler::Serve(const std::string& map, Lane& lane) {
  reconciler::Serving serving = reconciler::ServingOf(lane.rollout);
  if (lane.served == serving) return;
  if (!serving.stable && !serving.canary) {
    catalog_.Remove(map);
    lane.served = std::move(serving);
    lane.held.clear();
    return;
  }
  auto state = Assemble(serving, lane);
  if (!state.ok()) return hooks_.fault(map, state.error());
  lane.held = {state->stable, state->canary};
  catalog_.Publish(map, std::move(state).value());
  lane.served = std::move(serving);
}

void RolloutReconciler::Publish(const Lane& lane) {
  auto view = std::make_shared<const Rollout>(lane.rollout);
  const std::scoped_lock lock(view_mutex_);
  view_[lane.rollout.map] = std::move(view);
}

std::shared_ptr<const Rollout> RolloutReconciler::Find(std::string_view map) const {
  const std::scoped_lock lock(view_mutex_);
  const auto found = view_.find(map);
  return found == view_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<const Rollout>> RolloutReconciler::All() const {
  const std::scoped_lock lock(view_mutex_);
  std::vector<std::shared_ptr<const Rollout>> all;
  all.reserve(view_.size());
  for (const auto& [map, rollout] : view_) all.push_back(rollout);
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
  if (journal) next = std::min(next, next_tick_ - now.mono);
  return std::max(next, Duration(0));
}

}  // namespace portolan::controller
