#include "reconciler/freeze_window.h"

#include <algorithm>

#include "mapcore/traffic_split.h"

namespace portolan::reconciler {
namespace {

using std::chrono::days;
using std::chrono::minutes;
using std::chrono::seconds;

bool Concerns(const FreezeWindow& window, std::string_view map) {
  return window.maps.empty() ||
         std::any_of(window.maps.begin(), window.maps.end(),
                     [&](const std::string& glob) { return mapcore::GlobMatch(glob, map); });
}

// Seconds east of UTC.
seconds OffsetAt(const FreezeWindow& window, WallTime time, const cel::Zones* zones) {
  if (const auto fixed = cel::FixedOffset(window.zone)) return seconds(*fixed);
  if (zones == nullptr) return seconds(0);
  const auto zone = zones->Find(window.zone);
  if (!zone.ok()) return seconds(0);
  return seconds((*zone)->OffsetAt(std::chrono::floor<seconds>(time).time_since_epoch().count()));
}

// The end of the window that began on the local day `day`, if it is on at `now`.
std::optional<WallTime> EndIfOn(const FreezeWindow& window, std::chrono::sys_days day, WallTime now,
                                const cel::Zones* zones) {
  const auto weekday = static_cast<int>(std::chrono::weekday(day).c_encoding());
  if (!window.days.empty() &&
      std::find(window.days.begin(), window.days.end(), weekday) == window.days.end())
    return std::nullopt;
  const bool overnight = window.end_minute <= window.start_minute;
  const WallTime local_start = day + minutes(window.start_minute);
  const WallTime local_end = day + days(overnight ? 1 : 0) + minutes(window.end_minute);
  const WallTime local_now = now + OffsetAt(window, now, zones);
  if (local_now < local_start || local_now >= local_end) return std::nullopt;
  // The clocks may change before the end: the offset is that of the end. Twice, since the first
  // guess may lie on the other side of the change.
  WallTime end = local_end - OffsetAt(window, now, zones);
  end = local_end - OffsetAt(window, end, zones);
  return std::max(end, now + minutes(1));
}

std::optional<WallTime> EndIfOn(const FreezeWindow& window, WallTime now, const cel::Zones* zones) {
  if (window.from && window.until) {
    if (now < *window.from || now >= *window.until) return std::nullopt;
    return window.until;
  }
  const auto today = std::chrono::floor<days>(now + OffsetAt(window, now, zones));
  if (const auto end = EndIfOn(window, today, now, zones)) return end;
  return EndIfOn(window, today - days(1), now, zones);
}

// The window that is on and ends last.
std::optional<Freeze> LongestAt(std::span<const FreezeWindow> windows, std::string_view map,
                                WallTime now, const cel::Zones* zones) {
  std::optional<Freeze> longest;
  for (const FreezeWindow& window : windows) {
    if (!Concerns(window, map)) continue;
    const auto end = EndIfOn(window, now, zones);
    if (end && (!longest || *end > longest->until)) longest = Freeze{window.name, *end};
  }
  return longest;
}

}  // namespace

std::optional<Freeze> FreezeAt(std::span<const FreezeWindow> windows, std::string_view map,
                               WallTime now, const cel::Zones* zones) {
  std::optional<Freeze> freeze = LongestAt(windows, map, now, zones);
  for (int i = 1; freeze && i < kFreezeChainMax; ++i) {
    const auto next = LongestAt(windows, map, freeze->until, zones);
    if (!next) break;
    freeze->until = next->until;
  }
  return freeze;
}

}  // namespace portolan::reconciler
