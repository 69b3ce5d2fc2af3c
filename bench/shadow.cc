#include "bench/shadow.h"

#include <cmath>
#include <cstdio>
#include <thread>

#include "mapcore/live_map.h"

namespace portolan::bench {
namespace {

constexpr int kRounds = 15;
constexpr int kLookups = 300'000;  // of a thread, in a round
constexpr int kEntries = 10'000;
constexpr int kChanged = 240;
constexpr std::uint32_t kDefaultShare = 5'000;
constexpr double kAimDefault = 1.25;  // times a lookup without a dual run
constexpr double kAimAll = 3;         // both versions are read, and the first one twice

std::string KeyOf(int entry) {
  return "api/route-" + std::to_string(entry);
}

mapcore::LiveState StateOf(std::uint32_t share) {
  std::vector<mapcore::Entry> entries;
  std::vector<mapcore::Change> changes;
  for (int i = 0; i < kEntries; ++i) entries.push_back({KeyOf(i), "{\"rps\":100}"});
  for (int i = 0; i < kChanged; ++i)
    changes.push_back({KeyOf(i * (kEntries / kChanged)), "{\"rps\":200}"});
  mapcore::LiveState state;
  state.stable = *mapcore::MapVersion::FromEntries(std::move(entries));
  state.canary = *state.stable->Apply(changes);
  state.split.salt = "limits";
  if (share > 0) state.dual_run = std::make_shared<mapcore::DualRun>(share);
  return state;
}

// As the routes of the API look up, without what HTTP adds.
std::size_t LookUp(const mapcore::Catalog& catalog, const std::vector<std::string>& keys) {
  std::size_t found = 0;
  std::uint32_t at = 12'345;
  for (int i = 0; i < kLookups; ++i) {
    at = at * 1'664'525 + 1'013'904'223;  // Numerical Recipes' generator: cheap, and no pattern
    const std::string& key = keys[(at >> 8) % keys.size()];
    mapcore::ReadGuard guard;
    const mapcore::LiveState& state = *catalog.Find(guard, "limits");
    const mapcore::LiveState::Choice choice = state.Choose({.targeting_key = key});
    state.CompareArms(key);
    found += state.Find(*choice.version, key).has_value();
  }
  return found;
}

// Nanoseconds of a lookup.
Result<double> Round(const mapcore::Catalog& catalog, const std::vector<std::string>& keys,
                     int threads) {
  std::vector<std::size_t> found(static_cast<std::size_t>(threads));
  const Stopwatch watch;
  std::vector<std::thread> others;
  for (std::size_t t = 1; t < found.size(); ++t)
    others.emplace_back([&, t] { found[t] = LookUp(catalog, keys); });
  found[0] = LookUp(catalog, keys);
  for (std::thread& other : others) other.join();
  const double ns = watch.Ms() * 1e6 / kLookups;
  for (const std::size_t one : found)
    if (one != static_cast<std::size_t>(kLookups))
      return Error{ErrorCode::kInternal, "a lookup did not find its key"};
  return ns;
}

// That the sample and what differs in it are what they should be, within six standard deviations.
Status Check(const mapcore::DualRun::Counts& counts, std::uint32_t share, int threads) {
  const auto near = [](double seen, double trials, double part) {
    return std::abs(seen - trials * part) <= 6 * std::sqrt(trials * part * (1 - part)) + 1;
  };
  const auto compared = static_cast<double>(counts.compared);
  const bool right =
      near(compared, double{kRounds} * kLookups * threads, share / 100'000.0) &&
      near(static_cast<double>(counts.differing), compared, double{kChanged} / kEntries);
  if (right) return {};
  return Error{ErrorCode::kInternal, "a dual run of " + std::to_string(share) + " compared " +
                                         std::to_string(counts.compared) + " lookups, of which " +
                                         std::to_string(counts.differing) + " differ"};
}

Status Measure(int threads, const std::vector<std::string>& keys, Report& report) {
  const std::string on = threads == 1 ? "" : ", " + std::to_string(threads) + " threads";
  const std::string suffix = threads == 1 ? "" : "-" + std::to_string(threads) + "-threads";
  const mapcore::LiveState states[] = {StateOf(0), StateOf(kDefaultShare),
                                       StateOf(mapcore::kWeightMax)};
  mapcore::Catalog catalogs[3];
  for (int i = 0; i < 3; ++i) catalogs[i].Publish("limits", states[i]);
  for (int round = 0; round < kRounds; ++round) {
    double ns[3];
    for (int i = 0; i < 3; ++i) {
      PORTOLAN_TRY(ns[i], Round(catalogs[i], keys, threads));
    }
    report.Add("shadow-off" + suffix, "a lookup without a dual run" + on, "ns", 1'000, ns[0]);
    report.Add("shadow-5-percent" + suffix, "the same with a dual run of 5 %, times as long" + on,
               "x", kAimDefault, ns[1] / ns[0]);
    report.Add("shadow-all" + suffix, "the same with a dual run of all lookups, times as long" + on,
               "x", kAimAll, ns[2] / ns[0]);
  }
  PORTOLAN_CHECK(Check(states[1].dual_run->Take(), kDefaultShare, threads));
  return Check(states[2].dual_run->Take(), mapcore::kWeightMax, threads);
}

}  // namespace

Result<std::vector<Finding>> MeasureShadow(const std::string&, const std::filesystem::path&) {
  std::vector<std::string> keys;
  for (int i = 0; i < kEntries; ++i) keys.push_back(KeyOf(i));
  Report report;
  PORTOLAN_CHECK(Measure(1, keys, report));
  PORTOLAN_CHECK(Measure(2, keys, report));
  return report.Take();
}

}  // namespace portolan::bench
