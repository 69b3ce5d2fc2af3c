#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reconciler/freeze_window.h"
#include "reconciler/ports/state_store.h"
#include "reconciler/rollout/rollout.h"

namespace portolan::reconciler {

enum class Verb {
  kPromote,
  kPause,
  kResume,
  kSkip,
  kAbort,
  kRetry,
  kRollback,
  kLock,
  kUnlock,
  kPrune,
  kApprove,
  kOverride,
  kClearOverride,
  kSuspend,
  kUnsuspend,
};
std::string_view VerbName(Verb verb);
std::optional<Verb> ParseVerb(std::string_view name);

// What an operator asks for.
struct Command {
  Verb verb = Verb::kPause;
  std::string actor;
  std::string request_id;  // may be empty; else acts once in 24 h
  std::string reason;
  std::string to;     // rollback, lock: a version as FindVersion takes it; empty: the natural one
  bool full = false;  // promote
  Digest plan;        // approve
  std::string despite = {};    // approve: the soft policy that it lifts; empty: none
  std::string answer = {};     // approve: from outside, verified; despite kRegulated
  std::string signature = {};  // of it
  std::string key;             // override, clear-override
  std::string value;           // override: canonical JSON that passed the map's rules
  Duration length{0};          // override, suspend
  std::string map = {};        // of a group: the member that it names; empty: the group
};

// What the policies in force say of a raise of the weight in this Step.
struct RaiseAnswer {
  bool waits = false;             // they were not asked yet: nothing rises
  std::vector<Finding> findings;  // not empty: nothing rises until they are lifted
};

// Everything that happened since the last Step. All parts may be absent: time alone is an
// observation.
struct Observation {
  Now now;
  std::vector<Report> reports;                       // of this map
  std::vector<Ack> acks;                             // of this map
  std::optional<mapcore::DualRun::Counts> compared;  // lookups of this map, since the last Step
  std::vector<OutputReport> outputs;                 // of this map
  std::vector<Measurement> measurements;             // answers of this map's providers
  std::optional<Target> desired;  // git wants this, planned against the present stable version
  std::optional<Freeze> freeze;   // that is on for this map now
  bool removed = false;           // git no longer declares the map
  std::optional<Command> command;
  std::optional<RaiseAnswer> raise;  // none: the weight may rise without asking anybody
};

enum class Persist {
  kNothing,  // nothing worth a write changed
  kTick,     // journalled with the next tick; a crash may lose it
  kNow,      // before the effect is served and the command answered
};

// What to do about it, in this order: persist, serve (Serving of `next`), answer; with
// `safe_direction` serve first.
struct Transition {
  Rollout next;
  std::optional<CommandOutcome> outcome;  // of the command
  std::vector<Event> events;
  Persist persist = Persist::kNothing;
  // Subjects move only to stable or to a known good version: served at once, then persisted.
  bool safe_direction = false;
  // The stable version or the quarantine changed while git wants something else: plan it anew.
  bool replan = false;
  // What to ask of the providers once `next` is kept; answers come as measurements.
  std::vector<MeasurementRequest> measure;
  // When time alone may change something; none: only inputs can.
  std::optional<Duration> look_again;
};

// Total and pure: never fails, never blocks; equal inputs give equal outputs. When verbs race, the
// caller passes them in the order lock > abort > rollback > pause > promote.
Transition Step(const Rollout& rollout, const Observation& seen);

// What lookups see in a state. Pure; publishing it twice is harmless.
struct Serving {
  std::optional<Digest> stable;
  std::optional<Digest> canary;
  mapcore::TrafficSplit split;
  std::string rollout;             // id, or empty
  std::uint32_t step = 0;          // 1-based, 0 without a rollout and in its dual run
  std::uint32_t shadow_share = 0;  // of lookups to compare, of 100,000; 0 outside a dual run
  // Globs of the keys whose values need the right to see them: those of every version that is
  // served or wanted, so that a commit cannot uncover the values that are live before it is.
  std::set<std::string> sensitive;
  std::map<std::string, std::string> overlay;  // overridden entries, over both arms

  friend bool operator==(const Serving&, const Serving&) = default;
};
Serving ServingOf(const Rollout& rollout);

}  // namespace portolan::reconciler
