#include "reconciler/rollout/turn.h"

#include <algorithm>
#include <cstdio>

#include "manifests/short_commit.h"
#include "reconciler/rollout/group.h"
#include "reconciler/rollout/judge.h"
#include "reconciler/rollout/marks.h"
#include "reconciler/text_format.h"

namespace portolan::reconciler {
namespace {

manifests::Value VersionData(const VersionRef& version) {
  manifests::Value data;
  data.Set("digest", version.digest.ToString());
  data.Set("commit", version.revision.commit);
  data.Set("number", version.number);
  return data;
}

// "100 % of clients", "99 % of clients, 1 % are held back to compare with".
std::string BakedShare(std::uint32_t holdback, std::string_view of) {
  std::string text = WeightPercent(mapcore::kWeightMax - holdback) + std::string(of);
  if (holdback > 0) text += ", " + WeightPercent(holdback) + " held back to compare with";
  return text;
}

// With `split: instance`: no second instance to compare with.
bool Alone(const Rollout& r) {
  return r.target->split.mode == manifests::SplitMode::kInstance &&
         std::count_if(r.fleet.begin(), r.fleet.end(),
                       [](const auto& entry) { return !entry.second.lost; }) == 1;
}

// What the metrics of the step or bake that ends now said: its evidence goes with it. Of one in
// which nothing was heard there is nothing to tell.
void SetMetrics(const Rollout& r, manifests::Value& data) {
  const StepEvidence& evidence = r.progress.evidence;
  const bool heard = evidence.stable.lookups + evidence.canary.lookups > 0;
  if (!ServesCanary(r.phase) || !(heard || !r.progress.runs.empty())) return;
  manifests::Value::Array metrics;
  for (const MetricVerdict& metric : JudgementOf(r).metrics)
    metrics.push_back(manifests::Value::Object{{"name", metric.name},
                                               {"verdict", VerdictName(metric.shown())},
                                               {"message", metric.message}});
  if (!metrics.empty()) data.Set("metrics", std::move(metrics));
}

void LeaveStep(Rollout& r) {
  KeepControl(r.progress.control, r.progress.evidence.stable);
  r.progress.evidence = StepEvidence{};
  EndStepRuns(r.progress.runs);
  r.progress.inconclusive_accepted = false;
  r.progress.soaked = r.progress.silent = r.progress.unclear = Duration(0);
  r.progress.unconverged = r.progress.paused = Duration(0);
}

}  // namespace

std::string BlastRadius(const Rollout& rollout, WallTime now) {
  if (rollout.phase == Phase::kShadow) return "nobody was served it";
  const Progress& progress = rollout.progress;
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%.1f s",
                static_cast<double>((now - progress.started).count()) / 1000.0);
  return Grouped(progress.canary_bad) + " of " + Grouped(progress.lookups) + " lookups failed, " +
         Grouped(static_cast<std::int64_t>(progress.bad_subjects.size())) + " subjects, " + seconds;
}

void Turn::Enter(Phase phase, std::string_view why, std::string message) {
  Rollout& r = state();
  if (r.phase != phase || r.reason != why) r.since = wall();
  r.phase = phase;
  r.reason = why;
  r.message = std::move(message);
  PersistAtLeast(Persist::kNow);
}

void Turn::Say(std::string_view type, std::string_view event_reason, std::string message,
               manifests::Value data) {
  Event event;
  event.time = wall();
  event.map = state().map;
  event.source = state().source;
  event.type = type;
  event.reason = event_reason;
  event.message = std::move(message);
  event.actor = seen.command ? seen.command->actor : "controller";
  event.data = std::move(data);
  if (event.data.is_null()) event.data = manifests::Value::Object{};
  event.data.Set("rollout", state().id());
  out.events.push_back(std::move(event));
  PersistAtLeast(Persist::kNow);
}

void Turn::PersistAtLeast(Persist persist) {
  out.persist = std::max(out.persist, persist);
}

