#include "controller/metrics/metric_worker.h"

#include <algorithm>
#include <cmath>

// A request's way: Ask queues it at its provider; Work takes it when a slot is free and its
// circuit lets it through; the answer comes from Finish, or from Supervise when the deadline is
// faster. `answered`, under the mutex, decides between the two: each request is answered once.
// Hooks run without the lock, for they take locks of their own (the inbox of the control loop).
//
// There are as many threads as slots, so that a provider that hangs holds its own slots and
// threads only: whatever FindStartable gives first, another thread is free for the next.

namespace portolan::controller {
namespace {

// Whoever changes something notifies; this only bounds a wait.
constexpr Duration kIdle = std::chrono::hours(1);
constexpr std::string_view kCircuitOpen = "circuit_open";
constexpr std::string_view kQueueFull = "queue_full";
constexpr std::string_view kNoData = "no_data";
constexpr std::string_view kSuccess = "success";

std::string Named(const std::string& provider) {
  return "provider \"" + provider + "\"";
}

const std::string& TextOf(const manifests::ProviderMetric& metric, const std::string& arm) {
  if (metric.compare) {
    const std::string& own = arm == "stable" ? metric.compare->stable : metric.compare->canary;
    if (!own.empty()) return own;
  }
  if (const auto* web = std::get_if<manifests::WebSource>(&metric.source)) return web->path;
  return std::get<manifests::PrometheusSource>(metric.source).query;
}

// Whether the server did its work, whatever it said of the question.
bool ServerIsWell(const Status& status) {
  return status.ok() || (status.error().code != ErrorCode::kUnavailable &&
                         status.error().code != ErrorCode::kTimeout);
}

// Puts what one arm's query gave into the reading, and gives back the points that are numbers.
// Errors: those of Summarise.
Result<std::vector<double>> AddSample(const manifests::ProviderMetric& metric, bool stable,
                                      Sample sample, reconciler::Reading& reading) {
  if (!sample.warning.empty()) reading.note = sample.warning;
  // Numbers are summed up even for expressions: infinity, and more NaN than numbers, is no data.
  if (!sample.found || !sample.points.empty()) {
    PORTOLAN_TRY(const auto summary, reconciler::Summarise(sample.points));
    if (stable) {
      reading.stable = summary;
    } else {
      reading.canary = summary;
    }
  }
  // As in the summary, so that no condition can be true because of one.
  std::erase_if(sample.points, [](double point) { return std::isnan(point); });
  if (metric.has_expressions())
    reading.result = sample.found
                         ? *std::move(sample.found)
                         : manifests::Value::Array(sample.points.begin(), sample.points.end());
  return std::move(sample.points);
}

}  // namespace

MetricWorker::MetricWorker(std::map<std::string, Provider> providers, const Clock& clock,
                           Hooks hooks)
    : clock_(clock), hooks_(std::move(hooks)) {
  for (auto& [name, provider] : providers) slots_[name].provider = std::move(provider);
}

MetricWorker::~MetricWorker() {
  Stop();
}

void MetricWorker::Send(const Reply& reply) const {
  const reconciler::MeasurementRequest& request = reply.job->request;
  const std::string& provider = manifests::ProviderOf(request.metric);
  if (slots_.contains(provider)) hooks_.count(provider, reply.outcome);
  hooks_.answer({request.map, request.rollout, request.step, request.key, request.number,
                 reply.result, clock_.now().wall});
}

void MetricWorker::Ask(std::vector<reconciler::MeasurementRequest> requests) {
  std::vector<Reply> refused;
  {
    const std::lock_guard lock(mutex_);
    const Duration expires = clock_.now().mono + kSlotPatience;
    for (reconciler::MeasurementRequest& request : requests) {
      auto job = std::make_shared<Job>();
      job->request = std::move(request);
      job->expires = expires;
      const std::string& provider = manifests::ProviderOf(job->request.metric);
      const auto slot = slots_.find(provider);
      if (slot == slots_.end()) {
        refused.push_back({job,
                           Error{ErrorCode::kNotFound, "no " + Named(provider) +
                                                           " in metrics.providers of the "
                                                           "daemon's configuration"},
                           ErrorCodeName(ErrorCode::kNotFound)});
      } else if (slot->second.queue.size() >= kMeasurementQueueMax) {
        refused.push_back({job,
                           Error{ErrorCode::kExhausted, std::to_string(kMeasurementQueueMax) +
                                                            " measurements wait for " +
                                                            Named(provider) + " already"},
                           kQueueFull});
      } else {
        slot->second.queue.push_back(std::move(job));
      }
    }
    changed_.notify_all();
  }
  for (const Reply& reply : refused) Send(reply);
}

// In the order of names; see above why that is fair enough.
MetricWorker::Slot* MetricWorker::FindStartable() {
  for (auto& [name, slot] : slots_)
    if (slot.Startable()) return &slot;
  return nullptr;
}

Duration MetricWorker::Work(const Now& now) {
  std::unique_lock lock(mutex_);
  Slot* slot = stopping_ ? nullptr : FindStartable();
  if (slot == nullptr) return kIdle;
  const JobPtr job = std::move(slot->queue.front());
  slot->queue.pop_front();
  CircuitBreaker& breaker = slot->provider.breaker;
  if (!breaker.Admit(now.mono)) {
    const Duration left = breaker.OpenFor(now.mono);
    lock.unlock();
    Send({job,
          Error{ErrorCode::kUnavailable,
                Named(manifests::ProviderOf(job->request.metric)) +
                    " failed too often; its circuit is open" +
                    (left > Duration(0) ? " for " + FormatDuration(left) : "")},
          kCircuitOpen});
    return Duration(0);
  }
  // The timeout is of the call: what it waited for a slot has its own patience.
  job->expires = now.mono + job->request.metric.timeout;
  ++slot->in_flight;
  running_.push_back(job);
  changed_.notify_all();
  lock.unlock();
  Finish(job, *slot, Measure(*slot->provider.adapter, *job));
  return Duration(0);
}

// Tells what a call gave, unless its deadline was faster.
void MetricWorker::Finish(const JobPtr& job, Slot& slot, Measured measured) {
  std::unique_lock lock(mutex_);
  --slot.in_flight;
  std::erase(running_, job);
  const bool late = std::exchange(job->answered, true);
  // A wrong query says nothing about the server: an error of the question must not open its
  // circuit.
  const bool well = measured.reading.ok() || ServerIsWell(measured.reading.error());
  // A late one was recorded as a failure by EndLate already, and a stop is nobody's failure.
  if (!late && !stopping_) slot.provider.breaker.Record(well, clock_.now().mono);
  const bool wanted = !late && !stopping_;
  changed_.notify_all();
  lock.unlock();
  if (!wanted) return;
  if (measured.reading.ok()) {
    Send({job, std::move(measured.reading).value(), measured.outcome});
  } else {
    Send({job, std::move(measured.reading).error(), measured.outcome});
  }
}

Result<Sample> MetricWorker::MeasureArm(MetricProvider& adapter, Job& job,
                                        const manifests::QueryValues& arm) const {
  const Now now = clock_.now();
  ProviderQuery query;
  query.metric = &job.request.metric;
  query.text = TextOf(job.request.metric, arm.arm);
  query.values = arm;
  query.at = now.wall;
  // Of the job and not of the query: the two arms of a comparison share one timeout.
  query.deadline = job.expires - now.mono;
  query.cancellation = &job.cancellation;
  if (query.deadline <= Duration(0))
    return Error{ErrorCode::kTimeout,
                 "no time left of " + FormatDuration(job.request.metric.timeout)};
  return adapter.Measure(query);
}

MetricWorker::Measured MetricWorker::Measure(MetricProvider& adapter, Job& job) const {
  const std::string& name = manifests::ProviderOf(job.request.metric);
  reconciler::Reading reading;
  std::vector<double> canary_points, stable_points;
  std::vector<const manifests::QueryValues*> arms;
  if (job.request.metric.compare) arms.push_back(&job.request.stable);
  arms.push_back(&job.request.canary);
  for (const manifests::QueryValues* arm : arms) {
    const std::string where = Named(name) + ", " + arm->arm + ": ";
    auto sample = MeasureArm(adapter, job, *arm);
    if (!sample.ok())
      return {Error{sample.error().code, where + sample.error().message},
              ErrorCodeName(sample.error().code)};
    const bool stable = arm == &job.request.stable;
    auto points = AddSample(job.request.metric, stable, std::move(sample).value(), reading);
    if (!points.ok()) return {Error{points.error().code, where + points.error().message}, kNoData};
    (stable ? stable_points : canary_points) = std::move(points).value();
  }
  // Here and not where it is judged: of long series it takes longer than the control loop may.
  const auto& compare = job.request.metric.compare;
  if (compare && compare->judge == manifests::ComparisonJudge::kMannWhitney)
    reading.shift = reconciler::RelativeShift(canary_points, stable_points, compare->confidence);
  return {std::move(reading), kSuccess};
}

void MetricWorker::WaitForWork(Duration at_most) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, at_most, [this] { return stopping_ || FindStartable() != nullptr; });
}

