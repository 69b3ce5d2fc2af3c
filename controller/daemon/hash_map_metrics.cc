#include "controller/daemon/hash_map_metrics.h"

#include <cstdint>
#include <string>
#include <utility>

namespace portolan::controller {
namespace {

constexpr std::size_t kFields = 8;
// A gauge is a double, which holds 53 bits exactly: of a fingerprint these are enough to see that a
// seed has changed.
constexpr std::uint64_t kFingerprintMask = 0xffff'ffff;

}  // namespace

HashMapMetrics::HashMapMetrics(MetricRegistry& registry)
    : hmap_(registry.AddGauge({"portolan_mapcore_hmap",
                               "The hash map under the stable version, in the Go runtime's words.",
                               {"map", "field"},
                               kSeriesMax * kFields})) {}

// Nothing for a map that has no series and needs none.
std::optional<mapcore::HmapDebug> HashMapMetrics::Of(const std::string& map,
                                                     const mapcore::MapVersion& version) {
  const std::scoped_lock lock(mutex_);
  std::optional<mapcore::HmapDebug> debug = version.debug();
  if (debug) shown_.insert(map);
  if (!debug && shown_.contains(map)) debug.emplace();
  return debug;
}

void HashMapMetrics::Read(const mapcore::Catalog& catalog) {
  for (const std::string& map : catalog.Names()) {
    mapcore::ReadGuard guard;
    const mapcore::LiveState* state = catalog.Find(guard, map);
    if (state == nullptr || state->stable == nullptr) continue;
    const auto debug = Of(map, *state->stable);
    if (!debug) continue;
    const std::pair<const char*, std::uint64_t> fields[kFields] = {
        {"count", debug->count},
        {"flags", debug->flags},
        {"B", debug->B},
        {"noverflow", debug->noverflow},
        {"buckets", debug->buckets},
        {"hash0", debug->hash0 & kFingerprintMask},
        {"oldbuckets", debug->oldbuckets},
        {"nevacuate", debug->nevacuate}};
    for (const auto& [field, value] : fields)
      hmap_.With({map, field}).Set(static_cast<double>(value));
  }
}

}  // namespace portolan::controller
