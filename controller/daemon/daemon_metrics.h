#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "controller/metrics/circuit_breaker.h"
#include "controller/reconcile/rollout_reconciler.h"
#include "controller/reconcile/source_status.h"
#include "controller/telemetry/metrics.h"

namespace portolan::controller {

// What the daemon tells Prometheus (docs/operations.md lists the names): events are counted as they
// happen, maps and sources are read when somebody asks. Thread-safe.
class DaemonMetrics {
 public:
  DaemonMetrics();

  void Count(const reconciler::Event& event);
  // One answer of MetricWorker.
  void CountMeasurement(const std::string& provider, std::string_view outcome);
  // What MetricWorker::Circuits says, before a Render.
  void SetCircuits(const std::map<std::string, CircuitBreaker::State>& circuits);
  // Prometheus text 0.0.4 of this moment.
  std::string Render(const RolloutReconciler& rollouts, const std::vector<SourceStatus>& sources);

 private:
  void SetDrift(const DriftReport& report);

  MetricRegistry registry_;
  Family<Counter>& events_;
  Family<Counter>& rollbacks_;
  Family<Gauge>& phase_;
  Family<Gauge>& weight_;
  Family<Gauge>& entries_;
  Family<Gauge>& lookups_;
  Family<Gauge>& bad_subjects_;
  Family<Gauge>& source_ready_;
  Family<Gauge>& source_age_;
  Family<Gauge>& journalled_;
  Family<Counter>& measurements_;
  Family<Gauge>& circuit_;
  Family<Gauge>& drift_keys_;
  Family<Gauge>& drift_ratio_;
  Family<Gauge>& drift_maps_ratio_;
  Family<Gauge>& overrides_;
};

}  // namespace portolan::controller
