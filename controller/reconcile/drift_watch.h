#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/reconcile/content_check.h"
#include "reconciler/ports/holder.h"
#include "reconciler/ports/state_store.h"
#include "reconciler/rollout/rollout.h"

namespace portolan::controller {

// How one holder of a map differed when it was last looked at.
struct HolderDrift {
  std::string holder;
  reconciler::Drift drift;
  std::string error;  // why it could not be compared or healed; empty when it could
};

struct MapDrift {
  std::string map;
  manifests::HealSettings heal;
  std::vector<HolderDrift> holders;
  WallTime checked{};
  std::optional<WallTime> healed;  // the last time that something was
  std::int64_t heals = 0;          // since the daemon started
  std::vector<reconciler::Override> overrides;
};

// Drift over everything that is watched, at one moment.
struct DriftTotals {
  WallTime at{};
  std::int64_t maps = 0;
  std::int64_t drifted_maps = 0;
  std::int64_t keys = 0;
  std::int64_t drifted_keys = 0;

  double map_rate() const;
  double key_rate() const;
};

struct DriftReport {
  std::vector<MapDrift> maps;       // by name
  DriftTotals totals;               // of these
  std::deque<DriftTotals> history;  // of all maps, oldest first: the worst of each interval
};

constexpr Duration kDriftSampleInterval = std::chrono::seconds(30);
constexpr std::size_t kDriftSamplesMax = 2'880;  // a day

// Compares what holders have of the maps with what they should hold, gives it to them again, and
// remembers what it found. Know, Check and Sample are called by one thread; the reports may be
// asked for by any.
class DriftWatch {
 public:
  void Add(reconciler::Holder& holder) { holders_.push_back(&holder); }

  // A holder that holds the damaged version drifted, until it holds another one. Known as long as
  // anybody has that version, and until the next Sample.
  void Know(Damage damage);

  // Looks at one map. `should` is what every holder of it should have, or why that is not known
  // now. With `heal` the map's setting decides whether drift is healed. Returns what happened, to
  // be told once.
  std::vector<reconciler::Event> Check(const reconciler::Rollout& rollout,
                                       const Result<mapcore::LiveState>& should, const Now& now,
                                       bool heal);
  void Forget(const std::string& map);
  // Adds a line to the history, and forgets damage that is gone.
  void Sample(WallTime now);

  DriftReport Report(WallTime now, std::string_view map = "") const;

 private:
  struct Watched {
    MapDrift found;
    std::int64_t worst_keys = 0;  // drifted since the last sample
    bool worst_any = false;
    std::string announced;  // what was said of it last
  };
  HolderDrift CheckHolder(reconciler::Holder& holder, const std::string& map,
                          const Result<mapcore::LiveState>& should) const;
  void AddDamage(const reconciler::Holding& has, HolderDrift& found) const;

  std::vector<reconciler::Holder*> holders_;
  std::vector<Damage> damages_;
  mutable std::mutex mutex_;
  std::map<std::string, Watched, std::less<>> maps_;
  std::deque<DriftTotals> history_;
};

}  // namespace portolan::controller