int MetricWorker::threads() const {
  int threads = 0;
  for (const auto& [name, slot] : slots_) threads += slot.provider.concurrency;
  return threads;
}

// Of a queue only its front: requests come in the order of their deadlines.
Duration MetricWorker::EarliestDeadline() const {
  Duration earliest = Duration::max();
  for (const auto& [name, slot] : slots_)
    if (!slot.queue.empty()) earliest = std::min(earliest, slot.queue.front()->expires);
  for (const JobPtr& job : running_)
    if (!job->answered) earliest = std::min(earliest, job->expires);
  return earliest;
}

void MetricWorker::RefuseLate(Slot& slot, Duration mono, std::vector<Reply>& replies) {
  while (!slot.queue.empty() && slot.queue.front()->expires <= mono) {
    const JobPtr job = std::move(slot.queue.front());
    slot.queue.pop_front();
    replies.push_back(
        {job,
         Error{ErrorCode::kTimeout, Named(manifests::ProviderOf(job->request.metric)) +
                                        " had no free slot for " + FormatDuration(kSlotPatience)},
         ErrorCodeName(ErrorCode::kTimeout)});
  }
}

void MetricWorker::EndLate(Duration mono, std::vector<Reply>& replies) {
  for (const JobPtr& job : running_) {
    if (job->answered || job->expires > mono) continue;
    job->answered = true;
    // The thread comes back by itself; the answer does not wait for it.
    job->cancellation.Cancel();
    const std::string& provider = manifests::ProviderOf(job->request.metric);
    slots_.at(provider).provider.breaker.Record(false, mono);
    replies.push_back({job,
                       Error{ErrorCode::kTimeout, Named(provider) + " did not answer within " +
                                                      FormatDuration(job->request.metric.timeout)},
                       ErrorCodeName(ErrorCode::kTimeout)});
  }
}

Duration MetricWorker::Supervise(const Now& now) {
  std::vector<Reply> replies;
  Duration rest = kIdle;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return kIdle;
    for (auto& [name, slot] : slots_) RefuseLate(slot, now.mono, replies);
    EndLate(now.mono, replies);
    planned_ = EarliestDeadline();
    if (planned_ != Duration::max()) rest = std::min(rest, planned_ - now.mono);
  }
  for (const Reply& reply : replies) Send(reply);
  return rest;
}

void MetricWorker::WaitForDeadline(Duration at_most) {
  std::unique_lock lock(mutex_);
  // Only an earlier deadline is news; one that went away lets it look once for nothing.
  changed_.wait_for(lock, at_most, [this] { return stopping_ || EarliestDeadline() < planned_; });
}

void MetricWorker::Stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  for (const JobPtr& job : running_) job->cancellation.Cancel();
  changed_.notify_all();
}

std::map<std::string, CircuitBreaker::State> MetricWorker::Circuits() const {
  const Duration mono = clock_.now().mono;
  std::map<std::string, CircuitBreaker::State> states;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, slot] : slots_) states[name] = slot.provider.breaker.state(mono);
  return states;
}

}  // namespace portolan::controller
