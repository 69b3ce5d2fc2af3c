#pragma once

#include <string>
#include <string_view>

#include "mapcore/base/result.h"
#include "mapcore/live_map.h"
#include "reconciler/drift.h"

namespace portolan::reconciler {

// Somebody who holds maps and may lose what it was given: the daemon's own serving state first of
// all. Called by the control thread, so neither may block.
class Holder {
 public:
  virtual ~Holder() = default;
  virtual std::string_view name() const = 0;
  // What it has of the map; nothing on either arm when it does not know the map. Errors:
  // kUnavailable when it cannot be asked now.
  virtual Result<Holding> Read(const std::string& map) = 0;
  // Makes it hold exactly this; without a version on either arm, nothing of the map.
  virtual Status Heal(const std::string& map, const mapcore::LiveState& should) = 0;
};

}  // namespace portolan::reconciler
