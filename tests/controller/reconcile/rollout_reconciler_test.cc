#include "controller/reconcile/rollout_reconciler.h"

#include <algorithm>

#include "tests/controller/reconcile/world.h"

namespace portolan::controller {
namespace {

using reconciler::Command;
using reconciler::Verb;
using std::chrono::seconds;

Command CommandOf(Verb verb, std::string actor, std::string request_id = "") {
  Command command;
  command.verb = verb;
  command.actor = std::move(actor);
  command.request_id = std::move(request_id);
  command.full = verb == Verb::kPromote;
  return command;
}

class RolloutReconcilerTest : public testing::Test {
 protected:
  RolloutReconcilerTest() { world.Settle("limits", world.limits_1); }

  void StartRollout() {
    world.Want("limits", world.limits_2);
    ASSERT_EQ(world.Served("limits").weight, 5'000u);
  }

  std::string Digest1() const { return world.limits_1->digest().ToString(); }
  std::string Digest2() const { return world.limits_2->digest().ToString(); }

  std::vector<std::string> StoredReasons() {
    std::vector<std::string> reasons;
    const auto events = disk.Events({.after = 0, .limit = 1'000}).value();
    for (const auto& event : events) reasons.push_back(event.reason);
    return reasons;
  }

  reconciler::Report ReportOf(std::uint64_t batch, std::int64_t lookups) {
    return world.ReportOf("limits", world.limits_2, batch, lookups);
  }

  MemoryStore disk;
  World world{disk};
};

TEST_F(RolloutReconcilerTest, ServesTheWeightOfEachStepAndThenTheNewVersion) {
  StartRollout();
  EXPECT_EQ(world.Served("limits"), (World::Seen{Digest1(), Digest2(), 5'000, 1, "limits#2"}));
  world.Pass(seconds(11));
  EXPECT_EQ(world.Served("limits").weight, 50'000u);
  world.Pass(seconds(11));
  EXPECT_EQ(world.Served("limits").weight, mapcore::kWeightMax);
  world.Pass(seconds(31));
  EXPECT_EQ(world.Served("limits"), (World::Seen{Digest2(), "-", 0, 0, ""}));
  EXPECT_EQ(world.Phase("limits"), "Healthy");
}

TEST_F(RolloutReconcilerTest, ServesNoWishThatCouldNotBeStoredAndTakesItUpWhenTheStoreWorksAgain) {
  const auto target = world.TargetOf("limits", world.limits_2);
  world.store.FailWrites(DiskFull());
  world.Want("limits", target);
  EXPECT_EQ(world.Served("limits"), (World::Seen{Digest1(), "-", 0, 0, ""}));
  EXPECT_EQ(world.Phase("limits"), "Healthy");
  ASSERT_FALSE(world.faults.empty());
  EXPECT_EQ(world.faults.front().code, ErrorCode::kExhausted);
  EXPECT_TRUE(world.rollouts.journalled());

  world.Pass(seconds(3));
  EXPECT_EQ(world.Served("limits").weight, 0u);
  world.store.Heal();
  world.Pass(seconds(1));
  EXPECT_EQ(world.Served("limits"), (World::Seen{Digest1(), Digest2(), 5'000, 1, "limits#2"}));
}

TEST_F(RolloutReconcilerTest, ServesAFirstVersionOnlyOnceItIsStored) {
  const auto target = world.TargetOf("flags", world.limits_3);
  world.store.FailWrites(DiskFull());
  world.Want("flags", target);
  EXPECT_EQ(world.Served("flags").stable, "none");
  EXPECT_EQ(world.Phase("flags"), "none");
  world.store.Heal();
  world.Pass(seconds(1));
  EXPECT_EQ(world.Served("flags").canary, world.limits_3->digest().ToString());
}

TEST_F(RolloutReconcilerTest, ARemovalThatCouldNotBeStoredIsRepeated) {
  world.store.FailWrites(DiskFull());
  world.rollouts.Wish({"edge", {}, {"limits"}});
  world.Process();
  EXPECT_EQ(world.Phase("limits"), "Healthy");
  world.store.Heal();
  world.Pass(seconds(1));
  EXPECT_EQ(world.Phase("limits"), "Retiring");
}

TEST_F(RolloutReconcilerTest, APromoteThatCannotBeStoredIsRefusedAndNotServed) {
  StartRollout();
  world.store.FailWrites(DiskFull());
  const auto answer = world.Do("limits", CommandOf(Verb::kPromote, "user:ana"));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::kExhausted);
  EXPECT_EQ(world.Served("limits").weight, 5'000u);
  EXPECT_EQ(world.Phase("limits"), "Stepping");
  EXPECT_TRUE(world.rollouts.journalled());
}

TEST_F(RolloutReconcilerTest, AnAbortIsServedAtOnceThoughTheStoreFailsAndStoredLater) {
  StartRollout();
  const std::uint64_t version = world.Stored("limits").version;
  world.told.clear();
  world.store.FailWrites(DiskFull());
  const auto answer = world.Do("limits", Verb::kAbort);
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(answer->outcome.accepted);
  ASSERT_TRUE(answer->unjournalled.has_value());
  EXPECT_EQ(answer->unjournalled->code, ErrorCode::kExhausted);
  EXPECT_EQ(answer->after->phase, reconciler::Phase::kRollingBack);
  EXPECT_EQ(world.Served("limits"), (World::Seen{Digest1(), "-", 0, 0, ""}));
  EXPECT_FALSE(world.rollouts.journalled());
  EXPECT_EQ(world.Stored("limits").version, version);
  EXPECT_TRUE(world.told.empty()) << "an event was told before it was stored";

  world.Pass(seconds(2));
  EXPECT_FALSE(world.rollouts.journalled());
  world.store.Heal();
  world.Pass(seconds(2));
  EXPECT_TRUE(world.rollouts.journalled());
  EXPECT_EQ(world.told, (std::vector<std::string>{"RollingBack", "RolledBack"}));
  const std::vector<std::string> reasons = StoredReasons();
  ASSERT_GE(reasons.size(), 2u);
  EXPECT_EQ(reasons[reasons.size() - 2], "RollingBack");
  EXPECT_EQ(reasons.back(), "RolledBack");

  World after(disk);
  ASSERT_TRUE(after.rollouts.Restore().ok());
  EXPECT_EQ(after.Phase("limits"), "RolledBack");
  EXPECT_EQ(after.Served("limits"), (World::Seen{Digest1(), "-", 0, 0, ""}));
}

TEST_F(RolloutReconcilerTest, ARollbackIsServedAtOnceThoughTheStoreFails) {
  world.Settle("limits", world.limits_2);
  world.store.FailWrites(DiskFull());
  const auto answer = world.Do("limits", Verb::kRollback);
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(answer->outcome.accepted) << answer->outcome.message;
  EXPECT_TRUE(answer->unjournalled.has_value());
  EXPECT_EQ(world.Served("limits").stable, Digest1());
  world.store.Heal();
  world.Pass(seconds(1));
  EXPECT_TRUE(world.rollouts.journalled());
  World after(disk);
  ASSERT_TRUE(after.rollouts.Restore().ok());
  EXPECT_EQ(after.Served("limits").stable, Digest1());
}

TEST_F(RolloutReconcilerTest, ALockIsServedAtOnceThoughTheStoreFails) {
  StartRollout();
  world.store.FailWrites(DiskFull());
  const auto answer = world.Do("limits", Verb::kLock);
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(answer->unjournalled.has_value());
  EXPECT_EQ(world.Served("limits"), (World::Seen{Digest1(), "-", 0, 0, ""}));
  world.store.Heal();
  world.Pass(seconds(1));
  EXPECT_TRUE(world.rollouts.journalled());
  World after(disk);
  ASSERT_TRUE(after.rollouts.Restore().ok());
  EXPECT_EQ(after.Phase("limits"), "Locked");
}

TEST_F(RolloutReconcilerTest, AnUnstoredAbortKeepsItsEventsWhenALaterCommandIsStoredFirst) {
  StartRollout();
  world.store.FailWrites(DiskFull());
  ASSERT_TRUE(world.Do("limits", Verb::kAbort).ok());
  world.store.Heal();
  const auto locked = world.Do("limits", Verb::kLock);
  ASSERT_TRUE(locked.ok());
  EXPECT_FALSE(locked->unjournalled.has_value());
  EXPECT_TRUE(world.rollouts.journalled());
  const std::vector<std::string> reasons = StoredReasons();
  EXPECT_EQ(std::count(reasons.begin(), reasons.end(), "RollingBack"), 1);
  EXPECT_EQ(reasons.back(), "Locked");
}

TEST_F(RolloutReconcilerTest, ServesAfterARestartWhatItServedBefore) {
  StartRollout();
  world.Pass(seconds(14));
  const auto before = world.rollouts.Find("limits");
  ASSERT_EQ(before->progress.step, 1u);

  World after(disk);
  ASSERT_TRUE(after.rollouts.Restore().ok());
  EXPECT_EQ(after.Served("limits"), world.Served("limits"));
  EXPECT_EQ(after.Served("limits").weight, 50'000u);
  const auto restored = after.rollouts.Find("limits");
  EXPECT_EQ(restored->progress.step, before->progress.step);
  EXPECT_GT(restored->progress.soaked, seconds(2));
  EXPECT_EQ(restored->progress.soaked, before->progress.soaked);
  EXPECT_EQ(restored->history.size(), before->history.size());

  const Duration rest = seconds(10) - restored->progress.soaked;
  after.Process();  // the first Step after a restart counts no time
  EXPECT_EQ(after.rollouts.Find("limits")->progress.soaked, before->progress.soaked);
  after.Pass(rest - seconds(1));
  EXPECT_EQ(after.Served("limits").weight, 50'000u);
  after.Pass(seconds(1));
  EXPECT_EQ(after.Served("limits").weight, mapcore::kWeightMax);
}

TEST_F(RolloutReconcilerTest, SaysWhichMapItCannotServeAfterARestart) {
  const reconciler::Record record = world.Stored("limits");
  MemoryStore without_blobs;
  reconciler::Batch batch;
  batch.puts.push_back({record.key, record.body, 0});
  ASSERT_TRUE(without_blobs.Commit(batch).ok());
  World after(without_blobs);
  ASSERT_TRUE(after.rollouts.Restore().ok());
  EXPECT_EQ(after.Served("limits").stable, "none");
  ASSERT_EQ(after.faults.size(), 1u);
  EXPECT_EQ(after.faults.front().code, ErrorCode::kNotFound);
}

TEST_F(RolloutReconcilerTest, RefusesToStartOnARecordItCannotRead) {
  reconciler::Batch batch;
  batch.puts.push_back({"rollout/odd", R"({"format":99})", 0});
  ASSERT_TRUE(disk.Commit(batch).ok());
  World after(disk);
  EXPECT_FALSE(after.rollouts.Restore().ok());
}

TEST_F(RolloutReconcilerTest, IgnoresReportsOfMapsItDoesNotKnow) {
  reconciler::Report report = ReportOf(1, 10);
  report.map = "nobody";
  ASSERT_TRUE(world.rollouts.Report({report}));
  world.Process();
  EXPECT_EQ(world.Phase("nobody"), "none");
}

TEST_F(RolloutReconcilerTest, ASaferVerbWinsARace) {
  StartRollout();
  auto promote = world.rollouts.Submit("limits", CommandOf(Verb::kPromote, "user:ana"));
  auto abort = world.rollouts.Submit("limits", CommandOf(Verb::kAbort, "user:bo"));
  world.Process();
  EXPECT_TRUE(abort.get().value().outcome.accepted);
  EXPECT_FALSE(promote.get().value().outcome.accepted);
  EXPECT_EQ(world.Served("limits"), (World::Seen{Digest1(), "-", 0, 0, ""}));
}

TEST_F(RolloutReconcilerTest, LockWinsOverEveryOtherVerb) {
  StartRollout();
  auto pause = world.rollouts.Submit("limits", CommandOf(Verb::kPause, "user:ana"));
  auto abort = world.rollouts.Submit("limits", CommandOf(Verb::kAbort, "user:bo"));
  auto lock = world.rollouts.Submit("limits", CommandOf(Verb::kLock, "user:cy"));
  world.Process();
  EXPECT_TRUE(lock.get().value().outcome.accepted);
  EXPECT_FALSE(abort.get().value().outcome.accepted);
  EXPECT_TRUE(pause.get().ok());
  EXPECT_EQ(world.Phase("limits"), "Locked");
}

TEST_F(RolloutReconcilerTest, APromoteThatComesWithAPauseIsRefused) {
  StartRollout();
  Command full = CommandOf(Verb::kPromote, "user:ana");
  full.full = true;
  auto promote = world.rollouts.Submit("limits", std::move(full));
  auto pause = world.rollouts.Submit("limits", CommandOf(Verb::kPause, "user:bo"));
  world.Process();
  EXPECT_TRUE(pause.get().value().outcome.accepted);
  const auto refused = promote.get().value().outcome;
  EXPECT_FALSE(refused.accepted);
  EXPECT_TRUE(refused.message.starts_with("pause by user:bo came at the same time"));
  EXPECT_EQ(world.Phase("limits"), "Paused");
}

TEST_F(RolloutReconcilerTest, WaitsForAFreezeAndGoesOnWhenItIsOver) {
  world.freeze = reconciler::Freeze{"nights", world.clock.now().wall + std::chrono::minutes(5)};
  world.Want("limits", world.limits_2);
  EXPECT_EQ(world.Phase("limits"), "Held");
  EXPECT_LE(world.Process(), std::chrono::minutes(1));
  world.Pass(std::chrono::minutes(5) + std::chrono::seconds(1));
  EXPECT_EQ(world.Phase("limits"), "Stepping");
}

TEST_F(RolloutReconcilerTest, AVerbOnAnUnknownMapIsNotFound) {
  const auto answer = world.Do("nobody", Verb::kPause);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::kNotFound);
}

TEST_F(RolloutReconcilerTest, ARepeatedRequestActsOnceAlsoAfterARestart) {
  StartRollout();
  const Command skip = CommandOf(Verb::kSkip, "user:ana", "request-7");
  const auto first = world.Do("limits", skip);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(world.Served("limits").step, 2u);
  const auto again = world.Do("limits", skip);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->outcome.message, first->outcome.message);
  EXPECT_EQ(world.Served("limits").step, 2u);
  World after(disk);
  ASSERT_TRUE(after.rollouts.Restore().ok());
  EXPECT_TRUE(after.Do("limits", skip)->outcome.accepted);
  EXPECT_EQ(after.Served("limits").step, 2u);
}

TEST_F(RolloutReconcilerTest, AWishAgainstAStaleBaseAsksForANewPlan) {
  auto target = world.TargetOf("limits", world.limits_3);
  target.base = world.limits_2->digest();
  world.Want("limits", target);
  EXPECT_EQ(world.replans, (std::vector<std::pair<std::string, std::string>>{{"edge", "limits"}}));
  EXPECT_EQ(world.Phase("limits"), "Healthy");
  EXPECT_EQ(world.Served("limits").canary, "-");
}

TEST_F(RolloutReconcilerTest, AWishThatArrivesAsTheBakeEndsIsPlannedAgainstTheNewStableVersion) {
  StartRollout();
  world.Pass(seconds(22));
  ASSERT_EQ(world.Phase("limits"), "Baking");
  const auto target = world.TargetOf("limits", world.limits_3);
  world.clock.Advance(seconds(60));
  world.Want("limits", target);
  EXPECT_EQ(world.Served("limits"), (World::Seen{Digest2(), "-", 0, 0, ""}));
  EXPECT_EQ(world.replans, (std::vector<std::pair<std::string, std::string>>{{"edge", "limits"}}));
}

TEST_F(RolloutReconcilerTest, AWishOfAnotherSourceIsNotTakenUp) {
  SourceWish wish{"core", {}, {}};
  wish.targets.emplace("limits", world.TargetOf("limits", world.limits_3));
  world.rollouts.Wish(std::move(wish));
  world.Process();
  EXPECT_EQ(world.replans, (std::vector<std::pair<std::string, std::string>>{{"core", "limits"}}));
  EXPECT_EQ(world.rollouts.Find("limits")->source, "edge");
  EXPECT_EQ(world.Served("limits").canary, "-");
}

TEST_F(RolloutReconcilerTest, TheFirstOfTwoSourcesGetsAMapThatBothWantAtOnce) {
  SourceWish edge{"edge", {}, {}};
  edge.targets.emplace("flags", world.TargetOf("flags", world.limits_2));
  SourceWish core{"core", {}, {}};
  core.targets.emplace("flags", world.TargetOf("flags", world.limits_3));
  world.rollouts.Wish(std::move(edge));
  world.rollouts.Wish(std::move(core));
  world.Process();
  EXPECT_EQ(world.rollouts.Find("flags")->source, "edge");
  EXPECT_EQ(world.Served("flags").canary, Digest2());
  EXPECT_EQ(world.replans, (std::vector<std::pair<std::string, std::string>>{{"core", "flags"}}));
}

TEST_F(RolloutReconcilerTest, ARemovedMapIsServedUntilItIsPruned) {
  world.rollouts.Wish({"edge", {}, {"limits"}});
  world.Process();
  EXPECT_EQ(world.Phase("limits"), "Retiring");
  EXPECT_EQ(world.Served("limits").stable, Digest1());
  ASSERT_TRUE(world.Do("limits", Verb::kPrune)->outcome.accepted);
  EXPECT_EQ(world.Served("limits").stable, "none");
  World after(disk);
  ASSERT_TRUE(after.rollouts.Restore().ok());
  EXPECT_EQ(after.Served("limits").stable, "none");
}

TEST_F(RolloutReconcilerTest, SaysHowLongNothingWillHappen) {
  EXPECT_EQ(world.Process(), seconds(10));
  StartRollout();
  EXPECT_LE(world.Process(), seconds(1));
  EXPECT_GT(world.Process(), Duration(0));
}

TEST_F(RolloutReconcilerTest, WaitEndsAtOnceWhenThereIsAnInputOrItWasWoken) {
  const auto begin = std::chrono::steady_clock::now();
  world.rollouts.Wake();
  world.rollouts.Wait(std::chrono::minutes(10));
  ASSERT_TRUE(world.rollouts.Report({ReportOf(1, 1)}));
  world.rollouts.Wait(std::chrono::minutes(10));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::minutes(1));
}

TEST_F(RolloutReconcilerTest, ListsTheMapsByName) {
  world.Want("flags", world.limits_3);
  const auto all = world.rollouts.All();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0]->map, "flags");
  EXPECT_EQ(all[1]->map, "limits");
}

}  // namespace
}  // namespace portolan::controller
