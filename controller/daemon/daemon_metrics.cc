#include "controller/daemon/daemon_metrics.h"

#include "reconciler/status.h"

namespace portolan::controller {
namespace {

constexpr reconciler::Phase kPhases[] = {
    reconciler::Phase::kHealthy,    reconciler::Phase::kHeld,     reconciler::Phase::kStepping,
    reconciler::Phase::kPaused,     reconciler::Phase::kBaking,   reconciler::Phase::kRollingBack,
    reconciler::Phase::kRolledBack, reconciler::Phase::kRetiring, reconciler::Phase::kLocked,
};

}  // namespace

DaemonMetrics::DaemonMetrics()
    : events_(registry_.AddCounter(
          {"portolan_events_total", "Events, by type and reason.", {"type", "reason"}})),
      rollbacks_(registry_.AddCounter(
          {"portolan_rollback_total", "Rollouts rolled back, by cause.", {"cause"}})),
      phase_(registry_.AddGauge(
          {"portolan_map_phase", "1 for the phase that the map is in.", {"map", "phase"}})),
      weight_(registry_.AddGauge(
          {"portolan_map_canary_weight_ratio", "Share of subjects on the canary.", {"map"}})),
      entries_(
          registry_.AddGauge({"portolan_map_entries", "Entries of the stable version.", {"map"}})),
      lookups_(registry_.AddGauge({"portolan_step_lookups",
                                   "Lookups that clients reported in the present step.",
                                   {"map", "arm"}})),
      bad_subjects_(registry_.AddGauge({"portolan_step_bad_subjects",
                                        "Distinct subjects that failed in the present step.",
                                        {"map", "arm"}})),
      source_ready_(registry_.AddGauge(
          {"portolan_source_ready", "1 when the source's last commit is followed.", {"source"}})),
      source_age_(registry_.AddGauge({"portolan_source_last_success_timestamp_seconds",
                                      "When the remote was last seen, in unix time.",
                                      {"source"}})),
      journalled_(registry_.AddGauge(
          {"portolan_journalled", "0 while something that is served could not be stored.", {}})),
      measurements_(registry_.AddCounter({"portolan_metric_provider_requests_total",
                                          "Measurements asked of a provider, by outcome.",
                                          {"provider", "outcome"}})),
      circuit_(registry_.AddGauge({"portolan_metric_provider_circuit",
                                   "1 for the state that the provider's circuit is in.",
                                   {"provider", "state"}})),
      drift_keys_(registry_.AddGauge({"portolan_drift_keys",
                                      "Keys that a holder of the map should not hold as it does.",
                                      {"map", "holder"}})),
      drift_ratio_(registry_.AddGauge({"portolan_drift_keys_ratio",
                                       "Drifted keys, of the union of held and wanted ones.",
                                       {"map", "holder"}})),
      drift_maps_ratio_(registry_.AddGauge(
          {"portolan_drift_maps_ratio", "Maps that some holder drifted on, of all.", {}})),
      overrides_(registry_.AddGauge(
          {"portolan_map_overrides", "Entries that an operator overrode for a while.", {"map"}})) {}

void DaemonMetrics::Count(const reconciler::Event& event) {
  events_.With({event.type, event.reason}).Add();
  if (event.reason == "RollingBack") rollbacks_.With({event.data.StringOr("cause", "")}).Add();
}

void DaemonMetrics::CountMeasurement(const std::string& provider, std::string_view outcome) {
  measurements_.With({provider, outcome}).Add();
}

void DaemonMetrics::SetCircuits(const std::map<std::string, CircuitBreaker::State>& circuits) {
  using State = CircuitBreaker::State;
  for (const auto& [provider, now] : circuits) {
    circuit_.With({provider, "closed"}).Set(now == State::kClosed ? 1 : 0);
    circuit_.With({provider, "half_open"}).Set(now == State::kHalfOpen ? 1 : 0);
    circuit_.With({provider, "open"}).Set(now == State::kOpen ? 1 : 0);
  }
}

void DaemonMetrics::SetDrift(const DriftReport& report) {
  for (const MapDrift& map : report.maps) {
    for (const HolderDrift& holder : map.holders) {
      drift_keys_.With({map.map, holder.holder}).Set(static_cast<double>(holder.drift.drifted));
      drift_ratio_.With({map.map, holder.holder}).Set(holder.drift.rate());
    }
  }
  drift_maps_ratio_.With().Set(report.totals.map_rate());
}

std::string DaemonMetrics::Render(const RolloutReconciler& rollouts,
                                  const std::vector<SourceStatus>& sources) {
  for (const auto& rollout : rollouts.All()) {
    const std::string& map = rollout->map;
    for (const reconciler::Phase phase : kPhases)
      phase_.With({map, reconciler::PhaseName(phase)}).Set(rollout->phase == phase ? 1 : 0);
    weight_.With({map}).Set(reconciler::WeightOf(*rollout) /
                            static_cast<double>(mapcore::kWeightMax));
    entries_.With({map}).Set(rollout->stable ? static_cast<double>(rollout->stable->size) : 0);
    overrides_.With({map}).Set(static_cast<double>(rollout->overrides.size()));
    const reconciler::StepEvidence& evidence = rollout->progress.evidence;
    lookups_.With({map, "stable"}).Set(static_cast<double>(evidence.stable.lookups));
    lookups_.With({map, "canary"}).Set(static_cast<double>(evidence.canary.lookups));
    bad_subjects_.With({map, "stable"})
        .Set(static_cast<double>(evidence.stable.bad_subjects.size()));
    bad_subjects_.With({map, "canary"})
        .Set(static_cast<double>(evidence.canary.bad_subjects.size()));
  }
  for (const SourceStatus& source : sources) {
    source_ready_.With({source.name}).Set(source.ready ? 1 : 0);
    if (source.last_fetch)
      source_age_.With({source.name})
          .Set(static_cast<double>(source.last_fetch->time_since_epoch().count()) / 1000);
  }
  SetDrift(rollouts.LastDrift({}));
  journalled_.With().Set(rollouts.journalled() ? 1 : 0);
  return registry_.Render();
}

}  // namespace portolan::controller