std::optional<Turn::Hold> Turn::HoldOf(const Target& target) const {
  const Rollout& r = out.next;
  const bool quarantined =
      std::any_of(r.quarantine.begin(), r.quarantine.end(),
                  [&](const Quarantine& q) { return q.digest == target.version.digest; });
  if (quarantined || target.quarantine == QuarantineHold::kAll) {
    return Hold{reason::kQuarantined,
                "commit " + manifests::ShortCommit(target.version.revision.commit) +
                    " still holds every quarantined change (" +
                    (target.quarantined_keys.empty() ? std::string("same content")
                                                     : target.quarantined_keys.front()) +
                    (target.quarantined_keys.size() > 1 ? ", …" : "") +
                    "); commit another value, or: portolan retry " + r.map};
  }
  const auto hard =
      std::find_if(target.findings.begin(), target.findings.end(),
                   [](const Finding& finding) { return finding.level == kHardLevel; });
  if (hard != target.findings.end())
    return Hold{reason::kPolicyDenied, hard->policy + " (hard): " + hard->message +
                                           "; commit something else, or give it what it asks for"};
  if (!target.findings.empty()) {
    const Finding& soft = target.findings.front();
    return Hold{reason::kApprovalRequired,
                soft.policy + ": " + soft.message +
                    "; to allow it: " + ApproveCommand(PlanOf(target, soft), target.findings)};
  }
  if (r.suspension)
    return Hold{reason::kSuspended, "suspended by " + r.suspension->actor + " until " +
                                        FormatTime(r.suspension->until) + ": " +
                                        r.suspension->reason +
                                        "; to go on now: portolan unsuspend " + r.map};
  const bool may_wait = r.stable && !KnownGood(r, target.version.digest, target.strategy, wall());
  if (seen.freeze && may_wait) return Hold{reason::kWindowClosed, FreezeText(*seen.freeze)};
  if (r.operator_paused) {
    return Hold{reason::kOperatorPause,
                "an operator paused this map; to go on: portolan resume " + r.map};
  }
  return std::nullopt;
}

void Turn::Consider(Target target) {
  Rollout& r = state();
  r.strategy = target.strategy;
  r.split = target.split;
  if (r.stable && r.stable->digest == target.version.digest) {
    r.target.reset();
    TakeMarks(r, target.version);
    if (r.phase != Phase::kHealthy) {
      Say("Normal", "Synced", "git and the served version are the same", VersionData(*r.stable));
      Enter(Phase::kHealthy, "Synced", "git is live");
    }
    return;
  }
  auto hold = HoldOf(target);
  if (!hold) return Start(std::move(target));
  auto& [why, message] = *hold;
  const bool news = r.phase != Phase::kHeld || r.reason != why || !r.target ||
                    r.target->plan != target.plan || r.target->findings != target.findings;
  if (news) Say("Warning", "Held", std::string(why) + ": " + message, VersionData(target.version));
  r.target = std::move(target);
  if (news) Enter(Phase::kHeld, why, std::move(message));
}

void Turn::Start(Target target) {
  Rollout& r = state();
  ++r.number;
  r.progress = Progress{};
  r.progress.started = wall();
  target.version.number = r.history.empty() ? 1 : r.history.back().version.number + 1;
  if (r.history.size() >= kHistoryMax) r.history.erase(r.history.begin());
  r.history.push_back({target.version, wall(), "in-flight", std::nullopt, target.plan});
  const bool known_good = target.quarantine == QuarantineHold::kNone &&
                          KnownGood(r, target.version.digest, target.strategy, wall());
  const bool first = !r.stable;
  BeginRollout(r.fleet, WantedOf(target.version, r.stable),
               !first && r.stable->digest == target.version.digest);
  for (Approval& approval : r.approvals)
    if (!approval.policy.empty() && IsPlanOf(target, approval.plan) && approval.rollout.empty())
      approval.rollout = r.id();
  r.target = std::move(target);
  const VersionRef& version = r.target->version;
  Say("Normal", "RolloutStarted",
      "rollout " + r.id() + " of version " + std::to_string(version.number) + " (" +
          version.digest.Short() + ", commit " + manifests::ShortCommit(version.revision.commit) +
          ")" + (first ? ": the map's first version" : ""),
      VersionData(version));
  if (r.target->quarantine == QuarantineHold::kSome)
    Say("Warning", "HoldsQuarantinedKeys",
        "some changes of a version that failed are in it again, " +
            r.target->quarantined_keys.front() + " for one");
  if (first || known_good) return Bake();
  if (r.target->strategy.shadow) return EnterShadow();
  BeginSteps();
}

