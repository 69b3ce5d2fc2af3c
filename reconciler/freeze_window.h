#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mapcore/base/clock.h"
#include "reconciler/policy/cel/zone.h"

namespace portolan::reconciler {

// A span of time in which no rollout of certain maps starts or raises its weight. Either once, from
// one moment to another, or every week on certain days between two times of day, in the time of one
// place. One that ends at or before the time at which it starts ends on the next day.
struct FreezeWindow {
  std::string name;
  std::vector<std::string> maps;  // globs; none: all maps
  std::optional<WallTime> from;   // both or none
  std::optional<WallTime> until;
  std::vector<int> days;  // 0 Sunday to 6 Saturday, on which it starts; none: every day
  int start_minute = 0;   // of the day, 0 to 1439
  int end_minute = 0;     // 0 to 1440
  std::string zone = "UTC";
};

// A moment in a freeze.
struct Freeze {
  std::string window;  // the name of one that is on
  WallTime until{};    // when none is on any more; at most kFreezeChainMax windows are followed

  friend bool operator==(const Freeze&, const Freeze&) = default;
};
constexpr int kFreezeChainMax = 64;

// Whether a freeze is on for the map. Windows that follow each other without a gap count as one. A
// zone that is not known counts as UTC: windows are checked where they are read. Pure.
// O(windows · windows that follow).
std::optional<Freeze> FreezeAt(std::span<const FreezeWindow> windows, std::string_view map,
                               WallTime now, const cel::Zones* zones);

}  // namespace portolan::reconciler
