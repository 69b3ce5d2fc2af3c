#include "reconciler/rollout/group.h"

#include <algorithm>
#include <set>
#include <utility>

#include "manifests/entries.h"
#include "reconciler/rollout/marks.h"

namespace portolan::reconciler {
namespace {

constexpr std::string_view kPrefix = "group/";

std::string HolderName(std::string_view map, std::string_view instance) {
  return std::string(map) + "/" + std::string(instance);
}

MemberVersion PartOf(const std::string& map, const VersionRef& version,
                     const manifests::HealSettings& heal) {
  return {map, version.digest, version.size, version.sensitive, heal};
}

// Fills in what follows from the members.
void SumUp(VersionRef& version) {
  std::set<std::string> sensitive;
  version.size = 0;
  for (const MemberVersion& member : version.members) {
    version.size += member.size;
    sensitive.insert(member.sensitive.begin(), member.sensitive.end());
  }
  version.sensitive.assign(sensitive.begin(), sensitive.end());
  version.digest = GroupDigest(version.members);
}

// Every change of some quarantine is back, or some of them are.
QuarantineHold HoldOf(const Rollout& group, const std::map<std::string, Target>& members) {
  QuarantineHold hold = QuarantineHold::kNone;
  for (const auto& [map, target] : members)
    if (target.quarantine != QuarantineHold::kNone) hold = QuarantineHold::kSome;
  for (const Quarantine& quarantine : group.quarantine) {
    const bool all =
        !quarantine.members.empty() &&
        std::all_of(
            quarantine.members.begin(), quarantine.members.end(), [&](const MemberChange& change) {
              const auto target = members.find(change.map);
              return target != members.end() && target->second.quarantine == QuarantineHold::kAll;
            });
    if (all) return QuarantineHold::kAll;
  }
  return hold;
}

std::optional<Digest> BaseOf(const std::map<std::string, Target>& members) {
  std::vector<MemberVersion> bases;
  for (const auto& [map, target] : members)
    if (target.base) bases.push_back({map, *target.base, 0, {}, {}});
  if (bases.empty()) return std::nullopt;
  return GroupDigest(bases);
}

// A plan that binds approvals: none when nothing changes.
Digest PlanOfAll(const std::map<std::string, Digest>& plans) {
  if (plans.empty()) return {};
  std::string text("portolan.group.plan.v1");
  for (const auto& [map, plan] : plans) text += '\0' + map + '\0' + plan.Hex();
  return Sha256Of(text);
}

void AppendStable(const Rollout& member, std::optional<VersionRef>& whole) {
  if (!member.stable) return;
  const manifests::Revision& revision = member.stable->revision;
  if (!whole) {
    whole.emplace();
    whole->revision = revision;
  }
  if (whole->revision.time < revision.time) whole->revision = revision;
  MemberVersion& part =
      whole->members.emplace_back(PartOf(member.map, *member.stable, member.heal));
  // The group knows nothing of what git wanted of the map before, and must not uncover it.
  if (member.desired) manifests::AddSensitive(part.sensitive, member.desired->sensitive);
}

// When the stable version of the map became known good; none when it is not.
std::optional<WallTime> KnownGoodSince(const Rollout& member) {
  for (auto entry = member.history.rbegin(); entry != member.history.rend(); ++entry)
    if (member.stable && entry->version.digest == member.stable->digest) return entry->known_good;
  return std::nullopt;
}

template <typename Item>
void Append(std::vector<Item>& to, const std::vector<Item>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

// What a map brings into its group besides its version.
void TakeAlong(const Rollout& member, Rollout& group) {
  for (Quarantine quarantine : member.quarantine) {
    quarantine.members = {{member.map, quarantine.digest, quarantine.base}};
    group.quarantine.push_back(std::move(quarantine));
  }
  Append(group.approvals, member.approvals);
  Append(group.requests, member.requests);
  for (Override item : member.overrides) {
    item.map = member.map;
    group.overrides.push_back(std::move(item));
  }
  for (const auto& [name, instance] : member.fleet)
    group.fleet[HolderName(member.map, name)] = instance;
  group.operator_paused |= member.operator_paused;
  const bool longer = member.suspension &&
                      (!group.suspension || group.suspension->until < member.suspension->until);
  if (longer) group.suspension = member.suspension;
}

template <typename Item>
void KeepNewest(std::vector<Item>& items, std::size_t most) {
  std::stable_sort(items.begin(), items.end(),
                   [](const Item& a, const Item& b) { return a.at < b.at; });
  if (items.size() > most)
    items.erase(items.begin(), items.end() - static_cast<std::ptrdiff_t>(most));
}

std::vector<Quarantine> QuarantineFor(const Rollout& group, std::string_view map) {
  std::vector<Quarantine> found;
  for (const Quarantine& quarantine : group.quarantine) {
    for (const MemberChange& change : quarantine.members) {
      if (change.map != map) continue;
      Quarantine& own = found.emplace_back(quarantine);
      own.digest = change.digest;
      own.base = change.base;
      own.members.clear();
    }
  }
  return found;
}

Fleet FleetFor(const Rollout& group, std::string_view map) {
  Fleet fleet;
  const std::string prefix = HolderName(map, "");
  for (auto at = group.fleet.lower_bound(prefix);
       at != group.fleet.end() && at->first.starts_with(prefix); ++at)
    fleet.emplace_hint(fleet.end(), at->first.substr(prefix.size()), at->second);
  return fleet;
}

std::vector<Override> OverridesFor(const Rollout& group, std::string_view map) {
  std::vector<Override> found;
  for (const Override& item : group.overrides) {
    if (item.map != map) continue;
    found.push_back(item);
    found.back().map.clear();
  }
  return found;
}

std::optional<Target> TargetFor(const Rollout& group, std::string_view map) {
  if (!group.target) return std::nullopt;
  auto version = VersionFor(group.target->version, map);
  if (!version) return std::nullopt;
  Target target = *group.target;
  target.version = *std::move(version);
  const MemberVersion* base = group.stable ? MemberIn(*group.stable, map) : nullptr;
  target.base = base == nullptr ? std::nullopt : std::optional(base->digest);
  const auto plan = target.member_plans.find(std::string(map));
  target.plan = plan == target.member_plans.end() ? Digest{} : plan->second;
  target.heal = MemberIn(group.target->version, map)->heal;
  target.member_plans.clear();
  return target;
}

}  // namespace

std::string GroupName(std::string_view group) {
  return std::string(kPrefix) + std::string(group);
}

bool IsGroupName(std::string_view map) {
  return map.starts_with(kPrefix);
}

const MemberVersion* MemberIn(const VersionRef& version, std::string_view map) {
  const auto found = std::ranges::find(version.members, map, &MemberVersion::map);
  return found == version.members.end() ? nullptr : &*found;
}

std::optional<VersionRef> VersionFor(const VersionRef& version, std::string_view map) {
  if (map.empty()) return version;
  const MemberVersion* member = MemberIn(version, map);
  if (member == nullptr) return std::nullopt;
  return VersionRef{member->digest, version.revision,  member->size,
                    version.number, member->sensitive, {}};
}

std::vector<MemberChange> ChangesBetween(const VersionRef& base, const VersionRef& version) {
  std::vector<MemberChange> changes;
  for (const MemberVersion& member : version.members) {
    const MemberVersion* before = MemberIn(base, member.map);
    if (before != nullptr && before->digest == member.digest) continue;
    changes.push_back({member.map, member.digest,
                       before == nullptr ? std::nullopt : std::optional(before->digest)});
  }
  return changes;
}

Digest GroupDigest(const std::vector<MemberVersion>& members) {
  std::string text("portolan.group.v1");
  text += '\0';
  for (const MemberVersion& member : members) {
    text += member.map + '\0';
    text.append(reinterpret_cast<const char*>(member.digest.bytes().data()),
                member.digest.bytes().size());
  }
  return Sha256Of(text);
}

void OfMember(std::string_view map, Finding& finding) {
  finding.map = map;
  finding.message = std::string(map) + ": " + finding.message;
}

Target GroupTarget(const Rollout& group, const std::map<std::string, Target>& members) {
  const Target& first = members.begin()->second;
  Target whole;
  whole.strategy = first.strategy;
  whole.split = first.split;
  whole.version.revision = first.version.revision;
  for (const auto& [map, target] : members) {
    whole.version.members.push_back(PartOf(map, target.version, target.heal));
    if (target.base != target.version.digest) whole.member_plans[map] = target.plan;
    whole.writers.Add(target.writers);
    for (Finding finding : target.findings) {
      OfMember(map, finding);
      whole.findings.push_back(std::move(finding));
    }
    for (const std::string& key : target.quarantined_keys)
      whole.quarantined_keys.push_back(map + ": " + key);
  }
  SumUp(whole.version);
  whole.base = BaseOf(members);
  whole.plan = PlanOfAll(whole.member_plans);
  whole.quarantine = HoldOf(group, members);
  return whole;
}

bool AtRest(const Rollout& rollout) {
  switch (rollout.phase) {
    case Phase::kPending:
    case Phase::kHealthy:
    case Phase::kHeld:
    case Phase::kRolledBack:
      return true;
    default:
      return false;
  }
}

Rollout FormGroup(std::string_view group, const std::vector<Rollout>& members,
                  std::uint64_t number) {
  Rollout r;
  r.map = GroupName(group);
  r.number = number;
  bool known_good = true;
  HistoryEntry entry;
  for (const Rollout& member : members) {
    r.source = member.source;
    r.strategy = member.strategy;
    r.members.push_back(member.map);
    r.since = std::max(r.since, member.since);
    AppendStable(member, r.stable);
    const auto since = KnownGoodSince(member);
    known_good &= since.has_value();
    if (since) entry.known_good = std::max(entry.known_good.value_or(*since), *since);
    TakeAlong(member, r);
  }
  KeepNewest(r.approvals, kApprovalsMax);
  KeepNewest(r.requests, kRequestsMax);
  r.split.salt = group;
  if (!r.stable) return r;
  SumUp(*r.stable);
  r.stable->number = 1;
  r.phase = Phase::kHealthy;
  r.reason = "Synced";
  r.message = "its maps move together from now on";
  entry.version = *r.stable;
  entry.at = r.since;
  entry.outcome = "live";
  if (!known_good) entry.known_good.reset();
  r.history.push_back(std::move(entry));
  return r;
}

Rollout LeaveGroup(const Rollout& group, const Rollout& before) {
  const Rollout seen = MemberOf(group, before.map);
  Rollout r = before;
  r.group.clear();
  r.stable = seen.stable;
  r.target.reset();
  r.desired = seen.desired;
  r.heal = seen.heal;
  r.since = seen.since;
  r.phase = r.stable ? Phase::kHealthy : Phase::kPending;
  r.reason = r.stable ? "Synced" : "";
  r.message = r.stable ? "left " + group.map : "";
  r.progress = Progress{};
  for (HistoryEntry entry : seen.history) {
    const bool same = !r.history.empty() && r.history.back().version.digest == entry.version.digest;
    if (same) {
      AddMarks(r.history.back().version, entry.version);
      continue;
    }
    entry.version.number = r.history.empty() ? 1 : r.history.back().version.number + 1;
    r.history.push_back(std::move(entry));
  }
  if (r.history.size() > kHistoryMax)
    r.history.erase(r.history.begin(), r.history.end() - static_cast<std::ptrdiff_t>(kHistoryMax));
  for (const HistoryEntry& entry : r.history)
    if (r.stable && entry.version.digest == r.stable->digest)
      r.stable->number = entry.version.number;
  r.quarantine = seen.quarantine;
  r.approvals = seen.approvals;
  r.requests = seen.requests;
  r.overrides = seen.overrides;
  r.suspension = seen.suspension;
  r.operator_paused = seen.operator_paused;
  r.fleet = seen.fleet;
  return r;
}

Rollout MemberOf(const Rollout& group, std::string_view map) {
  Rollout r = group;
  r.map = map;
  r.group = group.map.substr(kPrefix.size());
  r.members.clear();
  const auto part = [map](const std::optional<VersionRef>& version) {
    return version ? VersionFor(*version, map) : std::nullopt;
  };
  r.stable = part(group.stable);
  r.desired = part(group.desired);
  r.target = TargetFor(group, map);
  const std::optional<VersionRef>& newest = group.desired ? group.desired : group.stable;
  if (const MemberVersion* member = newest ? MemberIn(*newest, map) : nullptr)
    r.heal = member->heal;
  std::erase_if(r.history, [&](HistoryEntry& entry) {
    auto version = VersionFor(entry.version, map);
    if (version) entry.version = *std::move(version);
    return !version;
  });
  if (r.lock) r.lock->digest = r.stable ? r.stable->digest : r.lock->digest;
  r.quarantine = QuarantineFor(group, map);
  r.fleet = FleetFor(group, map);
  r.overrides = OverridesFor(group, map);
  return r;
}

Report GroupReport(const Rollout& group, Report report) {
  const auto translate = [&](Digest& digest, const std::optional<VersionRef>& version) {
    const MemberVersion* member = version ? MemberIn(*version, report.map) : nullptr;
    if (member != nullptr && member->digest == digest) digest = version->digest;
  };
  for (ReportItem& item : report.items) {
    if (item.arm != mapcore::Arm::kCanary)
      translate(item.digest, group.stable);
    else if (group.target)
      translate(item.digest, group.target->version);
  }
  report.instance = HolderName(report.map, report.instance);
  report.member = std::exchange(report.map, group.map);
  return report;
}

Ack GroupAck(const Rollout& group, Ack ack) {
  ack.instance = HolderName(ack.map, ack.instance);
  ack.map = group.map;
  return ack;
}

}  // namespace portolan::reconciler
