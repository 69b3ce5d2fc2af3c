#pragma once

#include <condition_variable>
#include <mutex>
#include <vector>

#include "controller/metrics/metric_worker.h"
#include "controller/metrics/provider_call.h"

namespace portolan::controller {

// A clock that stands still until a test moves it. Thread-safe.
class StoppedClock final : public Clock {
 public:
  Now now() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  void Advance(Duration by) {
    const std::lock_guard lock(mutex_);
    now_.wall += by;
    now_.mono += by;
  }

 private:
  mutable std::mutex mutex_;
  Now now_{WallTime(Duration(1'700'000'000'250)), Duration(5'000)};
};

// Answers every call with what a test put there, and keeps the calls.
struct ScriptedTransport {
  Result<ClientResponse> answer = ClientResponse{200, {}, "{}"};
  std::vector<HttpClient::Call> calls;

  ProviderTransport port() {
    return [this](const HttpClient::Call& call) {
      calls.push_back(call);
      return answer;
    };
  }
};

inline manifests::ProviderMetric InstantMetric(std::string query = "up") {
  manifests::ProviderMetric metric;
  metric.name = "m";
  metric.source = manifests::PrometheusSource{"main", std::move(query), {}};
  metric.max = 10;
  return metric;
}

inline reconciler::MeasurementRequest RequestFor(const manifests::ProviderMetric& metric,
                                                 std::uint64_t number = 1) {
  reconciler::MeasurementRequest request;
  request.map = "limits";
  request.rollout = "limits#1";
  request.step = 1;
  request.key = {false, "t", metric.name};
  request.number = number;
  request.metric = metric;
  request.canary = {"limits", "canary", "sha256:ca", "1m"};
  request.stable = {"limits", "stable", "sha256:57", "1m"};
  return request;
}

// The answers of a worker, which may come from any thread.
class Answers {
 public:
  void Add(reconciler::Measurement measurement) {
    const std::lock_guard lock(mutex_);
    all_.push_back(std::move(measurement));
    changed_.notify_all();
  }
  // Waits, at most ten seconds, for that many.
  bool Wait(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return all_.size() >= count; });
  }
  std::vector<reconciler::Measurement> all() const {
    const std::lock_guard lock(mutex_);
    return all_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<reconciler::Measurement> all_;
};

inline std::string ErrorText(const reconciler::Measurement& measurement) {
  const auto* error = std::get_if<Error>(&measurement.result);
  return error == nullptr ? "a reading" : error->message;
}

}  // namespace portolan::controller
