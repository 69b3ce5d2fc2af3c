#include <gtest/gtest.h>

#include "tests/controller/reconcile/scripted_git.h"

namespace portolan::controller {
namespace {

class SourceInputsTest : public testing::Test {
 protected:
  SourceInputsTest() {
    edge.Push('a', MapsOf({{"limits", "{a: 1}"}}));
    edge.Look();
  }
  MemoryStore disk;
  World world{disk};
  FollowedSource edge{world, SettingsOf("edge")};
};

TEST_F(SourceInputsTest, WhoAsksEndsTheWaitAtOnce) {
  edge.source.Replan("limits");
  edge.source.Wait(std::chrono::hours(1));
  edge.Look();
  auto judged = edge.source.Rejudge("limits");
  edge.source.Wait(std::chrono::hours(1));
  edge.Look();
  EXPECT_EQ(judged.get().followed, ScriptedGit::Name('a'));
  edge.source.Wake();
  edge.source.Wait(std::chrono::hours(1));
}

TEST_F(SourceInputsTest, RejudgingDoesNotLookAtTheRemote) {
  const int fetches = edge.git.fetches;
  auto judged = edge.source.Rejudge("limits");
  edge.Look();
  EXPECT_EQ(judged.wait_for(Duration(0)), std::future_status::ready);
  EXPECT_EQ(edge.git.fetches, fetches);
}

TEST_F(SourceInputsTest, AnApprovalOfPoliciesThatNobodyWaitsForIsAConflict) {
  auto done = edge.source.ApprovePolicies({Sha256Of("x"), "user:ana", ""});
  edge.source.Wait(std::chrono::hours(1));
  edge.Look();
  EXPECT_EQ(done.get().error().code, ErrorCode::kConflict);
}

}  // namespace
}  // namespace portolan::controller
