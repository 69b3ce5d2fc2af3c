#pragma once

#include <chrono>
#include <string>

#include "mapcore/base/result.h"

namespace portolan {

using Duration = std::chrono::milliseconds;
// Wall time in UTC, for records and people. It may jump; intervals are measured with monotonic
// time.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

// Both times of one moment. `mono` counts from an arbitrary start, never goes back and does not
// survive a restart.
struct Now {
  WallTime wall{};
  Duration mono{};
};

// The one door to time. Implementations are thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Now now() const = 0;
};

// RFC 3339 in UTC with milliseconds, "2026-11-21T01:30:00.250Z". A time outside the years 0000 to
// 9999 is written as the nearest one inside, so that ParseTime reads whatever was written.
std::string FormatTime(WallTime time);
// Reads what FormatTime writes; the fraction may be absent. Errors: kInvalid.
Result<WallTime> ParseTime(std::string_view text);

// A duration as people write it, largest units first, without zeros: "1h30m", "90s" is "1m30s",
// "250ms", "0s".
std::string FormatDuration(Duration duration);
// Reads "250ms", "10s", "1m30s", "24h", "7d". Errors: kInvalid for an empty, negative, unit-less or
// overflowing text.
Result<Duration> ParseDuration(std::string_view text);

}  // namespace portolan
