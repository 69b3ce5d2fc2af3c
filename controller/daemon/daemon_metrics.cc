#include "controller/daemon/daemon_metrics.h"

#include <utility>

#include "reconciler/status.h"

// Events are counted when they happen, states are read when somebody asks: a gauge that is set on
// change would stay where it was when the change is missed.

namespace portolan::controller {
namespace {

constexpr reconciler::Phase kPhases[] = {
    reconciler::Phase::kHealthy,     reconciler::Phase::kHeld,       reconciler::Phase::kShadow,
    reconciler::Phase::kStepping,    reconciler::Phase::kPaused,     reconciler::Phase::kBaking,
    reconciler::Phase::kRollingBack, reconciler::Phase::kRolledBack, reconciler::Phase::kRetiring,
    reconciler::Phase::kLocked,
};

// A family's limit is for label values that nobody foresaw. Those of a map are as many as there are
// maps, times the phases or arms that each has: with the limit of one label the phases of 223 maps
// would push each other into `_other`, a gauge that says nothing.
constexpr std::size_t kMapsShown = kSeriesMax;
constexpr std::size_t kArms = 2;
constexpr std::size_t kKinds = 2;

}  // namespace

DaemonMetrics::DaemonMetrics()
    : events_(registry_.AddCounter(
          {"portolan_events_total", "Events, by type and reason.", {"type", "reason"}})),
      rollbacks_(registry_.AddCounter(
          {"portolan_rollback_total", "Rollouts rolled back, by cause.", {"cause"}})),
      phase_(registry_.AddGauge({"portolan_map_phase",
                                 "1 for the phase that the map is in.",
                                 {"map", "phase"},
                                 kMapsShown * std::size(kPhases)})),
      weight_(registry_.AddGauge(
          {"portolan_map_canary_weight_ratio", "Share of subjects on the canary.", {"map"}})),
      entries_(
          registry_.AddGauge({"portolan_map_entries", "Entries of the stable version.", {"map"}})),
      lookups_(registry_.AddGauge({"portolan_step_lookups",
                                   "Lookups that clients reported in the present step.",
                                   {"map", "arm"},
                                   kMapsShown * kArms})),
      bad_subjects_(registry_.AddGauge({"portolan_step_bad_subjects",
                                        "Distinct subjects that failed in the present step.",
                                        {"map", "arm"},
                                        kMapsShown * kArms})),
      compared_(registry_.AddGauge({"portolan_shadow_compared",
                                    "Lookups and outputs compared in the dual run.",
                                    {"map", "kind"},
                                    kMapsShown * kKinds})),
      disagreeing_(registry_.AddGauge({"portolan_shadow_disagreeing",
                                       "Of these: those that differ, or disagree.",
                                       {"map", "kind"},
                                       kMapsShown * kKinds})),
      source_ready_(registry_.AddGauge(
          {"portolan_source_ready", "1 when the source's last commit is followed.", {"source"}})),
      source_age_(registry_.AddGauge({"portolan_source_last_success_timestamp_seconds",
                                      "When the remote was last seen, in unix time.",
                                      {"source"}})),
      policy_age_(registry_.AddGauge({"portolan_policy_source_age_seconds",
                                      "How long ago the policies were last seen to be current.",
                                      {"source"}})),
      journalled_(registry_.AddGauge(
          {"portolan_journalled", "0 while something that is served could not be stored.", {}})),
      rounds_(registry_.AddHistogram(
          {"portolan_control_loop_round_seconds",
           "Rounds of the control loop that looked at a map, by what they took.",
           {}},
          {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5})),
      visits_(registry_.AddCounter({"portolan_control_loop_visits_total",
                                    "How often the control loop looked at a map or a group.",
                                    {}})),
      inbox_bytes_(registry_.AddGauge({"portolan_client_inbox_bytes",
                                       "What clients sent and the control loop has not taken up.",
                                       {"kind"}})),
      inbox_refused_(
          registry_.AddCounter({"portolan_client_inbox_refused_total",
                                "Calls of clients that were answered 429, for want of room.",
                                {"kind"}})),
      measurements_(registry_.AddCounter({"portolan_metric_provider_requests_total",
                                          "Measurements asked of a provider, by outcome.",
                                          {"provider", "outcome"}})),
      violations_(registry_.AddGauge({"portolan_policy_live_violations",
                                      "1 where a policy does not allow what a map serves.",
                                      {"policy", "map"}})),
      circuit_(registry_.AddGauge({"portolan_metric_provider_circuit",
                                   "1 for the state that the provider's circuit is in.",
                                   {"provider", "state"}})),
      fast_path_(registry_.AddGauge({"portolan_mapcore_fast_path",
                                     "1 for the way that the maps go: fast, portable or open.",
                                     {"path", "circuit"}})),
      fast_path_fallbacks_(registry_.AddGauge(
          {"portolan_mapcore_fast_path_fallbacks",
           "How often the portable way was taken in place of the fast one, since the start.",
           {"path"}})),
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

void DaemonMetrics::ObserveRound(double seconds) {
  rounds_.With().Observe(seconds);
}

void DaemonMetrics::SetCircuits(const std::map<std::string, CircuitBreaker::State>& circuits) {
  using State = CircuitBreaker::State;
  for (const auto& [provider, now] : circuits) {
    circuit_.With({provider, "closed"}).Set(now == State::kClosed ? 1 : 0);
    circuit_.With({provider, "half_open"}).Set(now == State::kHalfOpen ? 1 : 0);
    circuit_.With({provider, "open"}).Set(now == State::kOpen ? 1 : 0);
  }
}

void DaemonMetrics::SetPolicyAge(const std::string& source, Duration age) {
  policy_age_.With({source}).Set(static_cast<double>(age.count()) / 1000);
}

void DaemonMetrics::SetFastPaths(const std::vector<mapcore::FastPathState>& states) {
  using Circuit = mapcore::FastPathState::Circuit;
  for (const mapcore::FastPathState& state : states) {
    const std::string path(mapcore::FastPathName(state.path));
    for (const Circuit circuit : {Circuit::kFast, Circuit::kPortable, Circuit::kOpen})
      fast_path_.With({path, mapcore::CircuitName(circuit)}).Set(state.circuit == circuit ? 1 : 0);
    fast_path_fallbacks_.With({path}).Set(static_cast<double>(state.fallbacks));
  }
}

// A policy that is gone violates nothing: its series goes to 0, where it would keep its last value.
void DaemonMetrics::RenderAudit(const std::vector<SourceStatus>& sources) {
  const std::scoped_lock lock(mutex_);
  for (const auto& [policy, map] : audited_) violations_.With({policy, map}).Set(0);
  for (const SourceStatus& source : sources)
    for (const auto& [key, violation] : source.audit) {
      audited_.insert(key);
      violations_.With({key.first, key.second}).Set(violation ? 1 : 0);
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

// Of the last dual run; a map that never had one has no series.
void DaemonMetrics::SetShadow(const reconciler::Rollout& rollout) {
  const reconciler::ShadowEvidence& shadow = rollout.progress.shadow;
  {
    const std::scoped_lock lock(mutex_);
    if (!shadow.empty()) shadowed_.insert(rollout.map);
    if (!shadowed_.contains(rollout.map)) return;
  }
  compared_.With({rollout.map, "lookups"}).Set(static_cast<double>(shadow.lookups));
  compared_.With({rollout.map, "outputs"}).Set(static_cast<double>(shadow.outputs.compared));
  disagreeing_.With({rollout.map, "lookups"}).Set(static_cast<double>(shadow.differing));
  disagreeing_.With({rollout.map, "outputs"}).Set(static_cast<double>(shadow.outputs.disagreeing));
}

// The control loop counts these itself.
void DaemonMetrics::SetLoop(const RolloutReconciler& rollouts) {
  const std::scoped_lock lock(mutex_);
  const auto catch_up = [this](Counter& counter, std::uint64_t counted) {
    const auto now = static_cast<double>(counted);
    counter.Add(now - std::exchange(read_[&counter], now));
  };
  catch_up(visits_.With(), rollouts.visits());
  for (const auto& [kind, inbox] : rollouts.InboxStates()) {
    inbox_bytes_.With({kind}).Set(static_cast<double>(inbox.bytes));
    catch_up(inbox_refused_.With({kind}), inbox.refused);
  }
}

std::string DaemonMetrics::Render(const RolloutReconciler& rollouts,
                                  const std::vector<SourceStatus>& sources) {
  for (const auto& rollout : rollouts.All()) {
    const std::string& map = rollout->map;
    // All phases, not only the present one: a rule on one of them then has a 0 to return to.
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
    SetShadow(*rollout);
    bad_subjects_.With({map, "canary"})
        .Set(static_cast<double>(evidence.canary.bad_subjects.size()));
  }
  for (const SourceStatus& source : sources) {
    source_ready_.With({source.name}).Set(source.ready ? 1 : 0);
    if (source.last_fetch)
      source_age_.With({source.name})
          .Set(static_cast<double>(source.last_fetch->time_since_epoch().count()) / 1000);
  }
  RenderAudit(sources);
  SetDrift(rollouts.LastDrift({}));
  SetLoop(rollouts);
  journalled_.With().Set(rollouts.journalled() ? 1 : 0);
  return registry_.Render();
}

}  // namespace portolan::controller
