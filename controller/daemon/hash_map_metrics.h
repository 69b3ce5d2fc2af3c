#pragma once

#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "controller/telemetry/metrics.h"
#include "mapcore/live_map.h"

namespace portolan::controller {

// The hash maps under what is served, in the words of the Go runtime's hmap (docs/operations.md):
// read when somebody asks. Thread-safe.
class HashMapMetrics {
 public:
  // The registry outlives this.
  explicit HashMapMetrics(MetricRegistry& registry);

  // Of the stable version of each map. One so small that no hash map holds it has no series, or
  // goes to 0 where it had one. O(maps).
  void Read(const mapcore::Catalog& catalog);

 private:
  std::optional<mapcore::HmapDebug> Of(const std::string& map, const mapcore::MapVersion& version);

  Family<Gauge>& hmap_;
  std::mutex mutex_;
  std::set<std::string> shown_;  // maps that have series
};

}  // namespace portolan::controller
