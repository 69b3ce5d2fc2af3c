#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controller/daemon/hash_map_metrics.h"
#include "controller/metrics/circuit_breaker.h"
#include "controller/reconcile/rollout_reconciler.h"
#include "controller/reconcile/source_status.h"
#include "controller/telemetry/metrics.h"
#include "mapcore/fast_paths.h"

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
  // One round of the control loop that had something to do, and what it took.
  void ObserveRound(double seconds);
  // What the machine allows the maps, before a Render.
  void SetFastPaths(const std::vector<mapcore::FastPathState>& states);
  // How old the policies of the policySource are, before a Render.
  void SetPolicyAge(const std::string& source, Duration age);
  // What is served, before a Render.
  void SetHashMaps(const mapcore::Catalog& catalog) { hash_maps_.Read(catalog); }
  // Prometheus text 0.0.4 of this moment.
  std::string Render(const RolloutReconciler& rollouts, const std::vector<SourceStatus>& sources);

 private:
  void RenderAudit(const std::vector<SourceStatus>& sources);
  void SetDrift(const DriftReport& report);
  void SetShadow(const reconciler::Rollout& rollout);
  void SetLoop(const RolloutReconciler& rollouts);

  MetricRegistry registry_;
  HashMapMetrics hash_maps_{registry_};
  Family<Counter>& events_;
  Family<Counter>& rollbacks_;
  Family<Gauge>& phase_;
  Family<Gauge>& weight_;
  Family<Gauge>& entries_;
  Family<Gauge>& lookups_;
  Family<Gauge>& bad_subjects_;
  Family<Gauge>& compared_;
  Family<Gauge>& disagreeing_;
  Family<Gauge>& source_ready_;
  Family<Gauge>& source_age_;
  Family<Gauge>& policy_age_;
  Family<Gauge>& journalled_;
  Family<Histogram>& rounds_;
  Family<Counter>& visits_;
  Family<Gauge>& inbox_bytes_;
  Family<Counter>& inbox_refused_;
  Family<Counter>& measurements_;
  Family<Gauge>& violations_;
  Family<Gauge>& circuit_;
  Family<Gauge>& fast_path_;
  Family<Gauge>& fast_path_fallbacks_;
  Family<Gauge>& drift_keys_;
  Family<Gauge>& drift_ratio_;
  Family<Gauge>& drift_maps_ratio_;
  Family<Gauge>& overrides_;
  std::mutex mutex_;
  std::map<const Counter*, double> read_;                  // what counters of others' counts say
  std::set<std::string> shadowed_;                         // maps that have a series of a dual run
  std::set<std::pair<std::string, std::string>> audited_;  // policies and maps that have a series
};

}  // namespace portolan::controller
