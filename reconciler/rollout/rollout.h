#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "manifests/artifact.h"
#include "manifests/strategy.h"
#include "mapcore/base/clock.h"
#include "mapcore/base/digest.h"
#include "reconciler/analysis/due_measurements.h"
#include "reconciler/analysis/evidence.h"
#include "reconciler/analysis/evidence_verdict.h"
#include "reconciler/analysis/shadow_evidence.h"
#include "reconciler/plan.h"
#include "reconciler/quarantine.h"
#include "reconciler/rollout/expiring.h"
#include "reconciler/rollout/fleet.h"
#include "reconciler/rollout/instance_split.h"
#include "reconciler/rollout/writers.h"

namespace portolan::reconciler {

enum class Phase {
  kPending,  // nothing was admitted yet, or the map was pruned: not served
  kHealthy,
  kHeld,
  kShadow,  // both versions are compared, everybody is served stable
  kStepping,
  kPaused,
  kBaking,
  kRollingBack,
  kRolledBack,
  kRetiring,
  kLocked,
};
std::string_view PhaseName(Phase phase);
Result<Phase> ParsePhase(std::string_view name);

// Why a map is where it is: the reason of its condition, in CamelCase. Sentences go into `message`.
namespace reason {
inline constexpr std::string_view kApprovalRequired = "ApprovalRequired";
inline constexpr std::string_view kPolicyDenied = "PolicyDenied";
inline constexpr std::string_view kQuarantined = "Quarantined";
inline constexpr std::string_view kOperatorPause = "OperatorPause";
inline constexpr std::string_view kSuspended = "Suspended";
inline constexpr std::string_view kPauseStep = "PauseStep";
inline constexpr std::string_view kNoData = "NoData";
inline constexpr std::string_view kInconclusive = "Inconclusive";
inline constexpr std::string_view kWindowClosed = "WindowClosed";
inline constexpr std::string_view kNotConverged = "NotConverged";
inline constexpr std::string_view kRejected = "RejectedByInstance";
inline constexpr std::string_view kAnalysisFailed = "AnalysisFailed";
inline constexpr std::string_view kHardLimit = "HardLimit";
inline constexpr std::string_view kDisagreement = "Disagreement";
inline constexpr std::string_view kAborted = "Aborted";
inline constexpr std::string_view kProgressDeadline = "ProgressDeadlineExceeded";
inline constexpr std::string_view kPauseDeadline = "PauseDeadlineExceeded";
inline constexpr std::string_view kFirstVersionFailing = "FirstVersionFailing";
inline constexpr std::string_view kRemovedFromGit = "RemovedFromGit";
inline constexpr std::string_view kPruned = "Pruned";
}  // namespace reason

// What a version of a group is for one of its maps.
struct MemberVersion {
  std::string map;
  Digest digest;
  std::int64_t size = 0;
  std::vector<std::string> sensitive;
  manifests::HealSettings heal;
};

// A version of the map that this controller admitted, by its number in the map's history.
struct VersionRef {
  Digest digest;
  manifests::Revision revision;
  std::int64_t size = 0;               // entries
  std::uint64_t number = 0;            // 1, 2, … in order of admission; 0: not admitted
  std::vector<std::string> sensitive;  // globs of the keys whose values need the right to see them
  std::vector<MemberVersion>
      members;  // of a group, by map; the digest is over theirs (GroupDigest)
};

// How lookups of the map are assigned; frozen into a rollout together with its strategy.
struct SplitSettings {
  std::string salt;
  std::string bucket_by = "targetingKey";
  manifests::SplitMode mode = manifests::SplitMode::kSubject;
};

// What git wants for the map, as its plan was judged: the input that starts a rollout, and the
// rollout's frozen recipe.
struct Target {
  VersionRef version;
  std::optional<Digest> base;  // the stable digest the plan was made against
  Digest plan;                 // id of the MapPlan
  Writers writers;             // of what the plan changes
  manifests::Strategy strategy;
  SplitSettings split;
  manifests::HealSettings heal;
  std::vector<Finding> findings;  // of the last judgement; not empty: it may not go on
  QuarantineHold quarantine = QuarantineHold::kNone;
  std::vector<std::string> quarantined_keys;
  std::map<std::string, Digest> member_plans;  // of a group: of the members that change
  std::int64_t changed_keys = 0;               // of the plan; 0 when unknown
};
// The plan that a finding denies: of the target, or of a member. Approvals are bound to it.
const Digest& PlanOf(const Target& target, const Finding& finding);
bool IsPlanOf(const Target& target, const Digest& plan);

// One line of the map's history. Known good only after its bake.
struct HistoryEntry {
  VersionRef version;
  WallTime at{};        // admitted
  std::string outcome;  // "in-flight", "live", "superseded", "rolled-back"
  std::optional<WallTime> known_good;
  Digest plan{};  // that brought it; empty in records of the versions that did not keep it
};

// What one map of a group had, and what it would have had.
struct MemberChange {
  std::string map;
  Digest digest;
  std::optional<Digest> base;
};

// A digest that must not come back by itself. Its (key, value) pairs are the difference from
// `base`, found again from the stored versions.
struct Quarantine {
  Digest digest;
  std::optional<Digest> base;
  manifests::Revision revision;
  std::string reason;
  std::string message;
  WallTime at{};
  std::string rollout;                // id
  std::vector<MemberChange> members;  // of a group: those that changed
};

struct Lock {
  Digest digest;
  std::string actor;
  std::string reason;
  WallTime at{};
};

// What the finding of a regulated map is called, and an answer is despite.
inline constexpr std::string_view kRegulated = "regulated";

// A person's word for one plan. What it counts for is worked out at each judgement: the person may
// have lost a group since, or another author may have committed the same plan.
struct Approval {
  Digest plan;
  std::string actor;  // as authenticated
  std::string reason;
  WallTime at{};
  std::string policy = {};    // despite this soft policy; empty: of the plan as such
  Digest policy_digest = {};  // the text of it that was approved despite
  std::string rollout = {};   // despite a policy: the rollout that used it up; empty: none yet
  // Of an answer from outside, which is despite kRegulated: what was signed, and by what signature.
  std::string answer = {};
  std::string signature = {};
};

// What a command led to. A repeated request id gets the first outcome again.
struct CommandOutcome {
  bool accepted = false;
  std::string message;
  bool denied = false;  // refused for want of an approval, not because of the state
};

struct HandledRequest {
  std::string id;
  std::string verb;
  WallTime at{};
  CommandOutcome outcome;
};

// How far the rollout in flight is. Times are spent durations, so that a restart neither loses nor
// adds any.
struct Progress {
  std::uint32_t step = 0;   // index into the strategy's steps
  Duration soaked{0};       // in this step, while data flowed
  Duration silent{0};       // in this step, since data stopped flowing
  Duration unclear{0};      // in this step, since its metrics could not be decided
  Duration unconverged{0};  // in this step, since instances lack what they are to hold
  Duration spent{0};        // of the progress deadline, over all steps
  Duration paused{0};       // in the present pause for a person
  Duration baked{0};
  std::uint32_t holdback = 0;  // in the bake: kept on stable, of 100,000
  WallTime started{};          // the rollout
  StepEvidence evidence;
  MetricRuns runs;                     // of the metrics that providers measure
  InstanceNames canary_instances;      // with `split: instance`
  ShadowEvidence shadow;               // of the dual run before the steps
  ControlArm control;                  // of the steps that are over, for the bake
  bool inconclusive_accepted = false;  // by an operator, for this step
  // Over the whole rollout, for the blast radius.
  std::int64_t lookups = 0;     // both arms
  std::int64_t canary_bad = 0;  // bad events on the canary
  std::set<std::uint64_t> bad_subjects;
};

// Everything the controller knows of one map, or of a group of maps that move together (group.h): a
// value that Step turns into the next one. Persisted as a whole.
struct Rollout {
  std::string map;  // of a group: GroupName
  std::string source;
  std::string group;                 // the group that the map moves with; its own state then rests
  std::vector<std::string> members;  // of a group, by name; empty for a map
  std::uint64_t number = 0;  // rollouts started; the id of the present one is "<map>#<number>"
  Phase phase = Phase::kPending;
  std::string reason;
  std::string message;
  WallTime since{};  // of the phase and reason

