#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "controller/metrics/circuit_breaker.h"
#include "controller/metrics/metric_provider.h"
#include "reconciler/analysis/measurement.h"

namespace portolan::controller {

constexpr std::size_t kMeasurementQueueMax = 4'000;  // that wait, per provider
// A request that waits longer for a free slot of its provider is answered with an error.
constexpr Duration kSlotPatience = std::chrono::seconds(10);

// Takes measurements off the control loop: that one asks and never waits, threads of the
// composition root measure, and every request is answered exactly once, by an error at the latest
// at its deadline. Per provider a number of calls at a time and a circuit breaker. Thread-safe.
class MetricWorker {
 public:
  struct Provider {
    std::unique_ptr<MetricProvider> adapter;
    int concurrency = 2;
    CircuitBreaker breaker;
  };
  // Called from the threads of Ask, Work and Supervise, never with a lock held.
  struct Hooks {
    std::function<void(reconciler::Measurement)> answer;
    // "success", "no_data", "circuit_open", "queue_full", or the name of an ErrorCode.
    std::function<void(const std::string& provider, std::string_view outcome)> count;
  };

  // By the names that metrics use. `clock` outlives the worker.
  MetricWorker(std::map<std::string, Provider> providers, const Clock& clock, Hooks hooks);
  ~MetricWorker();

  // Queues the requests; never blocks on a provider. One that cannot be queued is answered at once.
  void Ask(std::vector<reconciler::MeasurementRequest> requests);

  // The loop of every measuring thread: measures one request whose provider has a free slot, and
  // blocks for as long as that takes. Returns how long there is nothing to do without new inputs.
  Duration Work(const Now& now);
  void WaitForWork(Duration at_most);
  // The threads at which every provider can be at its limit: none then waits for another one.
  int threads() const;

  // The loop of one more thread: answers requests whose deadline has passed and ends their calls.
  // Returns how long until the next deadline.
  Duration Supervise(const Now& now);
  void WaitForDeadline(Duration at_most);

  // Ends calls under way and every wait; nothing is measured or answered any more. Stop all loops
  // before their threads are joined.
  void Stop();

  // For metrics: the state of each provider's circuit.
  std::map<std::string, CircuitBreaker::State> Circuits() const;

 private:
  struct Job {
    reconciler::MeasurementRequest request;
    Duration expires{0};    // monotonic: of the wait for a slot, then of the call
    bool answered = false;  // guarded by mutex_
    Cancellation cancellation;
  };
  using JobPtr = std::shared_ptr<Job>;
  struct Slot {
    Provider provider;
    int in_flight = 0;
    std::deque<JobPtr> queue;  // in the order of their asking, hence of their deadlines

    bool Startable() const { return !queue.empty() && in_flight < provider.concurrency; }
  };
  // An answer that is due once the lock is free.
  struct Reply {
    JobPtr job;
    std::variant<reconciler::Reading, Error> result;
    std::string_view outcome;
  };
  struct Measured {
    Result<reconciler::Reading> reading;
    std::string_view outcome;
  };

  // With the lock held, as are the next three.
  Slot* FindStartable();
  Duration EarliestDeadline() const;
  void RefuseLate(Slot& slot, Duration mono, std::vector<Reply>& replies);
  void EndLate(Duration mono, std::vector<Reply>& replies);
  Measured Measure(MetricProvider& adapter, Job& job) const;
  Result<Sample> MeasureArm(MetricProvider& adapter, Job& job,
                            const manifests::QueryValues& arm) const;
  void Finish(const JobPtr& job, Slot& slot, Measured measured);
  void Send(const Reply& reply) const;

  const Clock& clock_;
  const Hooks hooks_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;     // a request, a free slot, a deadline, the stop
  std::map<std::string, Slot> slots_;   // the keys do not change; the rest guarded by mutex_
  std::vector<JobPtr> running_;         // guarded by mutex_
  Duration planned_ = Duration::max();  // the deadline Supervise waits for; guarded by mutex_
  bool stopping_ = false;               // guarded by mutex_
};

}  // namespace portolan::controller
