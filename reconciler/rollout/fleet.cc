#include "reconciler/rollout/fleet.h"

#include <algorithm>

namespace portolan::reconciler {
namespace {

struct StatusRow {
  AckStatus status;
  std::string_view name;
};
constexpr StatusRow kStatuses[] = {{AckStatus::kAlive, "alive"},
                                   {AckStatus::kApplied, "applied"},
                                   {AckStatus::kRejected, "rejected"},
                                   {AckStatus::kCrashed, "crashed"},
                                   {AckStatus::kGoodbye, "goodbye"}};

constexpr std::int64_t kLossesMin = 2;
constexpr std::int64_t kLossShare = 10;  // one in so many

bool Apply(Instance& instance, const Digest& digest) {
  if (!instance.applied.empty() && instance.applied.front() == digest && !instance.refused)
    return false;
  std::erase(instance.applied, digest);
  instance.applied.insert(instance.applied.begin(), digest);
  if (instance.applied.size() > kAppliedMax) instance.applied.pop_back();
  instance.refused.reset();
  instance.reason.clear();
  return true;
}

bool Refuse(Instance& instance, const Ack& ack) {
  if (instance.refused == ack.digest && instance.reason == ack.reason) return false;
  std::erase(instance.applied, ack.digest);
  instance.refused = ack.digest;
  instance.reason = ack.reason;
  return true;
}

}  // namespace

std::string_view AckStatusName(AckStatus status) {
  for (const StatusRow& row : kStatuses)
    if (row.status == status) return row.name;
  return "";
}

std::optional<AckStatus> ParseAckStatus(std::string_view name) {
  for (const StatusRow& row : kStatuses)
    if (row.name == name) return row.status;
  return std::nullopt;
}

const Digest* Wanted::Of(std::string_view holder) const {
  if (!of_group) return &digest;
  const auto found = by_map.find(holder.substr(0, holder.find('/')));
  return found == by_map.end() ? nullptr : &found->second;
}

bool Instance::Holds(const Digest& digest) const {
  return std::find(applied.begin(), applied.end(), digest) != applied.end();
}

bool TakeAck(Fleet& fleet, const Ack& ack, const Now& now, std::uint64_t rollout) {
  auto found = fleet.find(ack.instance);
  if (ack.status == AckStatus::kGoodbye) {
    if (found == fleet.end()) return false;
    fleet.erase(found);
    return true;
  }
  bool changed = false;
  if (found == fleet.end()) {
    if (fleet.size() >= kInstancesMax || ack.status == AckStatus::kAlive) return false;
    found = fleet.emplace(ack.instance, Instance{}).first;
    found->second.joined = rollout;
    changed = true;
  }
  Instance& instance = found->second;
  changed |= instance.lost || instance.lease != ack.lease;
  instance.lost = false;
  instance.lease = ack.lease;
  instance.heard = now.wall;
  instance.heard_mono = now.mono;
  if (ack.status == AckStatus::kApplied) changed |= Apply(instance, ack.digest);
  if (ack.status == AckStatus::kRejected || ack.status == AckStatus::kCrashed)
    changed |= Refuse(instance, ack);
  return changed;
}

bool EndLeases(Fleet& fleet, Duration now_mono, bool keep) {
  bool changed = false;
  for (auto at = fleet.begin(); at != fleet.end();) {
    Instance& instance = at->second;
    // The time in which nobody listened is not the instance's silence.
    if (!instance.heard_mono) instance.heard_mono = now_mono;
    const bool over = instance.lost || now_mono - *instance.heard_mono > instance.lease;
    changed |= over && !(keep && instance.lost);
    if (over && !keep) {
      at = fleet.erase(at);
      continue;
    }
    instance.lost = over;
    ++at;
  }
  return changed;
}

void BeginRollout(Fleet& fleet, const Wanted& target, bool target_is_stable) {
  std::erase_if(fleet, [](const auto& entry) { return entry.second.lost; });
  for (auto& [name, instance] : fleet) {
    instance.joined = 0;
    const Digest* wanted = target.Of(name);
    if (wanted == nullptr) continue;
    if (!target_is_stable) std::erase(instance.applied, *wanted);
    if (instance.refused == *wanted) instance.refused.reset();
  }
}

bool Losses::TooMany() const {
  const bool many =
      with_lost - newcomers >= kLossesMin && (with_lost - newcomers) * kLossShare >= with;
  const bool others_stay =
      without > without_lost && without_lost * kLossShare < std::max(kLossShare, without);
  return many && others_stay;
}

Losses LossesOf(const Fleet& fleet, const Wanted& target, std::uint64_t rollout) {
  Losses losses;
  for (const auto& [name, instance] : fleet) {
    const Digest* wanted = target.Of(name);
    if (wanted == nullptr) continue;
    const bool with = instance.Holds(*wanted);
    ++(with ? losses.with : losses.without);
    if (instance.lost) ++(with ? losses.with_lost : losses.without_lost);
    if (!instance.lost && instance.joined == rollout) ++losses.newcomers;
  }
  return losses;
}

}  // namespace portolan::reconciler
