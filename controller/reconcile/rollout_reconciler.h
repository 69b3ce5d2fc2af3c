#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/reconcile/bounded_inbox.h"
#include "controller/reconcile/catalog_holder.h"
#include "controller/reconcile/content_check.h"
#include "controller/reconcile/drift_watch.h"
#include "controller/reconcile/due_queue.h"
#include "controller/reconcile/held_versions.h"
#include "controller/reconcile/version_cache.h"
#include "mapcore/live_map.h"
#include "reconciler/rollout/step.h"

namespace portolan::controller {

// The answer to a verb.
struct VerbAnswer {
  reconciler::CommandOutcome outcome;
  std::optional<Error> unjournalled;  // it is served, but could not be stored
  std::shared_ptr<const reconciler::Rollout> after;
};

// Lanes that one round takes up of each kind of work but verbs and wishes. A Step with its record
// takes some 0.1 ms: a verb that comes in the middle of a round waits some 10 ms.
constexpr std::size_t kLanesPerRound = 64;

// What clients may have sent, of each kind, that no round has taken up: some 100,000 items of
// counts. More is refused until there is room.
constexpr std::size_t kInboxBytesMax = std::size_t{32} << 20;

// What waits for the control loop, of what clients send.
struct InboxState {
  std::size_t bytes = 0;      // about what it takes in memory
  std::uint64_t refused = 0;  // calls, since the start
};

// What one source wants for its maps, as planned against what was stable.
struct SourceWish {
  std::string source;
  std::map<std::string, reconciler::Target> targets;
  std::vector<std::string> removed;
  // All groups that the commit declares, by name, with their maps. The maps of `held_groups`, which
  // are declared but not usable, stay together as they are.
  std::map<std::string, std::set<std::string>> groups = {};
  std::set<std::string> held_groups = {};
};

// Drives the rollouts of all maps: takes inputs from any thread, and in Process, on one thread,
// turns them into Steps, one store commit, and what is served. Persists before it serves, except
// towards safety (design of Step).
class RolloutReconciler {
 public:
  struct Hooks {
    std::function<void(const std::string& source, const std::string& map)>
        replan;                                           // the map needs a new plan
    std::function<void(const reconciler::Event&)> event;  // after it is stored
    std::function<void(const std::string& map, const Error&)>
        fault;  // something could not be served or stored
    // To be measured by providers; must not block. Answers come to Measured.
    std::function<void(std::vector<reconciler::MeasurementRequest>)> measure = {};
    // Asks the policies in force whether this rollout may raise its weight; must not block. The
    // answer comes to Judged. Without it nobody is asked.
    std::function<void(std::shared_ptr<const reconciler::Rollout>)> ask_policies = {};
    // The freeze that is on for a map; without it there is none.
    std::function<std::optional<reconciler::Freeze>(const std::string& map, WallTime)> freeze = {};
  };
  using Clock = portolan::Clock;

  RolloutReconciler(reconciler::StateStore& store, VersionCache& versions,
                    mapcore::Catalog& catalog, Hooks hooks);

  // Reads the records and serves what they say. Before the first Process.
  Status Restore();

  // Inputs, from any thread. Those of clients are taken as a whole, or with false not at all, while
  // kInboxBytesMax of their kind wait: to be sent again.
  [[nodiscard]] bool Report(std::vector<reconciler::Report> reports);
  // An acknowledgement without a map goes to every map that its instance acknowledged before.
  [[nodiscard]] bool Acknowledge(std::vector<reconciler::Ack> acks);
  // What clients computed on both versions of maps in their dual run.
  [[nodiscard]] bool Compared(std::vector<reconciler::OutputReport> reports);
  void Measured(reconciler::Measurement measurement);
  // What the policies say of the plan now; empty: its weight may rise.
  void Judged(std::string map, Digest plan, std::vector<reconciler::Finding> findings);
  std::future<Result<VerbAnswer>> Submit(std::string map, reconciler::Command command);
  // Answers when the wish was taken up.
  std::future<void> Wish(SourceWish wish);

  // Hashes what lookups of the map read, on the caller's thread. What is damaged has drifted, and
  // is healed in the next Process. O(entries). Thread-safe.
  void CheckContent(const std::string& map);

  // Compares holders of the map, or of all maps, now, and heals nothing. Hashes what is served
  // before, on the caller's thread. Answers in the next Process.
  std::future<DriftReport> Drift(std::string map);

  // Watches one more holder besides what this process serves; it outlives this. Before the first
  // Process.
  void AddHolder(reconciler::Holder& holder);

  // Handles all verbs and wishes that wait, and of reports, of what time alone does, and of each
  // other kind at most kLanesPerRound, so that a verb never waits for a thousand maps. Costs what
  // is due, however many maps there are. Returns how long nothing will happen without new inputs.
  Duration Process(const Now& now);
  // Waits for an input, that long at most, or until Wake.
  void Wait(Duration duration);
  void Wake();

