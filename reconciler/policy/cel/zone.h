#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mapcore/base/result.h"

namespace portolan::reconciler::cel {

// The rule for times after a zone's last recorded transition: the POSIX TZ footer of a TZif file,
// "CET-1CEST,M3.5.0,M10.5.0/3" (RFC 8536, section 3.3).
struct ZoneRule {
  struct Change {
    enum class Form { kMonthWeekDay, kJulian, kZeroBased } form = Form::kMonthWeekDay;
    int month = 0, week = 0, day = 0;
    std::int32_t seconds = 7200;  // of local time on that day, also negative or over 24 h
  };
  std::int32_t standard = 0;  // seconds east of UTC
  bool has_daylight = false;
  std::int32_t daylight = 0;
  Change to_daylight, to_standard;

  // Errors: kInvalid.
  static Result<ZoneRule> Parse(std::string_view text);
  std::int32_t OffsetAt(std::int64_t utc_seconds) const;
};

// The offsets from UTC of one place through time. Immutable, thread-safe.
class Zone {
 public:
  // Reads a TZif file of version 2 or later (RFC 8536). Errors: kCorrupt.
  static Result<Zone> Parse(std::string_view bytes);

  // Seconds east of UTC at a moment. O(log transitions).
  std::int32_t OffsetAt(std::int64_t utc_seconds) const;

 private:
  std::vector<std::int64_t> times_;    // of transitions, ascending
  std::vector<std::int32_t> offsets_;  // from that time on
  std::int32_t first_ = 0;             // before the first transition
  std::optional<ZoneRule> rule_;       // after the last
};

// Time zones by name. Implementations are thread-safe, and what they return lives as long as they
// do.
class Zones {
 public:
  virtual ~Zones() = default;
  // Errors: kNotFound for an unknown name; kCorrupt for a zone that cannot be read.
  virtual Result<const Zone*> Find(std::string_view name) const = 0;
};

// "UTC", "+02:00", "-09:30", "02:00": seconds east of UTC. Nothing for a name.
std::optional<std::int32_t> FixedOffset(std::string_view zone);

}  // namespace portolan::reconciler::cel
