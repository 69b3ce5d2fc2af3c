#include "controller/cli/policy_input.h"

#include <gtest/gtest.h>

#include "tests/controller/git/test_repository.h"

namespace portolan::controller {
namespace {

constexpr char kHeader[] = "apiVersion: portolan/v1\nkind: ";

TEST(PolicyInput, MeasuresAWaiverOfADirectoryAgainstNow) {
  const TestDirectory directory;
  const TestRepository repository(directory.Path("repository"));
  const std::string header = kHeader;
  repository.Write("m.yaml", header + "Map\nmetadata: {name: limits}\nspec: {entries: {a: 1}}\n");
  repository.Write("w.yaml", header +
                                 "Waiver\nmetadata: {name: w, owner: a}\nspec: {policy: empty-map, "
                                 "maps: [limits], until: 2026-12-01T00:00:00Z, reason: r}\n");
  const auto near =
      LoadPolicies({repository.dir(), "", ""}, ParseTime("2026-11-21T00:00:00Z").value());
  ASSERT_TRUE(near.ok());
  EXPECT_NE(near->compiled.set, nullptr);
  const auto far =
      LoadPolicies({repository.dir(), "", ""}, ParseTime("2026-01-01T00:00:00Z").value());
  ASSERT_TRUE(far.ok());
  EXPECT_EQ(far->compiled.set, nullptr);
}

TEST(PolicyInput, JudgesEveryMapAgainstWhatIsServedOfIt) {
  manifests::DesiredState desired;
  auto map = std::make_shared<manifests::DesiredMap>();
  map->name = "limits";
  map->version = mapcore::MapVersion::Empty();
  map->strategy = manifests::DefaultStrategy();
  desired.maps["limits"] = map;
  const reconciler::StableVersions stable{
      {"limits", mapcore::MapVersion::FromEntries({{"a", "1"}}).value()}};
  const reconciler::Plan plan = reconciler::MakePlan(stable, desired, "default");
  reconciler::JudgeContext context;
  context.desired = &desired;
  const auto reports = JudgePlan(*reconciler::FloorSet(), plan, stable, context);
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].Find("empty-map")->outcome, reconciler::Outcome::kDeny);
}

}  // namespace
}  // namespace portolan::controller
