// Maps that move together: one lane moves them all, and those of the maps rest. Which maps belong
// together is git's word, taken up when all that it concerns are at rest.
#include <algorithm>

#include "controller/reconcile/rollout_reconciler.h"
#include "reconciler/rollout/group.h"
#include "reconciler/rollout/record.h"

namespace portolan::controller {
namespace {

using reconciler::GroupName;
using reconciler::Rollout;

constexpr Duration kRetry = std::chrono::seconds(1);

reconciler::Event MoveEvent(const Rollout& group, const Now& now, bool formed) {
  std::string maps;
  for (const std::string& map : group.members) maps += (maps.empty() ? "" : ", ") + map;
  reconciler::Event event;
  event.time = now.wall;
  event.map = group.map;
  event.source = group.source;
  event.type = "Normal";
  event.reason = formed ? "GroupFormed" : "GroupParted";
  event.message = formed ? "these maps move together from now on: " + maps
                         : "its maps move on their own from now on";
  event.actor = "git";
  event.data = manifests::Value::Object{};
  return event;
}

std::set<std::string> MapsOf(const Rollout& group) {
  return {group.members.begin(), group.members.end()};
}

// Whether the wish says that the maps of the group are others than they are.
bool Changes(const SourceWish& wish, const Rollout& group) {
  if (group.members.empty() || group.source != wish.source) return false;
  for (const std::string& held : wish.held_groups)
    if (GroupName(held) == group.map) return false;
  for (const auto& [name, maps] : wish.groups)
    if (GroupName(name) == group.map) return maps != MapsOf(group);
  return true;
}

}  // namespace

RolloutReconciler::Lanes::iterator RolloutReconciler::LaneOf(std::string_view map) {
  auto found = lanes_.find(std::string(map));
  if (found == lanes_.end()) return found;
  const Rollout& rollout = found->second.rollout;
  if (!rollout.group.empty()) return lanes_.find(GroupName(rollout.group));
  return reconciler::IsGroupName(map) && rollout.members.empty() ? lanes_.end() : found;
}

void RolloutReconciler::Replan(const Lane& lane) {
  const Rollout& rollout = lane.rollout;
  if (!reconciler::IsGroupName(rollout.map)) return hooks_.replan(rollout.source, rollout.map);
  for (const std::string& map : rollout.members) hooks_.replan(rollout.source, map);
}

std::set<std::string> RolloutReconciler::BusyLanes(const std::set<std::string>& maps) const {
  std::set<std::string> busy;
  for (const std::string& map : maps) {
    auto lane = lanes_.find(map);
    if (lane != lanes_.end() && !lane->second.rollout.group.empty())
      lane = lanes_.find(GroupName(lane->second.rollout.group));
    if (lane != lanes_.end() &&
        (!AtRest(lane->second.rollout) || unjournalled_.contains(lane->first)))
      busy.insert(lane->first);
  }
  return busy;
}

void RolloutReconciler::AwaitMove(WaitingMove waiting) {
  std::erase_if(waiting_, [&](const WaitingMove& other) {
    return other.source == waiting.source && other.maps == waiting.maps;
  });
  waiting_.push_back(std::move(waiting));
}

// A group parts when its maps change. It may then be formed anew at once, of other maps.
void RolloutReconciler::Disband(const SourceWish& wish, Moves& moves) {
  for (auto each = lanes_.lower_bound(GroupName(""));
       each != lanes_.end() && reconciler::IsGroupName(each->first); ++each) {
    const auto& [name, lane] = *each;
    if (!Changes(wish, lane.rollout)) continue;
    std::set<std::string> concerned = MapsOf(lane.rollout);
    for (const auto& [group, maps] : wish.groups)
      if (GroupName(group) == name) concerned.insert(maps.begin(), maps.end());
    if (auto busy = BusyLanes(concerned); !busy.empty()) {
      AwaitMove({wish.source, std::move(concerned), std::move(busy), {}});
      continue;
    }
    for (const std::string& map : lane.rollout.members)
      moves[map] = LeaveGroup(lane.rollout, lanes_.at(map).rollout);
    Rollout& shell = moves[name];
    shell.map = name;
    shell.source = wish.source;
    shell.number = lane.rollout.number;
  }
}

// The map as it would come into a group: its lane as it is, or as this wish has moved it already.
Rollout RolloutReconciler::Joining(const std::string& map, const std::string& source,
                                   const Moves& moves) const {
  const auto moved = moves.find(map);
  if (moved != moves.end()) return moved->second;
  const auto lane = lanes_.find(map);
  Rollout member;
  if (lane != lanes_.end()) member = lane->second.rollout;
  member.map = map;
  if (member.phase == reconciler::Phase::kPending) member.source = source;
  return member;
}

void RolloutReconciler::Form(const SourceWish& wish, Moves& moves) {
  for (const auto& [group, maps] : wish.groups) {
    const std::string name = GroupName(group);
    const auto present = lanes_.find(name);
    const bool known = present != lanes_.end();
    // As it is to be already, or waiting to part first.
    if (known && !moves.contains(name) && !present->second.rollout.members.empty()) continue;
    std::vector<Rollout> members;
    std::set<std::string> busy;
    for (const std::string& map : maps) {
      members.push_back(Joining(map, wish.source, moves));
      const Rollout& member = members.back();
      if (!member.group.empty()) busy.insert(GroupName(member.group));
      if (member.source != wish.source) busy.insert(map);
      busy.merge(BusyLanes({map}));
    }
    if (!busy.empty()) {
      AwaitMove({wish.source, maps, std::move(busy), {}});
      continue;
    }
    moves[name] = FormGroup(group, members, known ? present->second.rollout.number : 0);
    for (Rollout& member : members) {
      member.group = group;
      moves[member.map] = std::move(member);
    }
  }
}

void RolloutReconciler::MoveMaps(const SourceWish& wish, const Now& now) {
  std::erase_if(waiting_, [&](const WaitingMove& old) { return old.source == wish.source; });
  Moves moves;
  Disband(wish, moves);
  Form(wish, moves);
  // What waits is planned anew, and may then have to wait for something else: not without a pause.
  for (WaitingMove& waiting : waiting_)
    if (waiting.source == wish.source) waiting.not_before = now.mono + kRetry;
  if (moves.empty()) return;
  std::set<std::string> maps;
  for (const auto& [name, rollout] : moves)
    if (!reconciler::IsGroupName(name)) maps.insert(name);
  const Status kept = KeepMoves(moves, now);
  if (kept.ok()) return;
  hooks_.fault("", kept.error());
  AwaitMove({wish.source, std::move(maps), {}, now.mono + kRetry});
}

// All of it is stored at once: after a crash every map is in exactly one lane.
Status RolloutReconciler::KeepMoves(Moves& moves, const Now& now) {
  reconciler::Batch batch;
  for (const auto& [name, rollout] : moves) {
    const auto lane = lanes_.find(name);
    const std::uint64_t version = lane == lanes_.end() ? 0 : lane->second.version;
    batch.puts.push_back({RecordKey(name), Body(rollout), version});
    const bool was_group = lane != lanes_.end() && !lane->second.rollout.members.empty();
    if (reconciler::IsGroupName(name) && (was_group || !rollout.members.empty()))
      batch.events.push_back(MoveEvent(rollout, now, !rollout.members.empty()));
  }
  PORTOLAN_CHECK(store_.Commit(batch));
  for (auto& [name, rollout] : moves) {
    Lane& lane = LaneFor(name);
    lane.rollout = std::move(rollout);
    Journalled(lane);
    steps_due_.Remove(name);
    if (lane.rollout.group.empty()) steps_due_.Set(name, now.mono);
    asks_due_.Remove(name);
    lane.unstored_wish.reset();
    Gate gate = std::exchange(lane.gate, {});
    for (PendingCommand& command : gate.deferred)
      command.promise.set_value(
          Error{ErrorCode::kConflict, "the map's group changed meanwhile; ask again"});
  }
  Batch served;
  for (const auto& [name, unused] : moves) Serve(name, lanes_.at(name), served);
  catalog_.Publish(std::move(served));
  for (const auto& [name, unused] : moves) Publish(lanes_.at(name));
  for (const reconciler::Event& event : batch.events) hooks_.event(event);
  return {};
}

void RolloutReconciler::AddGroups(SourceWish& wish, Observations& seen) {
  for (const auto& [group, maps] : wish.groups) {
    const auto found = lanes_.find(GroupName(group));
    if (found == lanes_.end() || MapsOf(found->second.rollout) != maps) continue;
    const Lane& lane = found->second;
    std::map<std::string, reconciler::Target> targets;
    bool planned = true;
    for (const std::string& map : maps) {
      const auto target = wish.targets.find(map);
      if (target == wish.targets.end()) continue;
      const auto member = Find(map);
      planned =
          planned && target->second.base ==
                         (member->stable ? std::optional(member->stable->digest) : std::nullopt);
      targets.insert(wish.targets.extract(target));
    }
    // Without the target of one, whose stable version cannot be read, none is asked for: the source
    // asks for all again as soon as it can.
    if (targets.size() != maps.size()) continue;
    if (lane.rollout.source != wish.source) {
      for (const std::string& map : maps) hooks_.replan(wish.source, map);
    } else if (!planned) {
      Replan(lane);
    } else {
      seen[found->first].desired = GroupTarget(lane.rollout, targets);
    }
  }
  // What is left of grouped maps waits: until its group parts, or until it is usable again.
  const auto waits = [&](const std::string& map) {
    if (const auto lane = lanes_.find(map);
        lane != lanes_.end() && !lane->second.rollout.group.empty())
      return true;
    return std::any_of(waiting_.begin(), waiting_.end(), [&](const WaitingMove& waiting) {
      return waiting.source == wish.source && waiting.maps.contains(map);
    });
  };
  std::erase_if(wish.targets, [&](const auto& item) { return waits(item.first); });
  std::erase_if(wish.removed, waits);
}

void RolloutReconciler::RepeatMoves(const Now& now) {
  std::vector<WaitingMove> ready;
  std::erase_if(waiting_, [&](WaitingMove& waiting) {
    std::erase_if(waiting.until, [&](const std::string& name) {
      const auto lane = lanes_.find(name);
      return lane == lanes_.end() ||
             (AtRest(lane->second.rollout) && !unjournalled_.contains(name));
    });
    if (!waiting.until.empty() || now.mono < waiting.not_before) return false;
    ready.push_back(std::move(waiting));
    return true;
  });
  for (const WaitingMove& waiting : ready)
    for (const std::string& map : waiting.maps) hooks_.replan(waiting.source, map);
}

}  // namespace portolan::controller
