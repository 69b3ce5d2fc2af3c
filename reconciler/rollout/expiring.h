#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "mapcore/base/clock.h"
#include "mapcore/base/digest.h"
#include "mapcore/base/result.h"

namespace portolan::reconciler {

// What a person orders for a while, and what ends by itself: overrides of entries and suspensions.
// Their ends are wall times, said to people when they are set: a restart neither lengthens nor
// shortens them.

// A deliberate live change of one entry, on both arms, over what git says (break-glass).
struct Override {
  std::string key;
  std::string value;  // canonical JSON
  std::string actor;
  std::string reason;
  WallTime at{};
  WallTime until{};
  std::optional<Digest> base;  // stable when it was set
  std::string map = {};        // of a group: the member whose entry it is; else empty

  friend bool operator==(const Override&, const Override&) = default;
};

// No new rollout of the map starts; one that runs goes on, and so do all ways back.
struct Suspension {
  std::string actor;
  std::string reason;
  WallTime at{};
  WallTime until{};

  friend bool operator==(const Suspension&, const Suspension&) = default;
};

constexpr std::size_t kOverridesMax = 100;  // of one map: more are a commit
constexpr Duration kOverrideMax = std::chrono::hours(7 * 24);
constexpr Duration kSuspensionMax = std::chrono::hours(30 * 24);

// The entries that hide those of both arms.
std::map<std::string, std::string> OverlayOf(const std::vector<Override>& overrides);

}  // namespace portolan::reconciler
