#include "controller/cli/plan_input.h"

#include <gtest/gtest.h>

#include "tests/controller/git/test_repository.h"

namespace portolan::controller {
namespace {

TEST(LoadTree, ReadsTheWorkingTreeWithoutARevision) {
  const TestDirectory directory;
  const TestRepository repository(directory.Path("repository"));
  const std::string manifest = "apiVersion: portolan/v1\nkind: Map\nmetadata: {name: limits}\n";
  repository.Commit("maps/limits.yaml", manifest + "spec: {entries: {a: 1}}\n");
  repository.Write("maps/limits.yaml", manifest + "spec: {entries: {a: 1, b: 2}}\n");
  const auto work = LoadTree({repository.dir(), "", "maps/"});
  const auto head = LoadTree({repository.dir(), "HEAD", "maps/"});
  ASSERT_TRUE(work.ok() && head.ok());
  EXPECT_EQ(VersionsOf(*work).at("limits")->size(), 2u);
  EXPECT_EQ(VersionsOf(*head).at("limits")->size(), 1u);
  EXPECT_EQ(work->revision.commit, "");
  EXPECT_NE(head->revision.commit, "");
}

TEST(MarksOf, AreThoseOfEachMap) {
  const TestDirectory directory;
  const TestRepository repository(directory.Path("repository"));
  repository.Commit("maps/limits.yaml",
                    "apiVersion: portolan/v1\nkind: Map\nmetadata: {name: limits}\n"
                    "spec: {sensitive: [token/*], entries: {a: 1}}\n");
  const auto tree = LoadTree({repository.dir(), "HEAD", "maps/"});
  ASSERT_TRUE(tree.ok());
  EXPECT_EQ(MarksOf(*tree).at("limits"), std::vector<std::string>{"token/*"});
}

TEST(LoadTree, ChecksTheExpressionsOfMetrics) {
  const TestDirectory directory;
  const TestRepository repository(directory.Path("repository"));
  repository.Write("maps/errors.yaml",
                   "apiVersion: portolan/v1\n"
                   "kind: AnalysisTemplate\n"
                   "metadata: {name: errors}\n"
                   "spec:\n"
                   "  metrics:\n"
                   "    - name: share\n"
                   "      prometheus: {provider: main, query: up}\n"
                   "      successCondition: reslt[0] < 1\n");
  const auto tree = LoadTree({repository.dir(), "", "maps/"});
  ASSERT_TRUE(tree.ok()) << tree.error().message;
  ASSERT_EQ(tree->diagnostics.size(), 1u);
  EXPECT_TRUE(FormatDiagnostic(tree->diagnostics[0])
                  .starts_with("errors.yaml:8:25: spec.metrics[0].successCondition: 1:1: "))
      << FormatDiagnostic(tree->diagnostics[0]);
}

TEST(SplitList, DividesAtCommasAndMakesNothingOfNothing) {
  EXPECT_EQ(SplitList("eu-1,eu-2"), (std::vector<std::string>{"eu-1", "eu-2"}));
  EXPECT_TRUE(SplitList("").empty());
}

}  // namespace
}  // namespace portolan::controller
