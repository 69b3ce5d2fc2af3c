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
#include <string>
#include <vector>

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

// What one source wants for its maps, as planned against what was stable.
struct SourceWish {
  std::string source;
  std::map<std::string, reconciler::Target> targets;
  std::vector<std::string> removed;
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
    // The freeze that is on for a map; without it there is none.
    std::function<std::optional<reconciler::Freeze>(const std::string& map, WallTime)> freeze = {};
  };
  using Clock = portolan::Clock;

  RolloutReconciler(reconciler::StateStore& store, VersionCache& versions,
                    mapcore::Catalog& catalog, Hooks hooks);

  // Reads the records and serves what they say. Before the first Process.
  Status Restore();

  // Inputs, from any thread.
  void Report(std::vector<reconciler::Report> reports);
  // An acknowledgement without a map goes to every map that its instance acknowledged before.
  void Acknowledge(std::vector<reconciler::Ack> acks);
  void Measured(reconciler::Measurement measurement);
  std::future<Result<VerbAnswer>> Submit(std::string map, reconciler::Command command);
  // Answers when the wish was taken up.
  std::future<void> Wish(SourceWish wish);

  // Handles everything that waits. Returns how long nothing will happen without new inputs.
  Duration Process(const Now& now);
  // Waits for an input, that long at most, or until Wake.
  void Wait(Duration duration);
  void Wake();

  // The present state of a map, or null. Thread-safe.
  std::shared_ptr<const reconciler::Rollout> Find(std::string_view map) const;
  std::vector<std::shared_ptr<const reconciler::Rollout>> All() const;  // sorted by map
  // False while some state that is served could not be stored.
  bool journalled() const { return unjournalled_.load() == 0; }

 private:
  // What a source asked for and the store did not take: asked again until it does.
  struct UnstoredWish {
    std::optional<reconciler::Target> desired;
    bool removed = false;
  };
  struct Lane {
    reconciler::Rollout rollout;
    std::uint64_t version = 0;            // of the record
    bool dirty = false;                   // differs from the record by a tick's worth
    bool unjournalled = false;            // differs by something that matters
    std::vector<reconciler::Event> owed;  // events of unjournalled transitions
    std::optional<reconciler::Serving> served;
    std::optional<Duration> due;  // monotonic
    std::optional<UnstoredWish> unstored_wish;
    std::vector<mapcore::VersionPtr> held;  // keeps served versions in memory
  };
  struct PendingCommand {
    std::string map;
    reconciler::Command command;
    std::promise<Result<VerbAnswer>> promise;
  };
  struct PendingWish {
    SourceWish wish;
    std::promise<void> promise;
  };
  struct Inbox {
    std::vector<reconciler::Report> reports;
    std::vector<reconciler::Ack> acks;
    std::vector<reconciler::Measurement> measurements;
    std::vector<PendingCommand> commands;
    std::vector<PendingWish> wishes;
  };
  // One map's Step of this round, not yet stored.
  struct Turned {
    Lane* lane = nullptr;
    std::string map;
    reconciler::Transition transition;
    PendingCommand* command = nullptr;
    UnstoredWish wish = {};  // of the round's observation
  };

  Inbox TakeInbox();
  void RunCommands(std::vector<PendingCommand>& commands, const Now& now);
  using Observations = std::map<std::string, reconciler::Observation>;  // by map
  // What clients and providers say, and the time for those that are due.
  Observations ObserveHealth(Inbox& inbox, const Now& now);
  void AddAck(reconciler::Ack& ack, Observations& seen);
  Observations ObserveSources(std::vector<PendingWish>& wishes);
  std::optional<reconciler::Freeze> FreezeOf(const std::string& map, const Now& now) const;
  // One Step of each map observed.
  void StepAll(Observations seen, const Now& now);
  void AddWish(SourceWish& wish, Observations& seen);
  void RepeatWish(const std::string& map, Lane& lane, reconciler::Observation& seen);
  // Persists and serves a round of transitions, one per map at most; answers their commands.
  void Settle(std::vector<Turned>& turned, const Now& now);
  Status Journal(const std::vector<Turned>& turned);
  void Adopt(Turned& turned, const Now& now, bool stored);
  void Answer(Turned& turned, const Status& journalled);
  void JournalTick(const Now& now);
  void RetryJournal();
  void Publish(const Lane& lane);
  void Serve(const std::string& map, Lane& lane);
  Result<mapcore::LiveState> Assemble(Lane& lane, const reconciler::Serving& serving);
  Duration NextDue(const Now& now) const;

  reconciler::StateStore& store_;
  VersionCache& versions_;
  mapcore::Catalog& catalog_;
  Hooks hooks_;
  std::map<std::string, Lane> lanes_;  // Process's thread only
  Duration next_tick_{0};
  std::atomic<int> unjournalled_{0};

  std::mutex inbox_mutex_;
  std::condition_variable inbox_changed_;
  Inbox inbox_;
  bool woken_ = false;

  mutable std::mutex view_mutex_;
  std::map<std::string, std::shared_ptr<const reconciler::Rollout>, std::less<>> view_;
};

}  // namespace portolan::controller
