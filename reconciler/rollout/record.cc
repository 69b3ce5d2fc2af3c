#include "reconciler/rollout/record.h"

#include "reconciler/analysis/metric_run_record.h"
#include "reconciler/analysis/shadow_record.h"
#include "reconciler/json_parts.h"
#include "reconciler/rollout/expiring_record.h"
#include "reconciler/rollout/fleet_record.h"
#include "reconciler/rollout/group_record.h"

namespace portolan::reconciler {
namespace {

using manifests::Value;

Error Corrupt(std::string_view field) {
  return {ErrorCode::kCorrupt,
          "stored rollout: field \"" + std::string(field) + "\" is missing or malformed"};
}

Result<Digest> DigestAt(const Value& value, std::string_view field) {
  auto digest = Digest::Parse(value.StringOr(field, ""));
  if (!digest.ok()) return Corrupt(field);
  return digest;
}

Result<std::optional<Digest>> OptionalDigestAt(const Value& value, std::string_view field) {
  if (value.Find(field) == nullptr) return std::optional<Digest>();
  PORTOLAN_TRY(const Digest digest, DigestAt(value, field));
  return std::optional<Digest>(digest);
}

Result<WallTime> TimeAt(const Value& value, std::string_view field) {
  auto time = ParseTime(value.StringOr(field, ""));
  if (!time.ok()) return Corrupt(field);
  return time;
}

Duration MillisAt(const Value& value, std::string_view field) {
  return Duration(value.IntOr(field, 0));
}

// Calls `read` on each item of the array `field`; an absent array has none.
template <typename Read>
Status EachAt(const Value& value, std::string_view field, Read read) {
  const Value* items = value.Find(field);
  if (items == nullptr) return {};
  if (!items->is_array()) return Corrupt(field);
  for (const Value& item : items->as_array()) PORTOLAN_CHECK(read(item));
  return {};
}

Result<VersionRef> VersionRefFrom(const Value& value) {
  VersionRef version;
  PORTOLAN_TRY(version.digest, DigestAt(value, "digest"));
  version.size = value.IntOr("size", 0);
  version.number = static_cast<std::uint64_t>(value.IntOr("number", 0));
  const Value* revision = value.Find("revision");
  if (revision == nullptr) return Corrupt("revision");
  PORTOLAN_TRY(version.revision, RevisionFromValue(*revision));
  if (const Value* globs = value.Find("sensitive"); globs != nullptr) {
    if (!globs->is_array()) return Corrupt("sensitive");
    for (const Value& glob : globs->as_array()) {
      if (!glob.is_string()) return Corrupt("sensitive");
      version.sensitive.push_back(glob.as_string());
    }
  }
  PORTOLAN_CHECK(ReadParts(value, version));
  return version;
}

Result<std::optional<VersionRef>> OptionalVersionAt(const Value& value, std::string_view field) {
  const Value* found = value.Find(field);
  if (found == nullptr) return std::optional<VersionRef>();
  PORTOLAN_TRY(VersionRef version, VersionRefFrom(*found));
  return std::optional<VersionRef>(std::move(version));
}

Value SplitToValue(const SplitSettings& split) {
  Value value;
  value.Set("salt", split.salt);
  value.Set("bucketBy", split.bucket_by);
  value.Set("mode", split.mode == manifests::SplitMode::kSubject ? "subject" : "instance");
  return value;
}

SplitSettings SplitFrom(const Value* value) {
  SplitSettings split;
  if (value == nullptr) return split;
  split.salt = value->StringOr("salt", "");
  split.bucket_by = value->StringOr("bucketBy", "targetingKey");
  split.mode = value->StringOr("mode", "subject") == "instance" ? manifests::SplitMode::kInstance
                                                                : manifests::SplitMode::kSubject;
  return split;
}

std::string_view HoldName(QuarantineHold hold) {
  return hold == QuarantineHold::kAll ? "all" : hold == QuarantineHold::kSome ? "some" : "none";
}

// With what an approval despite the policy is bound to.
Value BlockingFindingToValue(const Finding& finding) {
  Value item = FindingToValue(finding);
  if (!finding.policy_digest.empty()) item.Set("digest", finding.policy_digest.ToString());
  if (!finding.override_groups.empty())
    item.Set("overrideGroups",
             Value::Array(finding.override_groups.begin(), finding.override_groups.end()));
  return item;
}

Result<Finding> FindingFrom(const Value& item) {
  Finding finding{std::string(item.StringOr("policy", "")), std::string(item.StringOr("level", "")),
                  std::string(item.StringOr("message", ""))};
  finding.map = item.StringOr("map", "");
  PORTOLAN_TRY(const auto digest, OptionalDigestAt(item, "digest"));
  finding.policy_digest = digest.value_or(Digest{});
  PORTOLAN_CHECK(EachAt(item, "overrideGroups", [&](const Value& group) -> Status {
    if (group.is_string()) finding.override_groups.push_back(group.as_string());
    return {};
  }));
  return finding;
}

Value TargetToValue(const Target& target) {
  Value::Array findings;
  for (const Finding& finding : target.findings)
    findings.push_back(BlockingFindingToValue(finding));
  Value value;
  value.Set("version", VersionRefToValue(target.version));
  if (target.base) value.Set("base", target.base->ToString());
  value.Set("plan", target.plan.ToString());
  if (!target.writers.empty()) WriteWriters(target.writers, value);
  value.Set("strategy", manifests::StrategyToValue(target.strategy));
  value.Set("split", SplitToValue(target.split));
  value.Set("findings", std::move(findings));
  value.Set("quarantine", HoldName(target.quarantine));
  value.Set("quarantinedKeys",
            Value::Array(target.quarantined_keys.begin(), target.quarantined_keys.end()));
  WritePlans(target, value);
  value.Set("changedKeys", target.changed_keys);
  return value;
}

Result<Target> TargetFrom(const Value& value) {
  Target target;
  PORTOLAN_TRY(std::optional<VersionRef> version, OptionalVersionAt(value, "version"));
  if (!version) return Corrupt("target.version");
  target.version = std::move(*version);
  PORTOLAN_TRY(target.base, OptionalDigestAt(value, "base"));
  PORTOLAN_TRY(target.plan, DigestAt(value, "plan"));
  target.writers = WritersFrom(value);
  const Value* strategy = value.Find("strategy");
  if (strategy == nullptr) return Corrupt("target.strategy");
  PORTOLAN_TRY(target.strategy, manifests::StrategyFromValue(*strategy));
  if (target.strategy.steps.empty()) return Corrupt("target.strategy.steps");
  target.split = SplitFrom(value.Find("split"));
  PORTOLAN_CHECK(ReadPlans(value, target));
  PORTOLAN_CHECK(EachAt(value, "findings", [&](const Value& item) -> Status {
    PORTOLAN_TRY(Finding finding, FindingFrom(item));
    target.findings.push_back(std::move(finding));
    return {};
  }));
  const std::string_view hold = value.StringOr("quarantine", "none");
  if (hold == "all") target.quarantine = QuarantineHold::kAll;
  if (hold == "some") target.quarantine = QuarantineHold::kSome;
  PORTOLAN_CHECK(EachAt(value, "quarantinedKeys", [&](const Value& item) -> Status {
    if (item.is_string()) target.quarantined_keys.push_back(item.as_string());
    return {};
  }));
  target.changed_keys = value.IntOr("changedKeys", 0);
  return target;
}

Value ControlToValue(const ControlArm& control) {
  Value::Object bad;
  for (const auto& [kind, subjects] : control.bad) bad.emplace_back(kind, subjects);
  Value value;
  value.Set("lookups", control.lookups);
  value.Set("subjects", control.subjects);
  value.Set("bad", std::move(bad));
  return value;
}

ControlArm ControlFrom(const Value& value) {
  ControlArm control;
  control.lookups = value.IntOr("lookups", 0);
  control.subjects = value.IntOr("subjects", 0);
  if (const Value* bad = value.Find("bad"); bad != nullptr && bad->is_object())
    for (const auto& [kind, subjects] : bad->as_object())
      if (subjects.is_int()) control.bad[kind] = subjects.as_int();
  return control;
}

Value ProgressToValue(const Progress& progress) {
  Value::Array bad;
  for (const std::uint64_t hash : progress.bad_subjects)
    bad.emplace_back(static_cast<std::int64_t>(hash));
  Value value;
  value.Set("step", progress.step);
  value.Set("soakedMs", progress.soaked.count());
  value.Set("silentMs", progress.silent.count());
  value.Set("unclearMs", progress.unclear.count());
  if (!progress.canary_instances.empty())
    value.Set("canaryInstances",
              Value::Array(progress.canary_instances.begin(), progress.canary_instances.end()));
  if (progress.unconverged > Duration(0)) value.Set("unconvergedMs", progress.unconverged.count());
  value.Set("spentMs", progress.spent.count());
  value.Set("pausedMs", progress.paused.count());
  value.Set("bakedMs", progress.baked.count());
  if (progress.holdback > 0) value.Set("holdback", std::int64_t{progress.holdback});
  value.Set("startedAt", FormatTime(progress.started));
  value.Set("evidence", EvidenceToValue(progress.evidence));
  value.Set("control", ControlToValue(progress.control));
  if (!progress.shadow.empty()) value.Set("shadow", ShadowEvidenceToValue(progress.shadow));
  if (!progress.runs.empty()) value.Set("metricRuns", MetricRunsToValue(progress.runs));
  value.Set("inconclusiveAccepted", progress.inconclusive_accepted);
  value.Set("lookups", progress.lookups);
  value.Set("canaryBad", progress.canary_bad);
  value.Set("badSubjects", std::move(bad));
  return value;
}

Result<Progress> ProgressFrom(const Value& value) {
  Progress progress;
  progress.step = static_cast<std::uint32_t>(value.IntOr("step", 0));
  progress.soaked = MillisAt(value, "soakedMs");
  progress.silent = MillisAt(value, "silentMs");
  progress.unclear = MillisAt(value, "unclearMs");
  progress.unconverged = MillisAt(value, "unconvergedMs");
  progress.spent = MillisAt(value, "spentMs");
  progress.paused = MillisAt(value, "pausedMs");
  progress.baked = MillisAt(value, "bakedMs");
  progress.holdback = static_cast<std::uint32_t>(value.IntOr("holdback", 0));
  PORTOLAN_TRY(progress.started, TimeAt(value, "startedAt"));
  if (const Value* runs = value.Find("metricRuns"); runs != nullptr) {
    PORTOLAN_TRY(progress.runs, MetricRunsFromValue(*runs));
  }
  if (const Value* evidence = value.Find("evidence"); evidence != nullptr) {
    PORTOLAN_TRY(progress.evidence, EvidenceFromValue(*evidence));
  }
  if (const Value* shadow = value.Find("shadow"); shadow != nullptr) {
    PORTOLAN_TRY(progress.shadow, ShadowEvidenceFromValue(*shadow));
  }
  if (const Value* control = value.Find("control"); control != nullptr)
    progress.control = ControlFrom(*control);
  PORTOLAN_CHECK(EachAt(value, "canaryInstances", [&](const Value& item) -> Status {
    if (!item.is_string()) return Corrupt("progress.canaryInstances");
    progress.canary_instances.insert(item.as_string());
    return {};
  }));
  progress.inconclusive_accepted = value.BoolOr("inconclusiveAccepted", false);
  progress.lookups = value.IntOr("lookups", 0);
  progress.canary_bad = value.IntOr("canaryBad", 0);
  PORTOLAN_CHECK(EachAt(value, "badSubjects", [&](const Value& item) -> Status {
    if (!item.is_int()) return Corrupt("progress.badSubjects");
    progress.bad_subjects.insert(static_cast<std::uint64_t>(item.as_int()));
    return {};
  }));
  return progress;
}

Value HistoryToValue(const HistoryEntry& entry) {
  Value value;
  value.Set("version", VersionRefToValue(entry.version));
  value.Set("at", FormatTime(entry.at));
  value.Set("outcome", entry.outcome);
  if (entry.known_good) value.Set("knownGoodAt", FormatTime(*entry.known_good));
  if (!entry.plan.empty()) value.Set("plan", entry.plan.ToString());
  return value;
}

Result<HistoryEntry> HistoryFrom(const Value& value) {
  HistoryEntry entry;
  PORTOLAN_TRY(std::optional<VersionRef> version, OptionalVersionAt(value, "version"));
  if (!version) return Corrupt("history.version");
  entry.version = std::move(*version);
  PORTOLAN_TRY(entry.at, TimeAt(value, "at"));
  entry.outcome = value.StringOr("outcome", "");
  if (value.Find("knownGoodAt") != nullptr) {
    PORTOLAN_TRY(entry.known_good, TimeAt(value, "knownGoodAt"));
  }
  if (value.Find("plan") != nullptr) {
    PORTOLAN_TRY(entry.plan, DigestAt(value, "plan"));
  }
  return entry;
}

Value QuarantineToValue(const Quarantine& quarantine) {
  Value value;
  value.Set("digest", quarantine.digest.ToString());
  if (quarantine.base) value.Set("base", quarantine.base->ToString());
  value.Set("revision", RevisionToValue(quarantine.revision));
  value.Set("reason", quarantine.reason);
  value.Set("message", quarantine.message);
  value.Set("at", FormatTime(quarantine.at));
  value.Set("rollout", quarantine.rollout);
  WriteChanges(quarantine, value);
  return value;
}

Result<Quarantine> QuarantineFrom(const Value& value) {
  Quarantine quarantine;
  PORTOLAN_TRY(quarantine.digest, DigestAt(value, "digest"));
  PORTOLAN_TRY(quarantine.base, OptionalDigestAt(value, "base"));
  if (const Value* revision = value.Find("revision"); revision != nullptr) {
    PORTOLAN_TRY(quarantine.revision, RevisionFromValue(*revision));
  }
  quarantine.reason = value.StringOr("reason", "");
  quarantine.message = value.StringOr("message", "");
  PORTOLAN_TRY(quarantine.at, TimeAt(value, "at"));
  quarantine.rollout = value.StringOr("rollout", "");
  PORTOLAN_CHECK(ReadChanges(value, quarantine));
  return quarantine;
}

Value RequestToValue(const HandledRequest& request) {
  Value value;
  value.Set("id", request.id);
  value.Set("verb", request.verb);
  value.Set("at", FormatTime(request.at));
  value.Set("accepted", request.outcome.accepted);
  value.Set("message", request.outcome.message);
  if (request.outcome.denied) value.Set("denied", true);
  return value;
}

Value LockToValue(const Lock& lock) {
  Value value;
  value.Set("digest", lock.digest.ToString());
  value.Set("actor", lock.actor);
  value.Set("reason", lock.reason);
  value.Set("at", FormatTime(lock.at));
  return value;
}

template <typename Item, typename ToValue>
Value ArrayOf(const std::vector<Item>& items, ToValue to_value) {
  Value::Array array;
  for (const Item& item : items) array.push_back(to_value(item));
  return array;
}

Status ReadMemory(const Value& value, Rollout& r) {
  PORTOLAN_CHECK(EachAt(value, "history", [&](const Value& item) -> Status {
    PORTOLAN_TRY(HistoryEntry entry, HistoryFrom(item));
    r.history.push_back(std::move(entry));
    return {};
  }));
  PORTOLAN_CHECK(EachAt(value, "quarantine", [&](const Value& item) -> Status {
    PORTOLAN_TRY(Quarantine quarantine, QuarantineFrom(item));
    r.quarantine.push_back(std::move(quarantine));
    return {};
  }));
  PORTOLAN_CHECK(EachAt(value, "approvals", [&](const Value& item) -> Status {
    PORTOLAN_TRY(const Digest plan, DigestAt(item, "plan"));
    PORTOLAN_TRY(const WallTime at, TimeAt(item, "at"));
    PORTOLAN_TRY(const auto policy_digest, OptionalDigestAt(item, "policyDigest"));
    r.approvals.push_back(
        {plan, std::string(item.StringOr("actor", "")), std::string(item.StringOr("reason", "")),
         at, std::string(item.StringOr("policy", "")), policy_digest.value_or(Digest{}),
         std::string(item.StringOr("rollout", "")), std::string(item.StringOr("answer", "")),
         std::string(item.StringOr("signature", ""))});
    return {};
  }));
  return EachAt(value, "requests", [&](const Value& item) -> Status {
    PORTOLAN_TRY(const WallTime at, TimeAt(item, "at"));
    r.requests.push_back(
        {std::string(item.StringOr("id", "")),
         std::string(item.StringOr("verb", "")),
         at,
         {item.BoolOr("accepted", false), std::string(item.StringOr("message", "")),
          item.BoolOr("denied", false)}});
    return {};
  });
}

Status ReadLock(const Value& value, Rollout& r) {
  const Value* lock = value.Find("lock");
  if (lock == nullptr) return {};
  PORTOLAN_TRY(const Digest digest, DigestAt(*lock, "digest"));
  PORTOLAN_TRY(const WallTime at, TimeAt(*lock, "at"));
  r.lock = Lock{digest, std::string(lock->StringOr("actor", "")),
                std::string(lock->StringOr("reason", "")), at};
  return {};
}

}  // namespace

Value ApprovalToValue(const Approval& approval) {
  Value value;
  value.Set("plan", approval.plan.ToString());
  value.Set("actor", approval.actor);
  value.Set("reason", approval.reason);
  value.Set("at", FormatTime(approval.at));
  if (approval.policy.empty()) return value;
  value.Set("policy", approval.policy);
  if (!approval.policy_digest.empty()) value.Set("policyDigest", approval.policy_digest.ToString());
  if (!approval.rollout.empty()) value.Set("rollout", approval.rollout);
  if (approval.signature.empty()) return value;
  value.Set("answer", approval.answer);
  value.Set("signature", approval.signature);
  return value;
}

Value VersionRefToValue(const VersionRef& version) {
  Value value;
  value.Set("digest", version.digest.ToString());
  value.Set("size", version.size);
  value.Set("number", version.number);
  value.Set("revision", RevisionToValue(version.revision));
  if (!version.sensitive.empty())
    value.Set("sensitive", Value::Array(version.sensitive.begin(), version.sensitive.end()));
  WriteParts(version, value);
  return value;
}

Value RolloutToValue(const Rollout& r) {
  Value value;
  // What an earlier program would take for a map of its own is of the format that it refuses.
  const bool grouped = !r.group.empty() || !r.members.empty();
  value.Set("format", grouped ? kRolloutFormat : kMapFormat);
  value.Set("map", r.map);
  value.Set("source", r.source);
  WriteMembership(r, value);
  value.Set("number", r.number);
  value.Set("phase", PhaseName(r.phase));
  value.Set("reason", r.reason);
  value.Set("message", r.message);
  value.Set("since", FormatTime(r.since));
  if (r.stable) value.Set("stable", VersionRefToValue(*r.stable));
  if (r.target) value.Set("target", TargetToValue(*r.target));
  if (r.desired) value.Set("desired", VersionRefToValue(*r.desired));
  value.Set("strategy", manifests::StrategyToValue(r.strategy));
  value.Set("split", SplitToValue(r.split));
  value.Set("progress", ProgressToValue(r.progress));
  value.Set("history", ArrayOf(r.history, HistoryToValue));
  value.Set("quarantine", ArrayOf(r.quarantine, QuarantineToValue));
  value.Set("approvals", ArrayOf(r.approvals, ApprovalToValue));
  value.Set("requests", ArrayOf(r.requests, RequestToValue));
  if (r.lock) value.Set("lock", LockToValue(*r.lock));
  value.Set("operatorPaused", r.operator_paused);
  WriteOrders(r, value);
  value.Set("restarts", r.restarts);
  if (r.frozen_until) value.Set("frozenUntil", FormatTime(*r.frozen_until));
  if (!r.fleet.empty()) value.Set("fleet", FleetToValue(r.fleet));
  return value;
}

Result<Rollout> RolloutFromValue(const Value& value) {
  if (value.IntOr("format", 0) > kRolloutFormat)
    return Error{ErrorCode::kInvalid, "the stored rollout has format " +
                                          std::to_string(value.IntOr("format", 0)) +
                                          ", this program knows " + std::to_string(kRolloutFormat) +
                                          "; start the newer version again"};
  Rollout r;
  r.map = value.StringOr("map", "");
  if (r.map.empty()) return Corrupt("map");
  r.source = value.StringOr("source", "");
  PORTOLAN_CHECK(ReadMembership(value, r));
  r.number = static_cast<std::uint64_t>(value.IntOr("number", 0));
  PORTOLAN_TRY(r.phase, ParsePhase(value.StringOr("phase", "")));
  r.reason = value.StringOr("reason", "");
  r.message = value.StringOr("message", "");
  PORTOLAN_TRY(r.since, TimeAt(value, "since"));
  PORTOLAN_TRY(r.stable, OptionalVersionAt(value, "stable"));
  PORTOLAN_TRY(r.desired, OptionalVersionAt(value, "desired"));
  if (const Value* target = value.Find("target"); target != nullptr) {
    PORTOLAN_TRY(r.target, TargetFrom(*target));
  }
  if (const Value* strategy = value.Find("strategy"); strategy != nullptr) {
    PORTOLAN_TRY(r.strategy, manifests::StrategyFromValue(*strategy));
  }
  r.split = SplitFrom(value.Find("split"));
  if (const Value* progress = value.Find("progress"); progress != nullptr) {
    PORTOLAN_TRY(r.progress, ProgressFrom(*progress));
  }
  if (r.target && ProgressIsOfTarget(r.phase) && r.progress.step >= r.target->strategy.steps.size())
    return Corrupt("progress.step");
  if (r.phase == Phase::kShadow && !(r.target && r.target->strategy.shadow))
    return Corrupt("target.strategy.shadow");
  PORTOLAN_CHECK(ReadMemory(value, r));
  PORTOLAN_CHECK(ReadLock(value, r));
  PORTOLAN_CHECK(ReadOrders(value, r));
  r.operator_paused = value.BoolOr("operatorPaused", false);
  r.restarts = static_cast<int>(value.IntOr("restarts", 0));
  if (value.Find("frozenUntil") != nullptr) {
    PORTOLAN_TRY(r.frozen_until, TimeAt(value, "frozenUntil"));
  }
  if (const Value* fleet = value.Find("fleet"); fleet != nullptr) {
    PORTOLAN_TRY(r.fleet, FleetFromValue(*fleet));
  }
  return r;
}

}  // namespace portolan::reconciler
