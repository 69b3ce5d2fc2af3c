#include "controller/reconcile/source_reconciler.h"

#include "tests/controller/reconcile/scripted_git.h"

namespace portolan::controller {
namespace {

using reconciler::BranchMove;
using std::chrono::milliseconds;
using std::chrono::seconds;

class SourceReconcilerTest : public testing::Test {
 protected:
  SourceReconcilerTest() {
    world.on_replan = [this](const std::string& name, const std::string& map) {
      if (name == "edge") edge.source.Replan(map);
    };
  }

  SourceStatus Status() const { return edge.source.status(); }
  std::string Stable(const std::string& map) const { return world.Served(map).stable; }

  // Follows commit 'a' and lets its maps become healthy.
  void Settle(const std::map<std::string, std::string>& maps) {
    edge.Push('a', MapsOf(maps));
    world.Pass(std::chrono::minutes(2));
    for (const auto& [name, entries] : maps) ASSERT_EQ(world.Phase(name), "Healthy") << name;
  }

  MemoryStore disk;
  World world{disk};
  FollowedSource edge{world, SettingsOf("edge")};
};

TEST_F(SourceReconcilerTest, RollsOutWhatTheBranchSays) {
  edge.Push('a', MapsOf({{"limits", "{a: 1}"}}));
  EXPECT_EQ(world.Phase("limits"), "Baking");
  const SourceStatus status = Status();
  EXPECT_TRUE(status.ready);
  EXPECT_EQ(status.reason, "Succeeded");
  EXPECT_EQ(status.followed, ScriptedGit::Name('a'));
  EXPECT_EQ(status.revision, "main@sha1:" + ScriptedGit::Name('a'));
  EXPECT_EQ(status.maps, (std::set<std::string>{"limits"}));
  EXPECT_EQ(edge.git.pinned, std::vector<std::string>{ScriptedGit::Name('a')});
  ASSERT_EQ(edge.events.size(), 1u);
  EXPECT_EQ(edge.events[0].reason, "Succeeded");
  const auto rollout = world.rollouts.Find("limits");
  EXPECT_EQ(rollout->source, "edge");
  EXPECT_EQ(rollout->target->strategy.name, "quick");
  EXPECT_TRUE(disk.Get("plan/" + rollout->target->plan.ToString()).ok());
}

TEST_F(SourceReconcilerTest, ANewCommitStartsARolloutOfTheMapsThatChange) {
  Settle({{"flags", "{a: 1}"}, {"limits", "{a: 1}"}});
  edge.Push('b', MapsOf({{"flags", "{a: 1}"}, {"limits", "{a: 2}"}}));
  EXPECT_EQ(world.Phase("limits"), "Stepping");
  EXPECT_EQ(world.Phase("flags"), "Healthy");
}

TEST_F(SourceReconcilerTest, LooksOnceWhenItIsDueAndMarkedDirty) {
  edge.Push('a', MapsOf({{"limits", "{a: 1}"}}));
  EXPECT_EQ(edge.git.fetches, 1);
  EXPECT_GT(edge.Look(), seconds(26));
  EXPECT_EQ(edge.git.fetches, 1);
  edge.source.MarkDirty();
  const Duration next = edge.Look();
  EXPECT_EQ(edge.git.fetches, 2);
  EXPECT_GE(next, seconds(27));  // 30 s, spread by a fifth
  EXPECT_LE(next, seconds(33));
}

TEST_F(SourceReconcilerTest, BacksOffWhileTheRemoteDoesNotAnswerAndThenGoesOn) {
  Settle({{"limits", "{a: 1}"}});
  edge.git.FailFetches({ErrorCode::kUnavailable, "Unreachable: no route to git.example.com"});
  EXPECT_EQ(edge.LookLater(), milliseconds(750));
  for (const int expected : {1'500, 3'000, 6'000, 12'000, 24'000, 30'000, 30'000}) {
    world.clock.Advance(std::chrono::minutes(1));
    EXPECT_EQ(edge.Look(), milliseconds(expected));
  }
  EXPECT_EQ(Status().reason, "Unreachable");
  EXPECT_EQ(Status().message, "no route to git.example.com");
  EXPECT_EQ(Status().last_error, "no route to git.example.com");
  EXPECT_FALSE(Status().ready);
  EXPECT_FALSE(Status().stalled);
  EXPECT_EQ(world.Phase("limits"), "Healthy");

  edge.git.Heal();
  EXPECT_GT(edge.LookLater(), seconds(26));
  EXPECT_TRUE(Status().ready) << Status().reason;
  EXPECT_EQ(Status().last_error, "");
}

TEST_F(SourceReconcilerTest, ConcludesNothingFromACommitItCannotRead) {
  Settle({{"limits", "{a: 1}"}});
  edge.git.FailOpens({ErrorCode::kUnavailable, "CorruptMirror: an object is missing"});
  edge.Push('b', {});
  edge.Push('b', MapsOf({{"flags", "{a: 1}"}}));
  EXPECT_EQ(Status().reason, "CorruptMirror");
  EXPECT_EQ(Status().followed, ScriptedGit::Name('a'));
  EXPECT_EQ(world.Phase("limits"), "Healthy");
  edge.git.Heal();
  edge.LookLater();
  EXPECT_EQ(Status().followed, ScriptedGit::Name('b'));
  EXPECT_EQ(world.Phase("limits"), "Retiring");
}

TEST_F(SourceReconcilerTest, OneRejectedMapOfAHundredStopsOnlyItself) {
  std::map<std::string, std::string> maps;
  for (int i = 100; i < 200; ++i) maps["map-" + std::to_string(i)] = "{a: 1}";
  FileTexts files = MapsOf(maps);
  files["maps/map-142.yaml"] = MapText("map-142", "{a: 1, a: 2}");
  edge.Push('a', files);
  EXPECT_EQ(world.rollouts.All().size(), 99u);
  EXPECT_EQ(world.Phase("map-141"), "Baking");
  EXPECT_EQ(world.Phase("map-142"), "none");
  EXPECT_EQ(Status().reason, "InvalidManifests");
  EXPECT_TRUE(Status().stalled);
  ASSERT_TRUE(Status().rejected.contains("map-142"));
  EXPECT_EQ(Status().rejected.size(), 1u);
  EXPECT_EQ(Status().maps.size(), 100u);
  ASSERT_FALSE(edge.events.empty());
  ASSERT_NE(edge.events.back().data.Find("diagnostics"), nullptr);
}

TEST_F(SourceReconcilerTest, ARejectedMapKeepsItsLastGoodVersion) {
  Settle({{"limits", "{a: 1}"}});
  const std::string before = Stable("limits");
  FileTexts files = MapsOf({{"limits", "{a: 1}"}});
  files["maps/limits.yaml"] = MapText("limits", "{a: 1, a: 2}");
  edge.Push('b', files);
  EXPECT_EQ(world.Phase("limits"), "Healthy");
  EXPECT_EQ(Stable("limits"), before);
  edge.Push('c', MapsOf({{"limits", "{a: 3}"}}));
  EXPECT_TRUE(Status().ready);
  EXPECT_EQ(world.Phase("limits"), "Stepping");
}

TEST_F(SourceReconcilerTest, RejectsAMapWhoseMetricHasAConditionThatCannotWork) {
  FileTexts files = MapsOf({{"limits", "{a: 1}"}});
  files["strategies/quick.yaml"] +=
      "  analysis: [{template: errors}]\n---\napiVersion: portolan/v1\nkind: AnalysisTemplate\n"
      "metadata: {name: errors}\nspec:\n  metrics:\n  - name: share\n"
      "    prometheus: {provider: main, query: up}\n    failureCondition: result > 1\n";
  edge.Push('a', files);
  EXPECT_EQ(world.Phase("limits"), "none");
  ASSERT_TRUE(Status().rejected.contains("limits"));
  ASSERT_FALSE(edge.events.empty());
  const std::string told = WriteJson(*edge.events.back().data.Find("diagnostics"));
  EXPECT_NE(told.find("strategies/quick.yaml:"), std::string::npos) << told;
  EXPECT_NE(told.find("spec.metrics[0].failureCondition: 1:8: "), std::string::npos) << told;
}

TEST_F(SourceReconcilerTest, AnAtomicSourceTakesNothingOfACommitWithARejectedMap) {
  SourceSettings settings = SettingsOf("atomic");
  settings.atomic = true;
  FollowedSource atomic(world, settings);
  FileTexts files = MapsOf({{"flags", "{a: 1}"}, {"limits", "{a: 1}"}});
  files["maps/limits.yaml"] = MapText("limits", "{a: 1, a: 2}");
  atomic.Push('a', files);
  EXPECT_EQ(atomic.source.status().reason, "InvalidManifests");
  EXPECT_TRUE(world.rollouts.All().empty());
}

TEST_F(SourceReconcilerTest, AMapOfAnotherSourceIsRefusedNamingBoth) {
  Settle({{"limits", "{a: 1}"}});
  FollowedSource core(world, SettingsOf("core"));
  core.Push('b', MapsOf({{"limits", "{a: 2}"}, {"prices", "{a: 1}"}}));
  EXPECT_EQ(world.Phase("prices"), "Baking");
  EXPECT_EQ(world.Phase("limits"), "Healthy");
  const auto rejected = core.source.status().rejected;
  ASSERT_TRUE(rejected.contains("limits"));
  const std::string line = FormatDiagnostic(rejected.at("limits").front());
  EXPECT_NE(line.find("\"limits\""), std::string::npos) << line;
  EXPECT_NE(line.find("\"edge\""), std::string::npos) << line;
  EXPECT_NE(line.find("maps/limits.yaml"), std::string::npos) << line;
}

TEST_F(SourceReconcilerTest, ACommitWithoutAnyMapChangesNothing) {
  Settle({{"limits", "{a: 1}"}});
  edge.Push('b', {{"strategies/quick.yaml", kQuickStrategyText}});
  EXPECT_EQ(Status().reason, "EmptySource");
  EXPECT_TRUE(Status().stalled);
  EXPECT_EQ(world.Phase("limits"), "Healthy");
  edge.LookLater();
  EXPECT_EQ(Status().reason, "EmptySource");
  EXPECT_NE(Status().last_error, "");
}

TEST_F(SourceReconcilerTest, AMapThatWasRemovedRetires) {
  Settle({{"flags", "{a: 1}"}, {"limits", "{a: 1}"}});
  edge.Push('b', MapsOf({{"flags", "{a: 1}"}}));
  EXPECT_EQ(world.Phase("limits"), "Retiring");
  EXPECT_NE(Stable("limits"), "none");
  EXPECT_EQ(world.Phase("flags"), "Healthy");
  edge.Push('c', MapsOf({{"flags", "{a: 1}"}, {"limits", "{a: 1}"}}));
  EXPECT_EQ(world.Phase("limits"), "Healthy");
}

TEST_F(SourceReconcilerTest, ARewrittenBranchWaitsForAccept) {
  Settle({{"limits", "{a: 1}"}});
  edge.Push('b', MapsOf({{"limits", "{a: 2}"}}), BranchMove::kRewritten);
  EXPECT_EQ(Status().reason, "HistoryRewritten");
  EXPECT_TRUE(Status().stalled);
  EXPECT_EQ(Status().pending, ScriptedGit::Name('b'));
  EXPECT_EQ(Status().followed, ScriptedGit::Name('a'));
  EXPECT_EQ(world.Phase("limits"), "Healthy");

  const auto wrong = edge.source.Accept(ScriptedGit::Name('c'));
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code, ErrorCode::kConflict);
  EXPECT_EQ(edge.source.Accept("").error().code, ErrorCode::kConflict);

  auto accepted =
      std::async(std::launch::async, [&] { return edge.source.Accept(ScriptedGit::Name('b')); });
  edge.source.Wait(std::chrono::minutes(10));
  edge.Look();
  EXPECT_EQ(accepted.get().value().followed, ScriptedGit::Name('b'));
  EXPECT_EQ(Status().pending, "");
  EXPECT_TRUE(Status().ready);
  EXPECT_EQ(world.Phase("limits"), "Stepping");
}

TEST_F(SourceReconcilerTest, AnUnrelatedBranchWaitsForAcceptThoughRewritesAreAccepted) {
  SourceSettings settings = SettingsOf("core");
  settings.accept_rewrites = true;
  FollowedSource core(world, settings);
  core.Push('a', MapsOf({{"limits", "{a: 1}"}}));
  core.Push('b', MapsOf({{"limits", "{a: 2}"}}), BranchMove::kRewritten);
  EXPECT_EQ(core.source.status().followed, ScriptedGit::Name('b'));
  core.Push('c', MapsOf({{"limits", "{a: 3}"}}), BranchMove::kUnrelated);
  EXPECT_EQ(core.source.status().reason, "UnrelatedHistory");
  EXPECT_EQ(core.source.status().followed, ScriptedGit::Name('b'));
}

TEST_F(SourceReconcilerTest, ABranchThatIsBackWhereItWasIsReadyAgain) {
  Settle({{"limits", "{a: 1}"}});
  edge.Push('b', MapsOf({{"limits", "{a: 2}"}}), BranchMove::kRewritten);
  edge.git.Reset('a');
  edge.LookLater();
  EXPECT_TRUE(Status().ready) << Status().reason;
  EXPECT_EQ(Status().pending, "");
  edge.git.Delete();
  edge.LookLater();
  EXPECT_EQ(Status().reason, "SourceGone");
  EXPECT_TRUE(Status().stalled);
  EXPECT_EQ(world.Phase("limits"), "Healthy");
  edge.git.Reset('a');
  edge.LookLater();
  EXPECT_TRUE(Status().ready) << Status().reason;
}

TEST_F(SourceReconcilerTest, AnAcceptThatCannotReachTheRemoteEndsAndIsNotTriedForever) {
  Settle({{"limits", "{a: 1}"}});
  edge.Push('b', MapsOf({{"limits", "{a: 2}"}}), BranchMove::kRewritten);
  edge.git.FailFetches({ErrorCode::kUnavailable, "Unreachable: no route"});
  auto accepted =
      std::async(std::launch::async, [&] { return edge.source.Accept(ScriptedGit::Name('b')); });
  edge.source.Wait(std::chrono::minutes(10));
  edge.Look();
  EXPECT_EQ(accepted.get().value().reason, "Unreachable");
  const int fetches = edge.git.fetches;
  EXPECT_GT(edge.Look(), Duration(0));
  EXPECT_EQ(edge.git.fetches, fetches);
}

TEST_F(SourceReconcilerTest, APathThatIsNotInTheCommitChangesNothing) {
  Settle({{"limits", "{a: 1}"}});
  edge.Push('b', {});
  EXPECT_EQ(Status().reason, "InvalidPath");
  EXPECT_TRUE(Status().stalled);
  EXPECT_EQ(Status().followed, ScriptedGit::Name('a'));
  EXPECT_EQ(world.Phase("limits"), "Healthy");
}

TEST_F(SourceReconcilerTest, PlansAgainWhenTheStoreWorksAgain) {
  Settle({{"limits", "{a: 1}"}});
  world.store.FailWrites(DiskFull());
  edge.Push('b', MapsOf({{"limits", "{a: 2}"}}));
  EXPECT_FALSE(Status().ready);
  EXPECT_EQ(Status().last_error, "the disk is full");
  EXPECT_EQ(world.Phase("limits"), "Healthy");
  world.store.Heal();
  edge.LookLater();
  EXPECT_TRUE(Status().ready);
  EXPECT_EQ(world.Phase("limits"), "Stepping");
}

TEST_F(SourceReconcilerTest, HoldsTheSameChangeAfterItWasRolledBack) {
  Settle({{"limits", "{a: 1, b: 1}"}});
  edge.Push('b', MapsOf({{"limits", "{a: 2, b: 1}"}}));
  reconciler::Command abort;
  abort.verb = reconciler::Verb::kAbort;
  ASSERT_TRUE(world.Do("limits", abort)->outcome.accepted);
  world.Pass(seconds(1));
  ASSERT_EQ(world.Phase("limits"), "RolledBack");

  edge.Push('c', MapsOf({{"limits", "{a: 2, b: 5}"}}));
  EXPECT_EQ(world.Phase("limits"), "Held");
  EXPECT_EQ(world.rollouts.Find("limits")->reason, reconciler::reason::kQuarantined);
  EXPECT_EQ(world.rollouts.Find("limits")->target->quarantined_keys, std::vector<std::string>{"a"});

  edge.Push('d', MapsOf({{"limits", "{a: 3, b: 5}"}}));
  EXPECT_EQ(world.Phase("limits"), "Stepping");
}

TEST_F(SourceReconcilerTest, PlansAMapAnewWhenItsBaseMoved) {
  Settle({{"limits", "{a: 1}"}});
  edge.Push('b', MapsOf({{"limits", "{a: 2}"}}));
  world.Pass(seconds(11));
  ASSERT_EQ(world.Phase("limits"), "Baking");
  edge.git.Push('c', MapsOf({{"limits", "{a: 3}"}}));
  edge.source.MarkDirty();
  edge.Look();
  ASSERT_EQ(world.Phase("limits"), "Baking");
  world.Pass(seconds(31));
  EXPECT_FALSE(world.replans.empty());
  edge.Look();
  EXPECT_EQ(world.Phase("limits"), "Stepping");
}

TEST_F(SourceReconcilerTest, FollowsItsCommitAfterARestartWithoutTheRemote) {
  Settle({{"limits", "{a: 1}"}});
  World after(disk);
  ASSERT_TRUE(after.rollouts.Restore().ok());
  FollowedSource again(after, SettingsOf("edge"));
  again.git.Push('a', MapsOf({{"limits", "{a: 1}"}}));
  after.Serving([&] { return again.source.Restore(after.clock.now()), 0; });
  EXPECT_EQ(again.git.fetches, 0);
  EXPECT_EQ(again.source.status().followed, ScriptedGit::Name('a'));
  EXPECT_TRUE(again.source.status().ready);
  EXPECT_EQ(after.Phase("limits"), "Healthy");
}

TEST_F(SourceReconcilerTest, FollowsNothingWhileItCannotTellWhatItFollowed) {
  Settle({{"limits", "{a: 1}"}});
  World after(disk);
  ASSERT_TRUE(after.rollouts.Restore().ok());
  FollowedSource again(after, SettingsOf("edge"));
  again.git.Push('a', MapsOf({{"limits", "{a: 1}"}}));
  after.store.FailReads({ErrorCode::kUnavailable, "the disk is gone"});
  EXPECT_FALSE(after.Serving([&] { return again.source.Restore(after.clock.now()); }));
  EXPECT_EQ(again.source.status().reason, "StateUnreadable");
  EXPECT_NE(again.source.status().last_error.find("the disk is gone"), std::string::npos);
  after.store.Heal();
  EXPECT_TRUE(after.Serving([&] { return again.source.Restore(after.clock.now()); }));
  EXPECT_EQ(again.source.status().followed, ScriptedGit::Name('a'));
  EXPECT_TRUE(again.source.status().ready);
}

TEST_F(SourceReconcilerTest, APendingTipIsStillPendingAfterARestart) {
  Settle({{"limits", "{a: 1}"}});
  edge.Push('b', MapsOf({{"limits", "{a: 2}"}}), BranchMove::kRewritten);
  World after(disk);
  ASSERT_TRUE(after.rollouts.Restore().ok());
  FollowedSource again(after, SettingsOf("edge"));
  again.git.Push('a', MapsOf({{"limits", "{a: 1}"}}));
  after.Serving([&] { return again.source.Restore(after.clock.now()), 0; });
  EXPECT_EQ(again.source.status().pending, ScriptedGit::Name('b'));
}

TEST_F(SourceReconcilerTest, DoesNotPlanAMapWhoseStableVersionCannotBeRead) {
  Settle({{"flags", "{a: 1}"}, {"limits", "{z: 1}"}});
  MemoryStore damaged;
  reconciler::Batch batch;
  const auto records = disk.List("rollout/").value();
  for (const auto& record : records) batch.puts.push_back({record.key, record.body, 0});
  ASSERT_TRUE(damaged.Commit(batch).ok());
  const Digest flags = world.rollouts.Find("flags")->stable->digest;
  ASSERT_TRUE(damaged.PutBlob(disk.GetBlob(flags).value()).ok());

  World after(damaged);
  ASSERT_TRUE(after.rollouts.Restore().ok());
  FollowedSource again(after, SettingsOf("edge"));
  again.Push('b', MapsOf({{"flags", "{a: 2}"}, {"limits", "{a: 2}"}}));
  EXPECT_TRUE(after.replans.empty()) << "planned against nothing, again and again";
  EXPECT_NE(again.source.status().last_error.find("limits"), std::string::npos);
  EXPECT_EQ(after.Phase("limits"), "Healthy");
  EXPECT_EQ(after.Phase("flags"), "Stepping");
}

TEST_F(SourceReconcilerTest, PlansAHeldMapAnewWhenOnlyItsStrategyChanges) {
  Settle({{"limits", "{a: 1, b: 1, c: 1, d: 1}"}});
  edge.Push('b', MapsOf({{"limits", "{a: 1}"}}));
  ASSERT_EQ(world.Phase("limits"), "Held");
  const Digest before = world.rollouts.Find("limits")->target->plan;
  FileTexts files = MapsOf({{"limits", "{a: 1}"}});
  files["strategies/quick.yaml"] += "  onNewRevision: queue\n";
  edge.Push('c', files);
  EXPECT_EQ(world.Phase("limits"), "Held");
  EXPECT_NE(world.rollouts.Find("limits")->target->plan, before)
      << "an approval of the old plan must not start it";
}

TEST_F(SourceReconcilerTest, SyncAnswersWhenTheLookIsDone) {
  edge.git.Push('a', MapsOf({{"limits", "{a: 1}"}}));
  auto done = edge.source.Sync();
  edge.source.Wait(std::chrono::minutes(10));
  edge.Look();
  ASSERT_EQ(done.wait_for(Duration(0)), std::future_status::ready);
  EXPECT_EQ(done.get().followed, ScriptedGit::Name('a'));
}

}  // namespace
}  // namespace portolan::controller
