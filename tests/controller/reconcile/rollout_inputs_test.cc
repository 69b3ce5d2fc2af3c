#include <gtest/gtest.h>

#include "tests/controller/reconcile/world.h"

namespace portolan::controller {
namespace {

// Waits at most a minute: a test that hangs there fails by its deadline.
void ExpectWoken(World& world) {
  const auto start = std::chrono::steady_clock::now();
  world.rollouts.Wait(std::chrono::minutes(1));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
  world.Process();
}

TEST(RolloutInputs, EachKindEndsTheWaitOfTheLoop) {
  MemoryStore disk;
  World world(disk);
  ASSERT_TRUE(world.rollouts.Report({{"client", 1, "limits", {}}}));
  ExpectWoken(world);
  ASSERT_TRUE(world.rollouts.Acknowledge({reconciler::Ack{}}));
  ExpectWoken(world);
  world.rollouts.Measured({});
  ExpectWoken(world);
  auto answer = world.rollouts.Submit("limits", {});
  ExpectWoken(world);
  EXPECT_EQ(answer.get().error().code, ErrorCode::kNotFound);
  auto taken = world.rollouts.Wish({"edge", {}, {}});
  ExpectWoken(world);
  EXPECT_EQ(taken.wait_for(Duration(0)), std::future_status::ready);
  world.rollouts.Wake();
  ExpectWoken(world);
}

}  // namespace
}  // namespace portolan::controller