void Turn::BeginSteps() {
  if (Alone(state())) {
    Say("Normal", "SingleInstance", "one instance leaves none to compare with: no steps");
    return Bake();
  }
  EnterStep(0);
}

void Turn::EnterStep(std::uint32_t index) {
  Rollout& r = state();
  const manifests::Step& step = r.target->strategy.steps[index];
  if (step.weight >= mapcore::kWeightMax) return Bake(r.target->strategy.holdback);
  manifests::Value data;
  SetMetrics(r, data);
  LeaveStep(r);
  r.progress.step = index;
  out.safe_direction = false;
  data.Set("step", index + 1);
  data.Set("weight", step.weight);
  const std::string message = "step " + std::to_string(index + 1) + " of " +
                              std::to_string(r.target->strategy.steps.size()) + ": " +
                              WeightPercent(step.weight);
  Say("Normal", "StepStarted", message, std::move(data));
  Enter(Phase::kStepping, "Progressing", message);
}

bool Turn::MayRaise() {
  if (!seen.raise) return true;
  if (seen.raise->waits) return false;
  if (seen.raise->findings.empty()) return true;
  HoldAtStep(seen.raise->findings);
  return false;
}

void Turn::HoldAtStep(const std::vector<Finding>& findings) {
  Rollout& r = state();
  if (HeldByPolicies(r) && r.target->findings == findings) return;
  r.target->findings = findings;
  const Finding& first = findings.front();
  const bool shadow = r.phase == Phase::kShadow;
  std::string message =
      "held " + (shadow ? "in the dual run" : "at " + WeightPercent(CanaryWeight(r))) + " by " +
      first.policy + " (" + first.level + "): " + first.message + "; goes on when it allows it";
  if (first.level != kHardLevel)
    message += ", or: " + ApproveCommand(PlanOf(*r.target, first), findings);
  Say("Warning", "PolicyDenied", message);
  Enter(shadow ? Phase::kShadow : Phase::kPaused, reason::kPolicyDenied, std::move(message));
}

void Turn::GoOn() {
  if (state().phase == Phase::kShadow)
    return Enter(Phase::kShadow, "Progressing", "both versions are compared; stable is served");
  const Progress& progress = state().progress;
  Enter(
      Phase::kStepping, "Progressing",
      "step " + std::to_string(progress.step + 1) + " at " + WeightPercent(CanaryWeight(state())));
}

void Turn::Advance() {
  Rollout& r = state();
  const std::uint32_t next = r.progress.step + 1;
  if (next >= r.target->strategy.steps.size()) return Bake(r.target->strategy.holdback);
  EnterStep(next);
}

void Turn::Bake(std::uint32_t holdback) {
  Rollout& r = state();
  manifests::Value data;
  SetMetrics(r, data);
  LeaveStep(r);
  r.progress.holdback = holdback;
  r.progress.step = static_cast<std::uint32_t>(r.target->strategy.steps.size()) - 1;
  r.progress.baked = Duration(0);
  if (!r.stable || r.stable->digest != r.target->version.digest) out.safe_direction = false;
  data.Set("weight", mapcore::kWeightMax - holdback);
  data.Set("bakeMs", r.target->strategy.bake.count());
  Say("Normal", "BakeStarted",
      BakedShare(holdback, " of clients") + "; baking for " +
          FormatDuration(r.target->strategy.bake),
      std::move(data));
  GoOnBaking();
}

