#include "controller/daemon/system_clock.h"

#include <gtest/gtest.h>

#include <chrono>

namespace portolan::controller {
namespace {

TEST(SystemClock, TellsTheMachinesTimes) {
  const SystemClock clock;
  const auto wall = std::chrono::system_clock::now();
  const auto mono = std::chrono::steady_clock::now().time_since_epoch();
  const Now now = clock.now();
  EXPECT_LE(now.mono - mono, std::chrono::minutes(1));
  EXPECT_GE(now.mono - mono, -std::chrono::milliseconds(1));
  EXPECT_LT(std::chrono::abs(now.wall - wall), std::chrono::minutes(1));
  EXPECT_GE(clock.now().mono, now.mono);
}

}  // namespace
}  // namespace portolan::controller
