#include "reconciler/rollout/expiring.h"

#include <algorithm>

#include "manifests/entries.h"
#include "reconciler/change_view.h"
#include "reconciler/rollout/group.h"
#include "reconciler/rollout/turn.h"

namespace portolan::reconciler {
namespace {

using manifests::Value;

// Why an order of that length or without a reason is not taken; empty when it is.
std::string FaultOf(const Command& command, Duration longest) {
  if (command.length <= Duration(0) || command.length > longest)
    return "it must end by itself: give how long, at most " + FormatDuration(longest) +
           ", for example --for 1h";
  if (command.reason.empty()) return "say why: --reason TEXT";
  return "";
}

// The value for events, which everybody may read.
Value ShownValue(const Rollout& r, const Override& item) {
  const std::set<std::string> globs = ServingOf(r).sensitive;
  if (manifests::IsSensitiveKey({globs.begin(), globs.end()}, item.key))
    return MaskedValue(item.value);
  auto value = manifests::ParseJson(item.value);
  return value.ok() ? std::move(value).value() : Value();
}

Value DataOf(const Rollout& r, const Override& item) {
  Value data;
  if (!item.map.empty()) data.Set("map", item.map);
  data.Set("key", item.key);
  data.Set("value", ShownValue(r, item));
  data.Set("until", FormatTime(item.until));
  data.Set("base", item.base ? Value(item.base->ToString()) : Value());
  return data;
}

auto FindOverride(std::vector<Override>& overrides, const Command& command) {
  return std::find_if(overrides.begin(), overrides.end(), [&command](const Override& item) {
    return item.map == command.map && item.key == command.key;
  });
}

// "api/login", or in a group "limits: api/login".
std::string NameOf(const Override& item) {
  return item.map.empty() ? item.key : item.map + ": " + item.key;
}

// Takes up what a suspension held back.
void ConsiderHeld(Turn& turn) {
  Rollout& r = turn.state();
  if (r.phase != Phase::kHeld || r.reason != reason::kSuspended || !r.target) return;
  const Target held = *r.target;
  turn.Consider(held);
}

}  // namespace

std::map<std::string, std::string> OverlayOf(const std::vector<Override>& overrides) {
  std::map<std::string, std::string> overlay;
  for (const Override& item : overrides) overlay[item.key] = item.value;
  return overlay;
}

CommandOutcome SetOverride(Turn& turn, const Command& command) {
  Rollout& r = turn.state();
  if (r.phase == Phase::kPending || (!r.stable && !InFlight(r.phase)))
    return {false, r.map + " is not served, so nothing of it can be overridden"};
  if (const std::string fault = FaultOf(command, kOverrideMax); !fault.empty())
    return {false, "no override: " + fault};
  if (!r.members.empty() && command.map.empty())
    return {false, "no override: it is of one map; name the map instead of " + r.map};
  auto found = FindOverride(r.overrides, command);
  if (found == r.overrides.end() && r.overrides.size() >= kOverridesMax)
    return {false, "no override: " + r.map + " has " + std::to_string(kOverridesMax) +
                       " already; that many are a commit, or clear one: portolan override list " +
                       r.map};
  Override item{command.key,    command.value, command.actor,
                command.reason, turn.wall(),   turn.wall() + command.length,
                std::nullopt,   command.map};
  if (const auto stable = r.stable ? VersionFor(*r.stable, item.map) : std::nullopt)
    item.base = stable->digest;
  turn.Say("Warning", "OverrideSet",
           NameOf(item) + " is overridden for " + FormatDuration(command.length) + " by " +
               command.actor + ": " + command.reason,
           DataOf(r, item));
  const std::string until = FormatTime(item.until);
  if (found == r.overrides.end())
    r.overrides.push_back(std::move(item));
  else
    *found = std::move(item);
  return {true, command.key + " is overridden for everyone until " + until};
}

CommandOutcome ClearOverride(Turn& turn, const Command& command) {
  Rollout& r = turn.state();
  const auto found = FindOverride(r.overrides, command);
  if (found == r.overrides.end())
    return {false,
            "no override of " + command.key + " to clear; see: portolan override list " + r.map};
  turn.Say("Normal", "OverrideCleared",
           NameOf(*found) + " is as git says again, by " + command.actor +
               (command.reason.empty() ? "" : ": " + command.reason),
           DataOf(r, *found));
  r.overrides.erase(found);
  return {true, command.key + " is as git says again"};
}

CommandOutcome Suspend(Turn& turn, const Command& command) {
  Rollout& r = turn.state();
  if (const std::string fault = FaultOf(command, kSuspensionMax); !fault.empty())
    return {false, "not suspended: " + fault};
  r.suspension =
      Suspension{command.actor, command.reason, turn.wall(), turn.wall() + command.length};
  const std::string until = FormatTime(r.suspension->until);
  Value data;
  data.Set("until", until);
  turn.Say("Warning", "Suspended",
           "no rollout starts for " + FormatDuration(command.length) + ", by " + command.actor +
               ": " + command.reason,
           std::move(data));
  return {true, "no rollout of " + r.map + " starts until " + until +
                    (InFlight(r.phase) ? "; the one that runs goes on" : "")};
}

CommandOutcome Unsuspend(Turn& turn, const Command& command) {
  Rollout& r = turn.state();
  if (!r.suspension) return {false, r.map + " is not suspended"};
  r.suspension.reset();
  turn.Say("Normal", "Unsuspended",
           "rollouts start again, by " + command.actor +
               (command.reason.empty() ? "" : ": " + command.reason));
  ConsiderHeld(turn);
  return {true, "rollouts of " + r.map + " start again"};
}

void EndExpired(Turn& turn) {
  Rollout& r = turn.state();
  for (auto item = r.overrides.begin(); item != r.overrides.end();) {
    if (turn.wall() < item->until) {
      ++item;
      continue;
    }
    turn.Say("Normal", "OverrideExpired",
             "the override of " + NameOf(*item) + " by " + item->actor +
                 " is over; it is as git says again",
             DataOf(r, *item));
    item = r.overrides.erase(item);
  }
  if (!r.suspension || turn.wall() < r.suspension->until) return;
  turn.Say("Normal", "SuspensionExpired",
           "the suspension by " + r.suspension->actor + " is over; rollouts start again");
  r.suspension.reset();
  ConsiderHeld(turn);
}

void LookAgainAtExpiry(Turn& turn) {
  const Rollout& r = turn.state();
  const auto look = [&turn](WallTime until) {
    const Duration rest = std::max(until - turn.wall(), Duration(1));
    turn.out.look_again = std::min(turn.out.look_again.value_or(rest), rest);
  };
  for (const Override& item : r.overrides) look(item.until);
  if (r.suspension) look(r.suspension->until);
}

}  // namespace portolan::reconciler