  // The present state of a map, or of a group by its GroupName; null when there is none. A map that
  // moves with a group shows the group's state as it is for that map. Thread-safe.
  std::shared_ptr<const reconciler::Rollout> Find(std::string_view map) const;
  std::vector<std::shared_ptr<const reconciler::Rollout>> All() const;     // maps, by name
  std::vector<std::shared_ptr<const reconciler::Rollout>> Groups() const;  // by name
  // As found when each map was last looked at. Thread-safe.
  DriftReport LastDrift(WallTime now) const;
  // False while some state that is served could not be stored.
  bool journalled() const { return journalled_.load(); }
  // By kind: "reports", "acks", "outputs". Thread-safe.
  std::map<std::string, InboxState> InboxStates() const;
  // How often a map or a group was looked at, for whatever reason, since the start. Thread-safe.
  std::uint64_t visits() const { return visits_.load(std::memory_order_relaxed); }

 private:
  // Between two writes of what changes all the time; and how far a clock may be off.
  static constexpr Duration kTick = std::chrono::seconds(1);

  // What a source asked for and the store did not take: asked again until it does.
  struct UnstoredWish {
    std::optional<reconciler::Target> desired;
    bool removed = false;
  };
  struct PendingCommand {
    std::string map;
    reconciler::Command command;
    std::promise<Result<VerbAnswer>> promise;
  };
  struct PolicyAnswer {
    std::string map;
    Digest plan;
    std::vector<reconciler::Finding> findings;
  };
  // What is known of the policies' say on a raise of one map's weight.
  struct Gate {
    std::optional<PolicyAnswer> answer;    // of this round
    std::optional<Duration> asked;         // monotonic; the answer is under way
    Duration ask_again{0};                 // monotonic: not before, of what they hold
    std::vector<PendingCommand> deferred;  // verbs that would raise it
  };
  struct Lane {
    reconciler::Rollout rollout;
    std::uint64_t version = 0;            // of the record
    std::vector<reconciler::Event> owed;  // events of unjournalled transitions
    std::optional<reconciler::Serving> served;
    std::optional<UnstoredWish> unstored_wish;
    HeldVersions held;
    std::shared_ptr<mapcore::DualRun> dual_run;
    std::string dual_run_of;  // id of its rollout
    Gate gate;
  };
  struct PendingWish {
    SourceWish wish;
    std::promise<void> promise;
  };
  struct PendingDrift {
    std::string map;  // empty: all
    std::promise<DriftReport> promise;
  };
  struct FoundDamage {
    std::string map;
    Damage damage;
  };
  // What clients send, each kind with room of its own: counts must not keep a rejection waiting.
  struct ClientInbox {
    BoundedInbox<reconciler::Report> reports{kInboxBytesMax};
    BoundedInbox<reconciler::Ack> acks{kInboxBytesMax};
    BoundedInbox<reconciler::OutputReport> outputs{kInboxBytesMax};
  };
  struct Inbox {
    std::vector<reconciler::Report> reports;
    std::vector<reconciler::Ack> acks;
    std::vector<reconciler::OutputReport> outputs;
    std::vector<reconciler::Measurement> measurements;
    std::vector<PendingCommand> commands;
    std::vector<PendingWish> wishes;
    std::vector<PendingDrift> drifts;
    std::vector<PolicyAnswer> answers;
    std::vector<FoundDamage> damages;
  };
  using Lanes = std::map<std::string, Lane>;  // by map, or GroupName
  // Maps that are to be put together or parted when what they do is over.
  struct WaitingMove {
    std::string source;
    std::set<std::string> maps;   // all that are planned anew then
    std::set<std::string> until;  // lanes that have to be at rest
    Duration not_before{0};       // monotonic
  };
  // Changes of which maps move together, before they are stored.
  using Moves = std::map<std::string, reconciler::Rollout>;  // by lane
  // One map's Step of this round, not yet stored.
  struct Turned {
    Lane* lane = nullptr;
    std::string map;
    reconciler::Transition transition;
    PendingCommand* command = nullptr;
    UnstoredWish wish = {};  // of the round's observation
  };

