#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "mapcore/live_map.h"

namespace portolan::reconciler {

// What somebody who holds a map has of it: on each arm, and laid over both. An arm without a
// version of its own reads the stable one, so a canary is never drift by being there.
struct Holding {
  mapcore::VersionPtr stable;
  mapcore::VersionPtr canary;   // null: the arm reads stable
  mapcore::VersionPtr overlay;  // null: nothing is overridden
  mapcore::TrafficSplit split;
};
Holding HoldingOf(const mapcore::LiveState& state);

enum class DriftKind {
  kChanged,  // another value than it should have
  kMissing,  // the holder lacks the key
  kExtra,    // the holder has a key that it should not
};
std::string_view DriftKindName(DriftKind kind);  // "changed", "missing", "extra"

struct DriftedKey {
  std::string key;
  DriftKind kind = DriftKind::kChanged;

  friend bool operator==(const DriftedKey&, const DriftedKey&) = default;
};

constexpr std::size_t kDriftKeysShown = 20;

// How what a holder has differs from what it should hold. Overrides that should be there are no
// drift, and one that is not there is.
struct Drift {
  std::int64_t keys = 0;         // the union of what is held and what should be, over both arms
  std::int64_t drifted = 0;      // of these, each counted once
  bool split = false;            // subjects are divided otherwise than they should be
  std::vector<DriftedKey> some;  // the first of them, in byte order of keys

  bool any() const { return drifted > 0 || split; }
  double rate() const;  // drifted / max(1, keys)
  friend bool operator==(const Drift&, const Drift&) = default;
};

// Every key that drifted, and how.
using DriftedKeys = std::map<std::string, DriftKind, std::less<>>;

// Compares entry by entry, whatever the digests say. O(n).
DriftedKeys CompareContents(const mapcore::MapVersion& should, const mapcore::MapVersion& has);

// Counts keys that drifted besides those in `drift`.
void AddDrifted(const DriftedKeys& drifted, Drift& drift);

// Pure. Time follows what differs, not the map, as far as versions share structure.
Drift CompareHoldings(const Holding& should, const Holding& has);

}  // namespace portolan::reconciler