void Turn::GoOnBaking() {
  Enter(Phase::kBaking, "Baking",
        BakedShare(state().progress.holdback, "") + ", not known good before the bake is over");
}

void Turn::Finish() {
  Rollout& r = state();
  const VersionRef version = r.target->version;
  manifests::Value data = VersionData(version);
  SetMetrics(r, data);
  if (r.stable && r.stable->digest != version.digest) SetOutcome(r.stable->digest, "superseded");
  r.stable = version;
  // A newer commit of this content may have taken marks away since the rollout started.
  if (r.desired && r.desired->digest == version.digest) TakeMarks(r, *r.desired);
  SetOutcome(version.digest, "live");
  for (HistoryEntry& entry : r.history)
    if (entry.version.number == version.number) entry.known_good = wall();
  r.target.reset();
  r.restarts = 0;
  std::erase_if(r.quarantine, [&](const Quarantine& q) { return q.digest == version.digest; });
  Say("Normal", "Promoted",
      "version " + std::to_string(version.number) + " (" + version.digest.Short() +
          ") is live and known good",
      std::move(data));
  Enter(Phase::kHealthy, "Synced", "git is live");
  if (r.desired && r.desired->digest != version.digest) out.replan = true;
}

void Turn::RollBack(std::string_view cause, std::string message) {
  Rollout& r = state();
  if (!r.stable || r.stable->digest == r.target->version.digest) {
    if (r.reason != reason::kFirstVersionFailing)
      Say("Warning", reason::kFirstVersionFailing,
          message + "; there is no earlier version to return to, it stays served");
    return Enter(Phase::kBaking, reason::kFirstVersionFailing,
                 message + "; no earlier version to return to: commit a fix");
  }
  const std::string radius = BlastRadius(r, wall());
  AddQuarantine(r.target->version, *r.stable, cause, message);
  SetOutcome(r.target->version.digest, "rolled-back");
  manifests::Value data = VersionData(r.target->version);
  SetMetrics(r, data);
  data.Set("cause", cause);
  data.Set("lookups", r.progress.lookups);
  data.Set("failed", r.progress.canary_bad);
  data.Set("subjects", static_cast<std::int64_t>(r.progress.bad_subjects.size()));
  data.Set("durationMs", (wall() - r.progress.started).count());
  Say("Warning", "RollingBack", std::string(cause) + ": " + message + " (" + radius + ")",
      std::move(data));
  Enter(Phase::kRollingBack, cause, message + " (" + radius + ")");
  r.restarts = 0;
  out.safe_direction = true;
}

void Turn::Withdraw(std::string_view event_reason, std::string message) {
  Rollout& r = state();
  if (r.target) SetOutcome(r.target->version.digest, "superseded");
  Say("Normal", event_reason, std::move(message));
  r.target.reset();
  r.restarts = 0;
  out.safe_direction = true;
}

void Turn::MakeStable(const VersionRef& version, bool old_is_bad) {
  Rollout& r = state();
  if (r.stable && r.stable->digest != version.digest)
    SetOutcome(r.stable->digest, old_is_bad ? "rolled-back" : "superseded");
  r.stable = version;
  SetOutcome(version.digest, "live");
  out.safe_direction = true;
}

void Turn::AddQuarantine(const VersionRef& bad, const VersionRef& base, std::string_view cause,
                         std::string message) {
  Rollout& r = state();
  std::erase_if(r.quarantine, [&](const Quarantine& q) { return q.digest == bad.digest; });
  r.quarantine.push_back({bad.digest, base.digest, bad.revision, std::string(cause),
                          std::move(message), wall(), r.id(), ChangesBetween(base, bad)});
}

void Turn::SetOutcome(const Digest& digest, std::string_view outcome) {
  for (auto entry = state().history.rbegin(); entry != state().history.rend(); ++entry) {
    if (entry->version.digest != digest) continue;
    entry->outcome = outcome;
    return;
  }
}

}  // namespace portolan::reconciler
