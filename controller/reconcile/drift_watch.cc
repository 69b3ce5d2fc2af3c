#include "controller/reconcile/drift_watch.h"

#include <algorithm>
#include <cstdio>

#include "reconciler/status.h"

namespace portolan::controller {
namespace {

using manifests::Value;
using reconciler::Event;
using reconciler::Rollout;

double Ratio(std::int64_t part, std::int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(std::max<std::int64_t>(1, whole));
}

// "127 of 1000 keys (12.7 %)", "the split".
std::string Describe(const reconciler::Drift& drift) {
  if (drift.drifted == 0) return "the split";
  char rate[32];
  std::snprintf(rate, sizeof rate, "%.3g %%", drift.rate() * 100);
  return std::to_string(drift.drifted) + " of " + std::to_string(drift.keys) + " keys (" + rate +
         ")" + (drift.split ? " and the split" : "");
}

Value DataOf(const HolderDrift& found) {
  Value data;
  data.Set("holder", found.holder);
  data.Set("keys", found.drift.keys);
  data.Set("drifted", found.drift.drifted);
  data.Set("rate", found.drift.rate());
  data.Set("some", reconciler::DriftedKeysToJson(found.drift));
  return data;
}

Event EventOf(const Rollout& rollout, const HolderDrift& found, WallTime at) {
  Event event;
  event.time = at;
  event.map = rollout.map;
  event.source = rollout.source;
  event.actor = "controller";
  event.data = DataOf(found);
  return event;
}

Event Drifted(const Rollout& rollout, const HolderDrift& found, WallTime at) {
  Event event = EventOf(rollout, found, at);
  event.type = "Warning";
  event.reason = found.error.empty() ? "Drifted" : "DriftUnknown";
  event.message = found.error.empty()
                      ? found.holder + " drifted in " + Describe(found.drift)
                      : found.holder + " cannot be compared or healed: " + found.error;
  return event;
}

Event Healed(const Rollout& rollout, const HolderDrift& found, WallTime at) {
  Event event = EventOf(rollout, found, at);
  event.type = "Normal";
  event.reason = "DriftHealed";
  event.message =
      found.holder + " holds what it should again, after a drift in " + Describe(found.drift);
  return event;
}

void AddTo(DriftTotals& totals, const MapDrift& map) {
  ++totals.maps;
  bool any = false;
  for (const HolderDrift& holder : map.holders) {
    totals.keys += holder.drift.keys;
    totals.drifted_keys += holder.drift.drifted;
    any = any || holder.drift.any();
  }
  totals.drifted_maps += any ? 1 : 0;
}

}  // namespace

double DriftTotals::map_rate() const {
  return Ratio(drifted_maps, maps);
}

double DriftTotals::key_rate() const {
  return Ratio(drifted_keys, keys);
}

HolderDrift DriftWatch::CheckHolder(reconciler::Holder& holder, const std::string& map,
                                    const Result<mapcore::LiveState>& should) const {
  HolderDrift found;
  found.holder = holder.name();
  if (!should.ok()) {
    found.error = should.error().message;
    return found;
  }
  const auto has = holder.Read(map);
  if (!has.ok()) {
    found.error = has.error().message;
    return found;
  }
  found.drift = CompareHoldings(reconciler::HoldingOf(*should), *has);
  AddDamage(*has, found);
  return found;
}

// The versions of both arms may share the memory that was damaged: a key counts once.
void DriftWatch::AddDamage(const reconciler::Holding& has, HolderDrift& found) const {
  reconciler::DriftedKeys drifted;
  for (const Damage& damage : damages_) {
    const auto damaged = damage.version.lock();
    if (damaged == nullptr || (damaged != has.stable && damaged != has.canary)) continue;
    drifted.insert(damage.drifted.begin(), damage.drifted.end());
    if (damage.stored == nullptr) found.error = damage.message;
  }
  AddDrifted(drifted, found.drift);
}

void DriftWatch::Know(Damage damage) {
  const auto same = damage.version.lock();
  std::erase_if(damages_, [&](const Damage& known) { return known.version.lock() == same; });
  damages_.push_back(std::move(damage));
}

std::vector<Event> DriftWatch::Check(const Rollout& rollout,
                                     const Result<mapcore::LiveState>& should, const Now& now,
                                     bool heal) {
  MapDrift next;
  next.map = rollout.map;
  next.heal = rollout.heal;
  next.checked = now.wall;
  next.overrides = rollout.overrides;
  std::vector<Event> events;
  std::string announced;
  std::int64_t drifted = 0;
  bool any = false;
  bool healed = false;
  for (reconciler::Holder* holder : holders_) {
    HolderDrift found = CheckHolder(*holder, rollout.map, should);
    if (found.drift.any() || !found.error.empty()) {
      events.push_back(Drifted(rollout, found, now.wall));
      announced += events.back().message + "\n";
    }
    drifted += found.drift.drifted;
    any = any || found.drift.any();
    if (heal && rollout.heal.self_heal && found.drift.any() && should.ok()) {
      const Status given = holder->Heal(rollout.map, *should);
      if (given.ok()) {
        events.push_back(Healed(rollout, found, now.wall));
        found.drift = reconciler::Drift{found.drift.keys, 0, false, {}};
        announced.clear();
        healed = true;
      } else {
        found.error = given.error().message;
      }
    }
    next.holders.push_back(std::move(found));
  }
  const std::scoped_lock lock(mutex_);
  Watched& watched = maps_[rollout.map];
  next.healed = healed ? std::optional(now.wall) : watched.found.healed;
  next.heals = watched.found.heals + (healed ? 1 : 0);
  watched.worst_keys = std::max(watched.worst_keys, drifted);
  watched.worst_any = watched.worst_any || any;
  watched.found = std::move(next);
  // What stays as it is was said already; a look on demand says nothing.
  if (!heal || (!healed && watched.announced == announced)) return {};
  watched.announced = std::move(announced);
  return events;
}

void DriftWatch::Forget(const std::string& map) {
  const std::scoped_lock lock(mutex_);
  maps_.erase(map);
}

void DriftWatch::Sample(WallTime now) {
  // Each keeps the version that was read anew in memory, and a map may be damaged once in years.
  std::erase_if(damages_, [](const Damage& damage) { return damage.version.expired(); });
  const std::scoped_lock lock(mutex_);
  DriftTotals totals;
  totals.at = now;
  for (auto& [name, watched] : maps_) {
    ++totals.maps;
    for (const HolderDrift& holder : watched.found.holders) totals.keys += holder.drift.keys;
    totals.drifted_keys += std::exchange(watched.worst_keys, 0);
    totals.drifted_maps += std::exchange(watched.worst_any, false) ? 1 : 0;
  }
  if (history_.size() >= kDriftSamplesMax) history_.pop_front();
  history_.push_back(totals);
}

DriftReport DriftWatch::Report(WallTime now, std::string_view map) const {
  const std::scoped_lock lock(mutex_);
  DriftReport report;
  report.totals.at = now;
  for (const auto& [name, watched] : maps_) {
    if (!map.empty() && name != map) continue;
    report.maps.push_back(watched.found);
    AddTo(report.totals, watched.found);
  }
  report.history = history_;
  return report;
}

}  // namespace portolan::controller
