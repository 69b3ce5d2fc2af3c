#include "manifests/group_builder.h"

#include <gtest/gtest.h>

#include "manifests/loader.h"
#include "tests/manifests/load_fixture.h"

namespace portolan::manifests {
namespace {

// Two maps and a group of both.
MemorySource Source() {
  return MemorySource({{"limits.yaml", Manifest("Map", "limits", "  entries: {a: 1}\n")},
                       {"prices.yaml", Manifest("Map", "prices", "  entries: {p: 1}\n")},
                       {"routes.yaml", Manifest("Map", "routes", "  entries: {r: 1}\n")},
                       {"group.yaml", Manifest("RolloutGroup", "edge",
                                               "  maps: [limits, prices]\n  strategy: fast\n")}});
}

DesiredState Load(const MemorySource& source) {
  return Loader().Load(source.Get()).value();
}

std::string Errors(const DesiredState& state) {
  return FormatDiagnostics(state.diagnostics);
}

// Nothing of the group moves; the map outside of it does.
void ExpectGroupRejected(const DesiredState& state, const std::string& why) {
  EXPECT_NE(Errors(state).find(why), std::string::npos) << Errors(state);
  EXPECT_TRUE(state.groups.empty());
  EXPECT_TRUE(state.rejected_groups.contains("edge"));
  EXPECT_FALSE(state.maps.contains("limits"));
  EXPECT_TRUE(state.rejected.contains("limits"));
  EXPECT_FALSE(state.maps.contains("prices"));
  EXPECT_TRUE(state.maps.contains("routes"));
}

TEST(GroupBuilder, GivesItsMapsOneStrategyAndOneSalt) {
  const DesiredState state = Load(Source());
  EXPECT_EQ(Errors(state), "");
  EXPECT_EQ(state.groups.at("edge").maps, (std::set<std::string>{"limits", "prices"}));
  for (const char* map : {"limits", "prices"}) {
    EXPECT_EQ(state.maps.at(map)->group, "edge");
    EXPECT_EQ(state.maps.at(map)->salt, "edge");
    EXPECT_EQ(state.maps.at(map)->strategy.name, "fast");
  }
  EXPECT_EQ(state.maps.at("routes")->group, "");
  EXPECT_EQ(state.maps.at("routes")->salt, "routes");
}

TEST(GroupBuilder, HoldsAllMapsOfAGroupBackWhenOneIsNotUsable) {
  MemorySource source = Source();
  source["prices.yaml"] = Manifest("Map", "prices", "  entries: [broken]\n");
  const DesiredState state = Load(source);
  EXPECT_TRUE(state.rejected_groups.contains("edge"));
  EXPECT_FALSE(state.maps.contains("limits"));
  ASSERT_EQ(state.rejected.at("limits").size(), 1u);
  EXPECT_NE(state.rejected.at("limits").front().message.find(
                "map \"limits\" moves with RolloutGroup \"edge\", of which map \"prices\" is not"),
            std::string::npos);
  EXPECT_TRUE(state.maps.contains("routes"));
}

TEST(GroupBuilder, RefusesAGroupOfAMapThatIsNotDeclared) {
  MemorySource source = Source();
  source["group.yaml"] = Manifest("RolloutGroup", "edge", "  maps: [limits, prices, route]\n");
  const DesiredState state = Load(source);
  ExpectGroupRejected(state, "no Map named \"route\"");
  EXPECT_NE(Errors(state).find("routes"), std::string::npos) << "did you mean";
}

TEST(GroupBuilder, RefusesTwoGroupsWithAMapInCommon) {
  MemorySource source = Source();
  source["other.yaml"] = Manifest("RolloutGroup", "core", "  maps: [prices, limits]\n");
  const DesiredState state = Load(source);
  ExpectGroupRejected(state, "map \"limits\" is in RolloutGroup \"core\" too");
  EXPECT_TRUE(state.rejected_groups.contains("core"));
}

TEST(GroupBuilder, RefusesAMapWithAStrategySaltOrSplitOfItsOwn) {
  for (const auto& [field, line] :
       std::map<std::string, std::string>{{"spec.rollout", "  rollout: {strategy: fast}\n"},
                                          {"spec.salt", "  salt: pepper\n"},
                                          {"spec.split: instance", "  split: instance\n"}}) {
    MemorySource source = Source();
    source["limits.yaml"] = Manifest("Map", "limits", line + "  entries: {a: 1}\n");
    ExpectGroupRejected(Load(source), "map \"limits\" has " + field + " of its own");
  }
}

TEST(GroupBuilder, RefusesAGroupWhoseStrategyHasErrors) {
  MemorySource source = Source();
  source["group.yaml"] =
      Manifest("RolloutGroup", "edge", "  maps: [limits, prices]\n  strategy: cautios\n");
  ExpectGroupRejected(Load(source), "no RolloutStrategy named \"cautios\"");
}

TEST(GroupBuilder, KnowsThatAGroupMayBeInWhatCannotBeRead) {
  MemorySource source = Source();
  source["group.yaml"] = "apiVersion: portolan/v1\nkind: RolloutGroup\nmetadata: {}\n";
  EXPECT_TRUE(Load(source).groups_incomplete);
  EXPECT_FALSE(Load(Source()).groups_incomplete);
}

}  // namespace
}  // namespace portolan::manifests
