#include "reconciler/rollout/rollout.h"

#include <algorithm>
#include <charconv>

#include "reconciler/rollout/group.h"

namespace portolan::reconciler {
namespace {

struct PhaseRow {
  Phase phase;
  std::string_view name;
};
constexpr PhaseRow kPhases[] = {
    {Phase::kPending, "Pending"},
    {Phase::kHealthy, "Healthy"},
    {Phase::kHeld, "Held"},
    {Phase::kShadow, "Shadow"},
    {Phase::kStepping, "Stepping"},
    {Phase::kPaused, "Paused"},
    {Phase::kBaking, "Baking"},
    {Phase::kRollingBack, "RollingBack"},
    {Phase::kRolledBack, "RolledBack"},
    {Phase::kRetiring, "Retiring"},
    {Phase::kLocked, "Locked"},
};

constexpr std::size_t kPrefixMin = 6;

bool Names(const HistoryEntry& entry, std::string_view wanted) {
  if (wanted.starts_with("sha256:")) wanted.remove_prefix(7);
  if (wanted.size() < kPrefixMin) return false;
  const auto& members = entry.version.members;
  return entry.version.digest.Hex().starts_with(wanted) ||
         entry.version.revision.commit.starts_with(wanted) ||
         std::any_of(members.begin(), members.end(), [&](const MemberVersion& member) {
           return member.digest.Hex().starts_with(wanted);
         });
}

}  // namespace

std::string_view PhaseName(Phase phase) {
  for (const PhaseRow& row : kPhases)
    if (row.phase == phase) return row.name;
  return "Pending";
}

Result<Phase> ParsePhase(std::string_view name) {
  for (const PhaseRow& row : kPhases)
    if (row.name == name) return row.phase;
  return Error{ErrorCode::kInvalid, "unknown phase \"" + std::string(name) + "\""};
}

std::string Rollout::id() const {
  return (group.empty() ? map : GroupName(group)) + "#" + std::to_string(number);
}

const Digest& PlanOf(const Target& target, const Finding& finding) {
  const auto plan = target.member_plans.find(finding.map);
  return plan == target.member_plans.end() ? target.plan : plan->second;
}

bool IsPlanOf(const Target& target, const Digest& plan) {
  return target.plan == plan ||
         std::any_of(target.member_plans.begin(), target.member_plans.end(),
                     [&](const auto& member) { return member.second == plan; });
}

Wanted WantedOf(const VersionRef& version, const std::optional<VersionRef>& stable) {
  Wanted wanted(version.digest);
  wanted.of_group = !version.members.empty();
  for (const MemberVersion& member : version.members) {
    const MemberVersion* before = stable ? MemberIn(*stable, member.map) : nullptr;
    if (before == nullptr || before->digest != member.digest)
      wanted.by_map.emplace(member.map, member.digest);
  }
  return wanted;
}

bool InFlight(Phase phase) {
  return phase == Phase::kShadow || ServesCanary(phase);
}

bool ServesCanary(Phase phase) {
  return phase == Phase::kStepping || phase == Phase::kPaused || phase == Phase::kBaking;
}

bool ProgressIsOfTarget(Phase phase) {
  return InFlight(phase) || phase == Phase::kRollingBack || phase == Phase::kRolledBack;
}

std::uint32_t CanaryWeight(const Rollout& r) {
  // No step below the last, which is of 100 %, has more than a holdback leaves (LargestHoldback).
  return std::min(r.target->strategy.steps[r.progress.step].weight,
                  mapcore::kWeightMax - r.progress.holdback);
}

bool HeldByPolicies(const Rollout& rollout) {
  return (rollout.phase == Phase::kPaused || rollout.phase == Phase::kShadow) &&
         rollout.reason == reason::kPolicyDenied;
}

const HistoryEntry* FindVersion(const Rollout& rollout, std::string_view wanted) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), number);
  if (error == std::errc() && end == wanted.data() + wanted.size() && wanted.size() < kPrefixMin) {
    for (const HistoryEntry& entry : rollout.history)
      if (entry.version.number == number) return &entry;
    return nullptr;
  }
  const HistoryEntry* found = nullptr;
  for (const HistoryEntry& entry : rollout.history) {
    if (!Names(entry, wanted)) continue;
    if (found != nullptr && found->version.digest != entry.version.digest) return nullptr;
    found = &entry;
  }
  return found;
}

bool KnownGood(const Rollout& rollout, const Digest& digest, const manifests::Strategy& strategy,
               WallTime now) {
  std::set<Digest> newer;
  for (auto entry = rollout.history.rbegin(); entry != rollout.history.rend(); ++entry) {
    if (!entry->known_good) continue;
    if (entry->version.digest == digest)
      return now - *entry->known_good <= strategy.rollback_window_age;
    newer.insert(entry->version.digest);
    if (static_cast<std::int64_t>(newer.size()) >= strategy.rollback_window_versions) return false;
  }
  return false;
}

}  // namespace portolan::reconciler