  std::optional<VersionRef> stable;
  std::optional<Target> target;       // held, in flight, or rolled back
  std::optional<VersionRef> desired;  // what git wants now, admitted or not
  // Of the newest target: what a rollback to an earlier version runs by.
  manifests::Strategy strategy = manifests::DefaultStrategy();
  SplitSettings split;
  manifests::HealSettings heal;  // as git says now
  Progress progress;

  std::vector<HistoryEntry> history;  // oldest first, at most kHistoryMax
  std::vector<Quarantine> quarantine;
  std::vector<Approval> approvals;
  std::vector<HandledRequest> requests;
  std::optional<Lock> lock;
  bool operator_paused = false;          // the next rollout is held
  int restarts = 0;                      // in a row, by newer revisions
  std::optional<WallTime> frozen_until;  // while a freeze holds or pauses it
  Fleet fleet;                           // the instances that acknowledge this map
  std::optional<Suspension> suspension;
  std::vector<Override> overrides;  // at most kOverridesMax, one a key

  // Monotonic time of the last Step; none after a restart. Not persisted.
  std::optional<Duration> last_step;

  std::string id() const;
};

// What holders are to have of `version`: in a group that of the members it changes from `stable`.
Wanted WantedOf(const VersionRef& version, const std::optional<VersionRef>& stable);

constexpr std::size_t kHistoryMax = 1'000;
constexpr std::size_t kRequestsMax = 256;
constexpr std::size_t kApprovalsMax = 1'000;  // the oldest are forgotten; events keep them
constexpr Duration kRequestMemory = std::chrono::hours(24);
constexpr Duration kOperatorPauseDeadline =
    std::chrono::hours(24);      // of a pause in mid-rollout; then back to stable
constexpr int kRestartsMax = 3;  // then newer revisions queue
constexpr Duration kDataFlowWindow =
    std::chrono::seconds(30);  // each arm reported within it: data flows
constexpr Duration kNoDataPatience =
    std::chrono::seconds(30);  // silence that turns a step into Paused(NoData)
constexpr Duration kUnclearPatience =
    std::chrono::seconds(30);  // reports of the two arms come one after the other

// A rollout of these is in flight.
bool InFlight(Phase phase);
// Of these in flight clients may be served the canary; in a dual run none is.
bool ServesCanary(Phase phase);
// Of these the progress is of the target; of others it is of a rollout before, by another strategy.
bool ProgressIsOfTarget(Phase phase);
// How many of 100,000 subjects get the target in the step or bake that the progress is in, while a
// phase serves a canary. Only with a target.
std::uint32_t CanaryWeight(const Rollout& rollout);

// A rollout in flight that the policies in force hold where it is.
bool HeldByPolicies(const Rollout& rollout);

// The version in the history that a person means: a history number, a digest (full or >= 6 hex
// digits), or a commit
// (>= 6 hex digits). Null when none or more than one digest fits.
const HistoryEntry* FindVersion(const Rollout& rollout, std::string_view wanted);

// True when the digest is known good within the strategy's rollback window at `now`.
bool KnownGood(const Rollout& rollout, const Digest& digest, const manifests::Strategy& strategy,
               WallTime now);

}  // namespace portolan::reconciler
