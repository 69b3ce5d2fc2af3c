#include "controller/cli/policy_input.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "controller/reconcile/policy_gate.h"
#include "controller/zones/zone_directory.h"
#include "manifests/directory_artifact.h"
#include "manifests/loader.h"
#include "reconciler/policy/report_json.h"
#include "tests/controller/git/test_repository.h"
#include "tests/source_tree.h"

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

// One revision: the example policies, over maps that they are about.
Result<manifests::DesiredState> Examples(const std::string& policies, int value) {
  const TestDirectory directory;
  std::filesystem::copy(policies, directory.Path("tree"), std::filesystem::copy_options::recursive);
  for (const char* const name : {"limits", "scrape-intervals", "routes", "versions"})
    WriteFile(directory.Path("tree/maps/" + std::string(name) + ".yaml"),
              std::string(kHeader) + "Map\nmetadata: {name: " + name +
                  "}\nspec: {entries: {checkout.rps: " + std::to_string(value) +
                  ", mail: ann@corp.example, token: \"t" + std::to_string(value) + "\"}}\n");
  PORTOLAN_TRY(const manifests::Artifact artifact,
               manifests::ReadDirectory(directory.Path("tree")));
  return manifests::Loader().Load(artifact);
}

TEST(PolicyInput, TheDaemonAndACommandLineSayTheSameBytesOfEveryExamplePolicy) {
  const std::string policies = SourceTree().string() + "/examples/policies";
  const auto base = Examples(policies, 100);
  const auto head = Examples(policies, 200);
  ASSERT_TRUE(base.ok() && head.ok());
  const auto compiled = reconciler::CompileSet(base->policies, SystemZones());
  ASSERT_NE(compiled.set, nullptr) << manifests::FormatDiagnostics(compiled.diagnostics);
  const reconciler::TargetFacts target{"prod-eu", "prod", {}};
  PolicyGate gate(target);
  ASSERT_TRUE(gate.Take(*base).ok());
  gate.Accept();
  const reconciler::StableVersions stable = VersionsOf(*base);
  reconciler::Plan plan = reconciler::MakePlan(stable, *head, "prod-eu");
  ASSERT_EQ(plan.maps.size(), 4u);
  for (reconciler::MapPlan& map : plan.maps) gate.MarkSecrets(map);
  reconciler::JudgeContext context;
  context.desired = &*head;
  context.now = ParseTime("2026-07-20T10:00:00Z").value();
  std::vector<std::string> daemon, offline;
  std::set<std::string> outcomes;
  for (const reconciler::MapPlan& map : plan.maps) {
    context.live = stable.at(map.map).get();
    daemon.push_back(manifests::CanonicalJson(gate.Judge(map, context).policies));
  }
  context.target = target;
  for (const auto& report : JudgePlan(*compiled.set, plan, stable, context)) {
    offline.push_back(manifests::CanonicalJson(reconciler::ReportToValue(report)));
    for (const auto& verdict : report.verdicts)
      outcomes.insert(std::string(reconciler::OutcomeName(verdict.outcome)));
  }
  EXPECT_EQ(daemon, offline);
  // Else the comparison would say little.
  EXPECT_TRUE(outcomes.contains("allow") && outcomes.contains("deny") &&
              outcomes.contains("skipped"));
}

}  // namespace
}  // namespace portolan::controller
