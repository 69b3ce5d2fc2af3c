#pragma once

#include "mapcore/base/clock.h"

namespace portolan::controller {

// The machine's clocks: UTC and CLOCK_MONOTONIC.
class SystemClock final : public Clock {
 public:
  Now now() const override;
};

}  // namespace portolan::controller
