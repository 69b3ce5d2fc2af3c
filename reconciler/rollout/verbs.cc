// The operator's commands. Each is accepted with what happens now, or refused with why and what to
// do instead.
#include <algorithm>

#include "reconciler/rollout/turn.h"

namespace portolan::reconciler {
namespace {

struct VerbRow {
  Verb verb;
  std::string_view name;
};
constexpr VerbRow kVerbs[] = {
    {Verb::kPromote, "promote"},
    {Verb::kPause, "pause"},
    {Verb::kResume, "resume"},
    {Verb::kSkip, "skip"},
    {Verb::kAbort, "abort"},
    {Verb::kRetry, "retry"},
    {Verb::kRollback, "rollback"},
    {Verb::kLock, "lock"},
    {Verb::kUnlock, "unlock"},
    {Verb::kPrune, "prune"},
    {Verb::kApprove, "approve"},
    {Verb::kOverride, "override"},
    {Verb::kClearOverride, "clear-override"},
    {Verb::kSuspend, "suspend"},
    {Verb::kUnsuspend, "unsuspend"},
};

CommandOutcome Accept(std::string message) {
  return {true, std::move(message)};
}
CommandOutcome Refuse(std::string message) {
  return {false, std::move(message)};
}

CommandOutcome NotInFlight(const Rollout& r, std::string_view verb) {
  return Refuse("cannot " + std::string(verb) + ": no rollout of " + r.map +
                " is in flight (it is " + std::string(PhaseName(r.phase)) +
                "); see: portolan status " + r.map);
}

std::string Because(const Command& command) {
  return "by " + command.actor + (command.reason.empty() ? "" : ": " + command.reason);
}

// Refuses a raise of the weight that the policies in force deny; nothing changes by it.
std::optional<CommandOutcome> DeniedRaise(const Turn& turn) {
  if (!turn.seen.raise || turn.seen.raise->findings.empty()) return std::nullopt;
  const Finding& first = turn.seen.raise->findings.front();
  return CommandOutcome{
      false,
      "the policies deny more weight: " + first.policy + " (" + first.level + "): " + first.message,
      /*denied=*/true};
}

// The target as it is judged now, when that is known; else as it was when it was planned.
Target FreshlyJudged(const Turn& turn) {
  Target target = *turn.out.next.target;
  if (turn.seen.raise && !turn.seen.raise->waits) target.findings = turn.seen.raise->findings;
  return target;
}

// A person's word in place of the dual run's.
CommandOutcome EndShadow(Turn& turn, const Command& command) {
  turn.Say("Warning", "ShadowSkipped",
           "the dual run ends before its verdict " + Because(command) + "; " +
               ShadowText(turn.state().progress.shadow));
  turn.BeginSteps();
  return Accept(turn.state().message);
}

CommandOutcome Promote(Turn& turn, const Command& command) {
  Rollout& r = turn.state();
  const bool shadow = r.phase == Phase::kShadow;
  const bool stepping = shadow || r.phase == Phase::kStepping || r.phase == Phase::kPaused;
  if (r.phase == Phase::kHeld && r.reason == reason::kApprovalRequired)
    return {false,
            "the plan waits for an approval: " +
                ApproveCommand(PlanOf(*r.target, r.target->findings.front()), r.target->findings),
            /*denied=*/true};
  if (!stepping) return NotInFlight(r, "promote");
  if (const auto denied = DeniedRaise(turn)) return *denied;
  if (command.full) {
    turn.Say("Normal", "PromotedInFull", "straight to 100 % " + Because(command));
    turn.Bake();
    return Accept("100 % of clients now; known good after the bake");
  }
  if (shadow) return EndShadow(turn, command);
  if (r.phase == Phase::kPaused && r.reason == reason::kPauseStep) {
    turn.Say("Normal", "PausePromoted", "the pause is over " + Because(command));
    turn.Advance();
    return Accept("going on: " + r.message);
  }
  return Refuse("no pause waits for promote; to go to the next step: portolan skip " + r.map +
                ", to 100 %: portolan promote --full " + r.map);
}

CommandOutcome PauseMap(Turn& turn, const Command& command) {
  Rollout& r = turn.state();
  if (r.phase == Phase::kBaking)
    return Refuse(
        "the bake cannot be paused, the weight rises no more; to go back: portolan abort " + r.map);
  const bool shadow = r.phase == Phase::kShadow;
  if (shadow || r.phase == Phase::kStepping || r.phase == Phase::kPaused) {
    if (r.reason == reason::kOperatorPause) return Accept("already paused");
    turn.Say("Normal", "Paused", "paused " + Because(command));
    r.progress.paused = Duration(0);
    turn.Enter(shadow ? Phase::kShadow : Phase::kPaused, reason::kOperatorPause,
               "paused " + Because(command) + "; to go on: portolan resume " + r.map +
                   " (deadline in " + FormatDuration(kOperatorPauseDeadline) + ")");
    return Accept(shadow ? "paused; the soak stands still, the versions are still compared"
                         : "paused; the weight stays, clients are still watched");
  }
  r.operator_paused = true;
  turn.Say("Normal", "Paused", "the next rollout is held " + Because(command));
  return Accept("the next rollout of " + r.map + " is held until: portolan resume " + r.map);
}

CommandOutcome Resume(Turn& turn, const Command& command) {
  Rollout& r = turn.state();
  if (r.phase == Phase::kPaused && r.reason == reason::kPauseStep)
    return Refuse("this pause waits for a decision, not for resume: portolan promote " + r.map);
  if (HeldByPolicies(r)) return {false, r.message, /*denied=*/true};
  const bool shadow = r.phase == Phase::kShadow;
  if ((shadow || r.phase == Phase::kPaused) && r.reason == reason::kWindowClosed)
    return Refuse(r.message);
  if (shadow && (r.reason == reason::kOperatorPause || r.reason == reason::kNoData)) {
    turn.Say("Normal", "Resumed", "resumed " + Because(command));
    r.progress.silent = Duration(0);
    turn.GoOn();
    return Accept("the dual run goes on, its evidence kept");
  }
  if (r.phase == Phase::kPaused) {
    turn.Say("Normal", "Resumed", "resumed " + Because(command));
    r.progress.silent = r.progress.unconverged = Duration(0);
    if (r.reason == reason::kInconclusive) r.progress.inconclusive_accepted = true;
    turn.Enter(Phase::kStepping, "Progressing",
               "step " + std::to_string(r.progress.step + 1) + " goes on");
    return Accept("step " + std::to_string(r.progress.step + 1) + " goes on, its evidence kept");
  }
  if (!r.operator_paused) return Refuse(r.map + " is not paused");
  r.operator_paused = false;
  turn.Say("Normal", "Resumed", "resumed " + Because(command));
  if (r.phase == Phase::kHeld && r.target) turn.Consider(FreshlyJudged(turn));
  return Accept("resumed");
}

CommandOutcome Skip(Turn& turn, const Command& command) {
  Rollout& r = turn.state();
  if (r.phase == Phase::kBaking)
    return Refuse("a bake cannot be skipped: a version is known good only after it");
  if (!InFlight(r.phase)) return NotInFlight(r, "skip");
  if (const auto denied = DeniedRaise(turn)) return *denied;
  if (r.phase == Phase::kShadow) return EndShadow(turn, command);
  turn.Say("Warning", "StepSkipped",
           "step " + std::to_string(r.progress.step + 1) + " skipped " + Because(command));
  turn.Advance();
  return Accept(r.message);
}

CommandOutcome Abort(Turn& turn, const Command& command) {
  Rollout& r = turn.state();
  if (!InFlight(r.phase)) return NotInFlight(r, "abort");
  if (!r.stable || r.stable->digest == r.target->version.digest)
    return Refuse("there is no earlier version to return to");
  turn.RollBack(reason::kAborted, "aborted " + Because(command));
  return Accept("all clients are on stable " + r.stable->digest.Short());
}

CommandOutcome Retry(Turn& turn, const Command& command) {
  Rollout& r = turn.state();
  const bool held = r.phase == Phase::kHeld && r.reason == reason::kQuarantined;
  if ((r.phase != Phase::kRolledBack && !held) || !r.target)
    return Refuse("nothing to retry: " + r.map + " is " + std::string(PhaseName(r.phase)));
  Target target = FreshlyJudged(turn);
  target.quarantine = QuarantineHold::kNone;
  r.quarantine.clear();
  turn.Say("Normal", "Retried", "quarantine lifted " + Because(command));
  r.phase = Phase::kHealthy;
  turn.Consider(std::move(target));
  return Accept(r.message);
}

// The newest known good version that is neither stable nor quarantined.
const HistoryEntry* PreviousGood(const Rollout& r) {
  for (auto entry = r.history.rbegin(); entry != r.history.rend(); ++entry) {
    if (!entry->known_good || entry->version.digest == r.stable->digest) continue;
    const bool bad =
        std::any_of(r.quarantine.begin(), r.quarantine.end(),
                    [&](const Quarantine& q) { return q.digest == entry->version.digest; });
    if (!bad) return &*entry;
  }
  return nullptr;
}

// A target for a version of the history: judged long ago, so without findings.
Target TargetOf(const Rollout& r, const VersionRef& version) {
  Target target;
  target.strategy = r.strategy;
  target.split = r.split;
  target.version = version;
  if (r.stable) target.base = r.stable->digest;
  return target;
}

CommandOutcome Rollback(Turn& turn, const Command& command) {
  Rollout& r = turn.state();
  if (InFlight(r.phase) && command.to.empty()) return Abort(turn, command);
  if (r.phase == Phase::kLocked)
    return Refuse("locked to " + r.lock->digest.Short() + "; first: portolan unlock " + r.map);
  if (InFlight(r.phase)) return Refuse("a rollout is in flight; first: portolan abort " + r.map);
  if (!r.stable) return Refuse(r.map + " has no served version");
  const HistoryEntry* found = command.to.empty() ? PreviousGood(r) : FindVersion(r, command.to);
  if (found == nullptr)
    return Refuse(command.to.empty() ? "no earlier version of " + r.map +
                                           " is known good; see: portolan history " + r.map
                                     : "no single version of " + r.map + " is named \"" +
                                           command.to + "\"; see: portolan history " + r.map);
  const VersionRef version = found->version;
  if (version.digest == r.stable->digest)
    return Refuse("version " + std::to_string(version.number) + " is live already");
  const VersionRef left = *r.stable;
  Target target = TargetOf(r, version);
  turn.AddQuarantine(left, version, "RolledBackByOperator", "rolled back " + Because(command));
  std::erase_if(r.quarantine, [&](const Quarantine& q) { return q.digest == version.digest; });
  turn.Say("Warning", "Rollback",
           "from " + left.digest.Short() + " to version " + std::to_string(version.number) + " (" +
               version.digest.Short() + ") " + Because(command));
  if (!KnownGood(r, version.digest, target.strategy, turn.wall())) {
    turn.Start(std::move(target));
    return Accept("version " + std::to_string(version.number) +
                  " is not known good: it goes out by steps");
  }
  turn.MakeStable(version, true);
  ++r.number;
  r.progress = Progress{};
  r.progress.started = turn.wall();
  r.target = std::move(target);
  turn.Bake();
  return Accept("version " + std::to_string(version.number) + " (" + version.digest.Short() +
                ") is served to everyone; " + left.digest.Short() + " is quarantined");
}

CommandOutcome LockMap(Turn& turn, const Command& command) {
  Rollout& r = turn.state();
  const HistoryEntry* found = command.to.empty() ? nullptr : FindVersion(r, command.to);
  if (!command.to.empty() && (found == nullptr || !found->known_good))
    return Refuse("\"" + command.to + "\" names no known good version of " + r.map +
                  "; see: portolan history " + r.map);
  if (found == nullptr && !r.stable) return Refuse(r.map + " has no stable version to lock to");
  const VersionRef version = found != nullptr ? found->version : *r.stable;
  if (r.target && InFlight(r.phase)) turn.SetOutcome(r.target->version.digest, "superseded");
  r.target.reset();
  turn.MakeStable(version, false);
  r.lock = Lock{version.digest, command.actor, command.reason, turn.wall()};
  turn.Say("Warning", "Locked", "locked to " + version.digest.Short() + " " + Because(command));
  turn.Enter(Phase::kLocked, "Locked",
             "locked " + Because(command) + "; git is compared but not followed");
  return Accept("locked to " + version.digest.Short());
}

CommandOutcome Unlock(Turn& turn, const Command& command) {
  Rollout& r = turn.state();
  if (r.phase != Phase::kLocked) return Refuse(r.map + " is not locked");
  r.lock.reset();
  turn.Say("Normal", "Unlocked", "unlocked " + Because(command));
  turn.Enter(Phase::kHealthy, "Synced", "unlocked; git is planned anew");
  turn.out.replan = true;
  return Accept("unlocked; git is planned anew");
}

CommandOutcome Prune(Turn& turn, const Command& command) {
  Rollout& r = turn.state();
  if (r.phase != Phase::kRetiring)
    return Refuse("only a map that was removed from git can be pruned; " + r.map + " is " +
                  std::string(PhaseName(r.phase)));
  if (r.stable) turn.SetOutcome(r.stable->digest, "superseded");
  r.stable.reset();
  r.target.reset();
  r.overrides.clear();
  turn.Say("Warning", "Pruned", "the map is no longer served, " + Because(command));
  turn.Enter(Phase::kPending, reason::kPruned, "pruned " + Because(command));
  return Accept(r.map + " is no longer served");
}

// A second approval of the same kind by the same actor replaces the first, unless that was used.
void KeepApproval(Rollout& r, Approval approval) {
  std::erase_if(r.approvals, [&](const Approval& old) {
    return old.plan == approval.plan && old.actor == approval.actor &&
           old.policy == approval.policy && old.rollout.empty();
  });
  if (r.approvals.size() >= kApprovalsMax) r.approvals.erase(r.approvals.begin());
  r.approvals.push_back(std::move(approval));
}

CommandOutcome Approve(Turn& turn, const Command& command) {
  Rollout& r = turn.state();
  const bool waits = r.phase == Phase::kHeld || r.phase == Phase::kPaused || HeldByPolicies(r);
  if (!waits || !r.target || !IsPlanOf(*r.target, command.plan))
    return Refuse("plan " + command.plan.Short() + " is not what " + r.map +
                  " waits for; see: portolan status " + r.map);
  Approval approval{command.plan, command.actor, command.reason, turn.wall()};
  Target lifted = *r.target;
  std::string despite;
  if (!command.despite.empty()) {
    const bool answered = !command.answer.empty();
    const auto finding = std::ranges::find_if(lifted.findings, [&](const Finding& each) {
      return each.policy == command.despite && answered == (each.level == kExternalLevel) &&
             PlanOf(lifted, each) == command.plan;
    });
    if (finding == lifted.findings.end() && !answered && command.despite == kRegulated)
      return {false, "only a signed answer releases a regulated map; see: portolan status " + r.map,
              /*denied=*/true};
    if (finding == lifted.findings.end())
      return Refuse("policy " + command.despite + " denies nothing of this plan; see: portolan " +
                    "status " + r.map);
    if (finding->level == kHardLevel)
      return {
          false,
          "policy " + command.despite + " is hard, nobody approves despite it: " + finding->message,
          /*denied=*/true};
    approval.policy = command.despite;
    approval.answer = command.answer;
    approval.signature = command.signature;
    approval.policy_digest = finding->policy_digest;
    if (InFlight(r.phase)) approval.rollout = r.id();  // used up by the one that it lets go on
    despite = " despite " + command.despite;
    lifted.findings.erase(finding);
  }
  KeepApproval(r, std::move(approval));
  turn.Say("Normal", "Approved",
           "plan " + command.plan.Short() + " approved" + despite + " " + Because(command));
  turn.out.replan = true;
  const bool judged_elsewhere = turn.seen.raise && turn.seen.raise->waits;
  if (r.phase == Phase::kHeld && !judged_elsewhere) turn.Consider(std::move(lifted));
  return Accept("approved" + despite + "; " + r.map + " is " + std::string(PhaseName(r.phase)));
}

CommandOutcome Run(Turn& turn, const Command& command) {
  switch (command.verb) {
    case Verb::kPromote:
      return Promote(turn, command);
    case Verb::kPause:
      return PauseMap(turn, command);
    case Verb::kResume:
      return Resume(turn, command);
    case Verb::kSkip:
      return Skip(turn, command);
    case Verb::kAbort:
      return Abort(turn, command);
    case Verb::kRetry:
      return Retry(turn, command);
    case Verb::kRollback:
      return Rollback(turn, command);
    case Verb::kLock:
      return LockMap(turn, command);
    case Verb::kUnlock:
      return Unlock(turn, command);
    case Verb::kPrune:
      return Prune(turn, command);
    case Verb::kApprove:
      return Approve(turn, command);
    case Verb::kOverride:
      return SetOverride(turn, command);
    case Verb::kClearOverride:
      return ClearOverride(turn, command);
    case Verb::kSuspend:
      return Suspend(turn, command);
    case Verb::kUnsuspend:
      return Unsuspend(turn, command);
  }
  return Refuse("unknown verb");
}

}  // namespace

std::string_view VerbName(Verb verb) {
  for (const VerbRow& row : kVerbs)
    if (row.verb == verb) return row.name;
  return "";
}

std::optional<Verb> ParseVerb(std::string_view name) {
  for (const VerbRow& row : kVerbs)
    if (row.name == name) return row.verb;
  return std::nullopt;
}

void TakeCommand(Turn& turn) {
  const Command& command = *turn.seen.command;
  Rollout& r = turn.state();
  if (!command.request_id.empty()) {
    for (const HandledRequest& request : r.requests) {
      if (request.id != command.request_id) continue;
      turn.out.outcome = request.outcome;
      return;
    }
  }
  CommandOutcome outcome = Run(turn, command);
  if (!command.request_id.empty()) {
    if (r.requests.size() >= kRequestsMax) r.requests.erase(r.requests.begin());
    r.requests.push_back(
        {command.request_id, std::string(VerbName(command.verb)), turn.wall(), outcome});
    turn.PersistAtLeast(Persist::kNow);
  }
  turn.out.outcome = std::move(outcome);
}

}  // namespace portolan::reconciler