  static std::string RecordKey(const std::string& lane);
  static std::string Body(const reconciler::Rollout& rollout);
  Inbox TakeInbox();
  // The lane, made when there is none.
  Lane& LaneFor(const std::string& name);
  void CountVisits(std::size_t lanes) { visits_.fetch_add(lanes, std::memory_order_relaxed); }
  // Makes everything due that waits for a wall time, when the wall clock was set.
  void MindClock(const Now& now);
  void TakeAnswers(Inbox& inbox);
  void ForgetAnswers(const Now& now);
  void Ask(Lane& lane, const Now& now);
  void AskLater(const std::string& name, const Lane& lane);
  // One Step, in which the weight rises only on an answer of the policies to a question of before.
  reconciler::Transition StepJudged(Lane& lane, reconciler::Observation& seen);
  // Keeps a verb until its answer comes; false when it waits for none.
  bool Defer(Lane& lane, const reconciler::Observation& seen, PendingCommand& command);
  void RunCommands(std::vector<PendingCommand>& commands, const Now& now);
  using Observations = std::map<std::string, reconciler::Observation>;  // by map
  // What clients and providers say, and the time for those that are due.
  Observations ObserveHealth(Inbox& inbox, const Now& now);
  void AddAck(reconciler::Ack& ack, Observations& seen);
  void AddComparisons(Inbox& inbox, Observations& seen);
  Observations ObserveSources(std::vector<PendingWish>& wishes, const Now& now);
  std::optional<reconciler::Freeze> FreezeOf(const std::string& map, const Now& now) const;
  // One Step of each map observed.
  void StepAll(Observations seen, const Now& now);
  void AddWish(SourceWish& wish, Observations& seen, const Now& now);
  void AddTarget(const std::string& source, const std::string& map, reconciler::Target target,
                 Observations& seen);
  // Puts maps together and parts them as the wish says, as far as they are at rest.
  void MoveMaps(const SourceWish& wish, const Now& now);
  std::set<std::string> BusyLanes(const std::set<std::string>& maps) const;
  void Disband(const SourceWish& wish, Moves& moves);
  void Form(const SourceWish& wish, Moves& moves);
  reconciler::Rollout Joining(const std::string& map, const std::string& source,
                              const Moves& moves) const;
  Status KeepMoves(Moves& moves, const Now& now);
  void AwaitMove(WaitingMove waiting);
  void RepeatMoves(const Now& now);
  // Takes the targets of whole groups out of the wish, and those of maps that wait to be parted.
  void AddGroups(SourceWish& wish, Observations& seen);
  // The lane that moves the map: its own or its group's.
  Lanes::iterator LaneOf(std::string_view map);
  void Replan(const Lane& lane);
  void RepeatWish(Lane& lane, reconciler::Observation& seen);
  // Persists and serves a round of transitions, one per map at most; answers their commands.
  void Settle(std::vector<Turned>& turned, const Now& now);
  Status Journal(const std::vector<Turned>& turned);
  void Answer(Turned& turned, const Status& journalled);
  void JournalTick(const Now& now);
  void RetryJournal();
  void Journalled(Lane& lane);
  void Publish(const Lane& lane);
  void IndexInstances(const std::string& map, const reconciler::Fleet& after);
  using Batch = std::vector<mapcore::NamedState>;
  // Adds to the batch what lookups of the map, or of the group's maps, are to see from now on.
  void Serve(const std::string& map, Lane& lane, Batch& batch);
  void Adopt(Turned& turned, const Now& now, bool stored, Batch& batch);
  bool ServeAs(const reconciler::Rollout& rollout, Lane& lane, Batch& batch);
  Result<mapcore::LiveState> Assemble(const reconciler::Serving& serving, Lane& lane);
  static std::shared_ptr<mapcore::DualRun> DualRunOf(const reconciler::Serving& serving,
                                                     Lane& lane);
  void CheckDrift(Inbox& inbox, const Now& now);
  void AnswerDrift(std::vector<PendingDrift>& asked, const Now& now);
  std::vector<reconciler::Event> CheckMap(const std::string& map, const Now& now, bool heal);
  Status CatchUp(const std::string& group);
  void TellDrift(std::vector<reconciler::Event> events);
  Duration NextDue(const Now& now) const;

  reconciler::StateStore& store_;
  VersionCache& versions_;
  mapcore::Catalog& catalog_;
  Hooks hooks_;
  Lanes lanes_;  // Process's thread only, as is what follows
  // Where to look in a round, so that nothing asks all lanes. All of them name lanes.
  DueQueue steps_due_;                  // time alone may change something
  DueQueue drift_due_;                  // maps: what holders have is compared
  DueQueue asks_due_;                   // held by the policies, which may say something else now
  std::set<std::string> answered_;      // the policies answered for them in this round
  std::set<std::string> unstored_;      // have an unstored wish
  std::set<std::string> dirty_;         // differ from their record by a tick's worth
  std::set<std::string> unjournalled_;  // differ from it by something that matters; never dirty too
  std::string tick_cursor_;             // the last one that the tick under way has written
  std::map<std::string, std::set<std::string>, std::less<>> maps_of_;  // by instance
  std::optional<Now> last_round_;
  std::vector<WaitingMove> waiting_;
  Duration next_tick_{0};
  CatalogHolder served_;
  ContentCheck contents_;
  DriftWatch drift_;
  Duration next_drift_sample_{0};
  std::atomic<bool> journalled_{true};
  std::atomic<std::uint64_t> visits_{0};

  mutable std::mutex inbox_mutex_;
  std::condition_variable inbox_changed_;
  ClientInbox clients_;
  Inbox inbox_;  // but what clients send
  bool woken_ = false;

  mutable std::mutex view_mutex_;
  using View = std::map<std::string, std::shared_ptr<const reconciler::Rollout>, std::less<>>;
  View view_;        // of maps
  View group_view_;  // of groups, by GroupName
};

}  // namespace portolan::controller
