#include "controller/daemon/system_clock.h"

namespace portolan::controller {

Now SystemClock::now() const {
  return {std::chrono::floor<Duration>(std::chrono::system_clock::now()),
          std::chrono::floor<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

}  // namespace portolan::controller
