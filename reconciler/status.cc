#include "reconciler/status.h"

#include "manifests/entries.h"
#include "reconciler/change_view.h"
#include "reconciler/json_parts.h"
#include "reconciler/rollout/converge.h"
#include "reconciler/rollout/judge.h"
#include "reconciler/rollout/step.h"
#include "reconciler/shadow_status.h"

// What people and scripts are told of a rollout, with the conditions of kstatus and Flux. Derived
// from the rollout alone and never stored, so that it cannot disagree with it.

namespace portolan::reconciler {
namespace {

using manifests::Value;

enum class Standing { kReady, kReconciling, kStalled };

// A rollback is Stalled although it ran well: it takes a person to go on.
Standing StandingOf(const Rollout& r) {
  switch (r.phase) {
    case Phase::kHealthy:
      return Standing::kReady;
    case Phase::kRolledBack:
    case Phase::kRollingBack:
      return Standing::kStalled;
    case Phase::kBaking:
      return r.reason == reason::kFirstVersionFailing ? Standing::kStalled : Standing::kReconciling;
    default:
      return Standing::kReconciling;
  }
}

Value ShortVersion(const VersionRef& version) {
  Value value;
  value.Set("digest", version.digest.ToString());
  value.Set("revision", version.revision.ToString());
  value.Set("commit", version.revision.commit);
  value.Set("author", version.revision.author);
  value.Set("subject", version.revision.subject);
  value.Set("number", version.number);
  value.Set("size", version.size);
  return value;
}

Value ArmStatus(const ArmEvidence& arm) {
  Value value;
  value.Set("lookups", arm.lookups);
  value.Set("subjects", arm.SubjectsAtMost());
  value.Set("subjectsAtLeast", arm.SubjectsAtLeast());
  value.Set("bad", arm.bad);
  value.Set("badSubjects", static_cast<std::int64_t>(arm.bad_subjects.size()));
  value.Set("lastReportAt", arm.last_report ? Value(FormatTime(*arm.last_report)) : Value());
  return value;
}

Value MetricsStatus(const Rollout& r) {
  Value::Array metrics;
  for (const MetricVerdict& metric : JudgementOf(r).metrics) {
    Value::Object numbers;
    for (const auto& [name, number] : metric.numbers) numbers.emplace_back(name, number);
    Value item;
    item.Set("name", metric.name);
    item.Set("verdict", VerdictName(metric.shown()));
    item.Set("message", metric.message);
    item.Set("numbers", std::move(numbers));
    metrics.push_back(std::move(item));
  }
  return metrics;
}

Value QuarantineStatus(const Rollout& r) {
  Value::Array items;
  for (const Quarantine& quarantine : r.quarantine) {
    Value item;
    item.Set("digest", quarantine.digest.ToString());
    item.Set("revision", quarantine.revision.ToString());
    item.Set("reason", quarantine.reason);
    item.Set("message", quarantine.message);
    item.Set("at", FormatTime(quarantine.at));
    items.push_back(std::move(item));
  }
  return items;
}

Value ConditionsStatus(const Rollout& r) {
  Value::Array conditions;
  for (const Condition& condition : ConditionsOf(r)) {
    Value item;
    item.Set("type", condition.type);
    item.Set("status", condition.status);
    item.Set("reason", condition.reason);
    item.Set("message", condition.message);
    item.Set("since", FormatTime(r.since));
    conditions.push_back(std::move(item));
  }
  return conditions;
}

// Null with `split: subject`, where every instance holds both arms.
Value ArmOfInstance(const mapcore::TrafficSplit& split, std::string_view name) {
  if (!split.instances) return {};
  return mapcore::ArmName(
      Assign(split, {.targeting_key = {}, .attributes = {}, .instance = name}).arm);
}

// The instances that acknowledge the map: without any, steps go by reports and time only.
Value FleetStatus(const Rollout& r) {
  const Convergence convergence = ConvergenceOf(r);
  std::int64_t lost = 0;
  for (const auto& [name, instance] : r.fleet) lost += instance.lost;
  Value value;
  value.Set("live", convergence.live);
  value.Set("converged", convergence.converged);
  value.Set("required", convergence.required);
  value.Set("lost", lost);
  value.Set("lagging", Value::Array(convergence.lagging.begin(), convergence.lagging.end()));
  value.Set("message", convergence.live == 0
                           ? std::string("no instances known: steps wait for reports and time only")
                           : ConvergenceText(convergence));
  return value;
}

void SetProgress(Value& value, const Rollout& r) {
  const bool moving = ServesCanary(r.phase) && r.target.has_value();
  const std::size_t steps = r.target ? r.target->strategy.steps.size() : 0;
  Duration required(0);
  Duration spent(0);
  if (moving && r.phase == Phase::kBaking) {
    required = r.target->strategy.bake;
    spent = r.progress.baked;
  } else if (moving) {
    required = r.target->strategy.steps[r.progress.step].soak;
    spent = r.progress.soaked;
  } else if (r.phase == Phase::kShadow) {
    required = r.target->strategy.shadow->soak;
    spent = r.progress.shadow.soaked;
  }
  value.Set("rollout", r.number == 0 ? Value() : Value(r.id()));
  value.Set("strategy", r.target ? r.target->strategy.name : r.strategy.name);
  value.Set("step", moving ? r.progress.step + 1 : 0u);
  value.Set("steps", static_cast<std::int64_t>(steps));
  value.Set("weight", WeightOf(r));
  value.Set("soakMs", spent.count());
  value.Set("soakRequiredMs", required.count());
  Value arms;
  arms.Set("stable", ArmStatus(r.progress.evidence.stable));
  arms.Set("canary", ArmStatus(r.progress.evidence.canary));
  value.Set("arms", std::move(arms));
  value.Set("instances", FleetStatus(r));
  value.Set("metrics",
            moving || r.phase == Phase::kRolledBack ? MetricsStatus(r) : Value(Value::Array{}));
  value.Set("shadow", ShadowStatus(r, /*sees_sensitive=*/false));
}

Value SuspensionStatus(const Suspension& suspension) {
  Value value;
  value.Set("actor", suspension.actor);
  value.Set("reason", suspension.reason);
  value.Set("at", FormatTime(suspension.at));
  value.Set("until", FormatTime(suspension.until));
  return value;
}

// When time alone ends what is going on, as long as data keeps flowing; none when it takes a
// person, a commit or more lookups.
// An estimate: soak stops while nobody reports.
std::optional<Duration> UntilNext(const Rollout& r) {
  if (!InFlight(r.phase) || !r.target) return std::nullopt;
  const manifests::Strategy& strategy = r.target->strategy;
  const auto rest = [](Duration limit, Duration spent) {
    return limit > spent ? std::optional(limit - spent) : std::nullopt;
  };
  if (r.phase == Phase::kBaking) return rest(strategy.bake, r.progress.baked);
  if (r.phase == Phase::kShadow && r.reason == reason::kOperatorPause)
    return rest(kOperatorPauseDeadline, r.progress.paused);
  if (r.phase == Phase::kShadow)
    return r.reason == reason::kNoData || r.reason == reason::kPolicyDenied
               ? std::nullopt
               : rest(strategy.shadow->soak, r.progress.shadow.soaked);
  const manifests::Step& step = strategy.steps[r.progress.step];
  if (r.phase == Phase::kStepping) return rest(step.soak, r.progress.soaked);
  if (r.phase == Phase::kPaused && r.reason == reason::kOperatorPause)
    return rest(kOperatorPauseDeadline, r.progress.paused);
  if (r.phase == Phase::kPaused && r.reason == reason::kPauseStep && step.pause)
    return rest(step.pause->deadline, r.progress.paused);
  return std::nullopt;
}

std::string_view SyncName(SyncState state) {
  switch (state) {
    case SyncState::kSynced:
      return "Synced";
    case SyncState::kProgressing:
      return "Progressing";
    case SyncState::kDiverged:
      return "Diverged";
  }
  return "";
}

}  // namespace

std::vector<Condition> ConditionsOf(const Rollout& r) {
  const Standing standing = StandingOf(r);
  const auto condition = [&](std::string_view type, Standing wanted) {
    return Condition{std::string(type), standing == wanted, r.reason, r.message};
  };
  return {condition("Ready", Standing::kReady), condition("Reconciling", Standing::kReconciling),
          condition("Stalled", Standing::kStalled)};
}

SyncStatus SyncOf(const Rollout& r) {
  if (!r.desired) return {SyncState::kDiverged, r.reason};
  if (r.stable && r.stable->digest == r.desired->digest && !InFlight(r.phase))
    return {SyncState::kSynced, ""};
  // Healthy with another desired version: it was planned and is about to start.
  const bool on_the_way =
      InFlight(r.phase) && r.target && r.target->version.digest == r.desired->digest;
  if (on_the_way || r.phase == Phase::kHealthy || (InFlight(r.phase) && r.phase != Phase::kPaused))
    return {SyncState::kProgressing, r.reason};
  return {SyncState::kDiverged, r.reason};
}

std::uint32_t WeightOf(const Rollout& r) {
  return ServingOf(r).split.weight;
}

Value MapStatusToValue(const Rollout& r, WallTime now) {
  const SyncStatus sync = SyncOf(r);
  Value value;
  value.Set("map", r.map);
  value.Set("source", r.source);
  value.Set("group", r.group.empty() ? Value() : Value(r.group));
  if (!r.members.empty()) value.Set("maps", Value::Array(r.members.begin(), r.members.end()));
  value.Set("phase", PhaseName(r.phase));
  value.Set("reason", r.reason);
  value.Set("message", r.message);
  value.Set("sync", SyncName(sync.state));
  value.Set("syncReason", sync.reason);
  value.Set("conditions", ConditionsStatus(r));
  value.Set("stable", r.stable ? ShortVersion(*r.stable) : Value());
  value.Set("target", r.target ? ShortVersion(r.target->version) : Value());
  value.Set("desired", r.desired ? ShortVersion(*r.desired) : Value());
  SetProgress(value, r);
  value.Set("since", FormatTime(r.since));
  value.Set("now", FormatTime(now));
  const std::optional<Duration> rest = UntilNext(r);
  const std::optional<WallTime> next = rest ? std::optional(now + *rest) : r.frozen_until;
  value.Set("nextAt", next ? Value(FormatTime(*next)) : Value());
  value.Set("plan", r.target ? Value(r.target->plan.ToString()) : Value());
  value.Set("findings", r.target ? FindingsToValue(r.target->findings) : Value(Value::Array{}));
  value.Set("quarantine", QuarantineStatus(r));
  Value lock;
  if (r.lock) {
    lock.Set("digest", r.lock->digest.ToString());
    lock.Set("actor", r.lock->actor);
    lock.Set("reason", r.lock->reason);
    lock.Set("at", FormatTime(r.lock->at));
  }
  value.Set("lock", std::move(lock));
  value.Set("paused", r.operator_paused);
  value.Set("suspended", r.suspension ? SuspensionStatus(*r.suspension) : Value());
  value.Set("overrides", OverridesToJson(r, /*sees_sensitive=*/false));
  return value;
}

Value InstancesToValue(const Rollout& r, Duration now_mono) {
  const mapcore::TrafficSplit split = ServingOf(r).split;
  Value::Array items;
  for (const auto& [name, instance] : r.fleet) {
    Value::Array applied;
    for (const Digest& digest : instance.applied) applied.emplace_back(digest.ToString());
    const Duration silent = instance.heard_mono ? now_mono - *instance.heard_mono : Duration(0);
    const Duration left = std::max(instance.lease - silent, Duration(0));
    const bool live = !instance.lost && left > Duration(0);
    Value item;
    item.Set("instance", name);
    item.Set("map", r.map);
    item.Set("status", !live ? "lost" : instance.refused ? "refused" : "applied");
    item.Set("applied", std::move(applied));
    item.Set("arm", ArmOfInstance(split, name));
    item.Set("refused", instance.refused ? Value(instance.refused->ToString()) : Value());
    item.Set("reason", instance.reason);
    item.Set("leaseMs", instance.lease.count());
    item.Set("leaseLeftMs", live ? left.count() : 0);
    item.Set("lastAckAt", FormatTime(instance.heard));
    items.push_back(std::move(item));
  }
  return items;
}

Value::Array OverridesToJson(const Rollout& r, bool sees_sensitive) {
  const std::set<std::string> globs = ServingOf(r).sensitive;
  const std::vector<std::string> sensitive(globs.begin(), globs.end());
  Value::Array items;
  for (const Override& one : r.overrides) {
    const bool masked = !sees_sensitive && manifests::IsSensitiveKey(sensitive, one.key);
    const auto value = manifests::ParseJson(one.value);
    Value item;
    item.Set("map", r.map);
    item.Set("key", one.key);
    item.Set("value", masked || !value.ok() ? Value(MaskedValue(one.value)) : *value);
    if (masked) item.Set("masked", true);
    item.Set("actor", one.actor);
    item.Set("reason", one.reason);
    item.Set("at", FormatTime(one.at));
    item.Set("until", FormatTime(one.until));
    item.Set("base", one.base ? Value(one.base->ToString()) : Value());
    items.push_back(std::move(item));
  }
  return items;
}

Value HistoryToJson(const Rollout& r) {
  Value::Array versions;
  for (auto entry = r.history.rbegin(); entry != r.history.rend(); ++entry) {
    Value item = ShortVersion(entry->version);
    item.Set("outcome", entry->outcome);
    item.Set("at", FormatTime(entry->at));
    item.Set("knownGood", entry->known_good.has_value());
    item.Set("plan", entry->plan.empty() ? Value() : Value(entry->plan.ToString()));
    versions.push_back(std::move(item));
  }
  Value value;
  value.Set("map", r.map);
  value.Set("versions", std::move(versions));
  return value;
}

Value::Array DriftedKeysToJson(const Drift& drift) {
  Value::Array keys;
  for (const DriftedKey& key : drift.some) {
    Value item;
    item.Set("key", key.key);
    item.Set("kind", DriftKindName(key.kind));
    keys.push_back(std::move(item));
  }
  return keys;
}

}  // namespace portolan::reconciler
