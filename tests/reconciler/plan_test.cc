#include "reconciler/plan.h"

#include <gtest/gtest.h>

#include "reconciler/plan_digest.h"
#include "tests/reconciler/plan_fixture.h"

namespace portolan::reconciler {
namespace {

manifests::DesiredState StateOf(const std::vector<manifests::DesiredMap>& maps) {
  manifests::DesiredState state;
  state.revision = Commit();
  for (const auto& map : maps) {
    state.maps[map.name] = std::make_shared<const manifests::DesiredMap>(map);
  }
  return state;
}

TEST(MapPlan, CarriesWhatAReaderAndAnApprovalNeed) {
  auto desired = Desired("limits", Version({{"a", "2"}, {"b", "1"}}));
  desired.sensitive = {"b"};
  desired.split = manifests::SplitMode::kInstance;
  const auto stable = Version({{"a", "1"}});
  const MapPlan plan = PlanOf(stable, desired);
  EXPECT_EQ(plan.map, "limits");
  EXPECT_EQ(plan.base, stable->digest());
  EXPECT_EQ(plan.target, desired.version->digest());
  EXPECT_EQ(plan.id,
            PlanDigest({"limits", stable->digest(), plan.target, "prod-eu"}, desired.strategy));
  EXPECT_EQ(plan.revision, Commit());
  EXPECT_EQ(plan.changes, MakeChangeSet(stable.get(), *desired.version));
  EXPECT_EQ(plan.size_before, 1);
  EXPECT_EQ(plan.size_after, 2);
  EXPECT_EQ(plan.strategy.name, "cautious");
  EXPECT_EQ(plan.sensitive, desired.sensitive);
  EXPECT_EQ(plan.split, manifests::SplitMode::kInstance);
  EXPECT_TRUE(plan.findings.empty());
  EXPECT_TRUE(plan.notes.empty());
}

TEST(MapPlan, TakesTheStrategyOfTheFirstRuleThatCoversAllChangedKeys) {
  const auto stable = Version({{"kill/a", "0"}, {"kill/b", "0"}, {"limit", "1"}});
  auto desired = Desired("limits", Version({{"kill/a", "1"}, {"kill/b", "1"}, {"limit", "1"}}));
  desired.rollout_rules = {{{"kill/a"}, *manifests::BuiltInStrategy("default")},
                           {{"kill/a", "kill/?"}, *manifests::BuiltInStrategy("fast")},
                           {{"*"}, *manifests::BuiltInStrategy("default")}};
  const MapPlan plan = PlanOf(stable, desired);
  EXPECT_EQ(plan.strategy.name, "fast");
  EXPECT_EQ(plan.notes.at(0), "strategy fast: every changed key fits the rule kill/a, kill/?");
  EXPECT_NE(plan.id,
            PlanDigest({"limits", stable->digest(), plan.target, "prod-eu"}, desired.strategy));
  desired.rollout_rules.pop_back();
  desired.version = Version({{"kill/a", "1"}, {"kill/b", "1"}, {"limit", "2"}});
  EXPECT_EQ(PlanOf(stable, desired).strategy.name, "cautious");
}

TEST(MapPlan, KeepsItsIdWhenOnlyTheCommitChanges) {
  const auto stable = Numbered(1);
  const auto desired = Desired("limits", Numbered(2));
  manifests::Revision rebased = Commit();
  rebased.commit = std::string(40, 'a');
  rebased.author = "Bo <bo@example.com>";
  EXPECT_EQ(MakeMapPlan(stable.get(), desired, rebased, "prod-eu").id, PlanOf(stable, desired).id);
}

TEST(MapPlan, OfAFirstVersionHasNoBaseAndNoFindings) {
  const MapPlan plan = PlanOf(nullptr, Desired("limits", Numbered(240)));
  EXPECT_EQ(plan.base, std::nullopt);
  EXPECT_EQ(plan.size_before, 0);
  EXPECT_EQ(plan.changes.created, 240);
  EXPECT_TRUE(plan.findings.empty());
}

TEST(MapPlan, HoldsTheFindingsOfTheFloor) {
  const MapPlan plan = PlanOf(Numbered(240), Desired("limits", Numbered(3)));
  EXPECT_EQ(plan.findings, FloorFindings(plan.changes, 240, 3));
  EXPECT_EQ(plan.findings.size(), 1U);
}

TEST(MapPlan, NotesWhatWeakensItsGuard) {
  auto desired = Desired("limits", Numbered(2));
  desired.strategy.analysis.clear();
  desired.strategy.min_lookups = 0;
  desired.strategy.on_no_data = manifests::OnNoData::kAdvanceAfterSoak;
  const std::vector<std::string> expected = {
      "onNoData: advanceAfterSoak: steps advance after their soak even when nobody reports",
      "minLookups: 0: steps advance without having seen a lookup",
      "no analysis: only hard limits guard this rollout"};
  EXPECT_EQ(PlanOf(Numbered(1), desired).notes, expected);
}

TEST(MapPlan, NotesADualRun) {
  auto desired = Desired("limits", Numbered(2));
  desired.strategy.shadow = manifests::Shadow{.soak = std::chrono::hours(2)};
  EXPECT_EQ(PlanOf(Numbered(1), desired).notes,
            std::vector<std::string>{
                "shadow: both versions are compared for 2h before anybody gets the new one"});
}

TEST(MapPlan, AcceptsAnAnalysisInsideAStepAsAGuard) {
  auto desired = Desired("limits", Numbered(2));
  desired.strategy.steps[1].analysis = desired.strategy.analysis;
  desired.strategy.analysis.clear();
  EXPECT_TRUE(PlanOf(Numbered(1), desired).notes.empty());
}

TEST(Plan, ListsChangedMapsByNameAndCountsTheOthers) {
  const auto state = StateOf({Desired("b", Numbered(2)), Desired("a", Numbered(2)),
                              Desired("same", Numbered(5)), Desired("new", Numbered(1))});
  const StableVersions stable = {{"a", Numbered(1)}, {"b", Numbered(1)}, {"same", Numbered(5)}};
  const Plan plan = MakePlan(stable, state, "prod-eu");
  ASSERT_EQ(plan.maps.size(), 3U);
  EXPECT_EQ(plan.maps[0].map, "a");
  EXPECT_EQ(plan.maps[1].map, "b");
  EXPECT_EQ(plan.maps[2].map, "new");
  EXPECT_EQ(plan.maps[2].base, std::nullopt);
  EXPECT_EQ(plan.unchanged, 1);
  EXPECT_EQ(plan.revision, Commit());
  EXPECT_TRUE(plan.removed.empty());
}

TEST(Plan, TakesAMapWithoutAStableVersionForAFirstVersion) {
  const Plan plan = MakePlan({{"a", nullptr}}, StateOf({Desired("a", Numbered(2))}), "prod-eu");
  ASSERT_EQ(plan.maps.size(), 1U);
  EXPECT_EQ(plan.maps[0].base, std::nullopt);
}

TEST(Plan, ShowsNoValueThatIsMaskedWhereItIsServed) {
  auto desired = Desired("a", Version({{"token/new", "1"}}));
  desired.sensitive = {"token/new"};
  const Plan plan = MakePlan({{"a", Version({{"password", "1"}})}}, StateOf({desired}), "prod-eu",
                             {{"a", {"password", "token/new"}}, {"b", {"*"}}});
  EXPECT_EQ(plan.maps.at(0).sensitive, (std::vector<std::string>{"token/new", "password"}));
}

TEST(MarksBeyond, AreThoseThatTheCommitTakesAwayFromMapsThatItHas) {
  auto desired = Desired("a", Numbered(1));
  desired.sensitive = {"token/*"};
  const ServedMarks beyond =
      MarksBeyond({{"a", {"db/*", "token/*"}}, {"b", {"token/*"}}, {"gone", {"db/*"}}},
                  StateOf({desired, Desired("b", Numbered(1))}));
  EXPECT_EQ(beyond, (ServedMarks{{"a", {"db/*"}}, {"b", {"token/*"}}}));
}

TEST(Plan, SaysWhichMapsLeftGit) {
  const StableVersions stable = {{"a", Numbered(1)}, {"gone", Numbered(1)}, {"also-gone", nullptr}};
  const Plan plan = MakePlan(stable, StateOf({Desired("a", Numbered(1))}), "prod-eu");
  EXPECT_EQ(plan.removed, (std::vector<std::string>{"also-gone", "gone"}));
}

TEST(Plan, NeverTakesARejectedMapForRemoved) {
  manifests::DesiredState state = StateOf({});
  state.rejected["broken"] = {{}};
  const Plan plan = MakePlan({{"broken", Numbered(1)}}, state, "prod-eu");
  EXPECT_TRUE(plan.removed.empty());
  EXPECT_TRUE(plan.maps.empty());
  EXPECT_EQ(plan.rejected.size(), 1U);
}

TEST(Plan, OfAnIncompleteStateRemovesNothing) {
  manifests::DesiredState state = StateOf({Desired("a", Numbered(2))});
  state.incomplete = true;
  const Plan plan = MakePlan({{"a", Numbered(1)}, {"b", Numbered(1)}}, state, "prod-eu");
  EXPECT_TRUE(plan.removed.empty());
  EXPECT_EQ(plan.maps.size(), 1U);
}

}  // namespace
}  // namespace portolan::reconciler
