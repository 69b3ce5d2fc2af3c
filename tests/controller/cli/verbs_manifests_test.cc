#include <gtest/gtest.h>

#include "controller/cli/plan_input.h"
#include "manifests/value.h"
#include "tests/controller/cli/cli_harness.h"
#include "tests/controller/git/test_repository.h"

namespace portolan::controller {
namespace {

std::string Manifest(const std::string& entries) {
  return "apiVersion: portolan/v1\nkind: Map\nmetadata: {name: limits}\nspec:\n  entries:\n" +
         entries;
}

// A repository whose HEAD~1 has one key and whose HEAD changes it and adds another.
class ManifestVerbsTest : public testing::Test {
 protected:
  ManifestVerbsTest() {
    repository_.Commit("maps/limits.yaml", Manifest("    api: 1\n"));
    repository_.Commit("maps/limits.yaml", Manifest("    api: 2\n    search: 7\n"));
  }

  // The daemon serves what HEAD~1 says.
  void ServeFirstCommit() {
    const auto state = LoadTree({repository_.dir(), "HEAD~1", "maps"});
    ASSERT_TRUE(state.ok());
    const std::string digest = state->maps.at("limits")->version->digest().ToString();
    cli_.daemon.On("GET /v1/sources", 200, R"({"sources":[{"name":"edge","path":"maps/"}]})");
    cli_.daemon.On("GET /v1/status", 200,
                   R"({"daemon":{"environment":"prod"},"maps":[{"map":"limits","source":"edge",)"
                   R"("stable":{"digest":"x"}},{"map":"other","source":"elsewhere"}]})");
    cli_.daemon.On("GET /v1/maps/limits?arm=stable&overrides=off", 200,
                   R"({"entries":{"api":1},"digest":")" + digest + "\"}");
  }

  TestDirectory directory_;
  TestRepository repository_{directory_.Path("repository")};
  CliHarness cli_;
};

TEST_F(ManifestVerbsTest, ValidateAcceptsGoodManifests) {
  EXPECT_EQ(cli_.Run({"validate", repository_.dir() + "/maps"}), 0) << cli_.out() << cli_.err();
  EXPECT_EQ(cli_.out(), "");
  EXPECT_EQ(cli_.err(), "1 maps valid, 0 rejected, 0 errors, 0 warnings\n");
}

TEST_F(ManifestVerbsTest, ValidateExits3AndNamesThePlace) {
  repository_.Write(
      "maps/bad.yaml",
      "apiVersion: portolan/v1\nkind: Map\nmetadata: {name: bad}\nspec: {entires: {}}\n");
  EXPECT_EQ(cli_.Run({"validate", repository_.dir() + "/maps"}), 3);
  EXPECT_NE(cli_.out().find("bad.yaml:4:"), std::string::npos) << cli_.out();
  EXPECT_EQ(cli_.Run({"validate", repository_.dir() + "/maps", "-o", "json"}), 3);
  const auto out = manifests::ParseJson(cli_.out());
  ASSERT_TRUE(out.ok());
  EXPECT_FALSE(out->BoolOr("valid", true));
  EXPECT_EQ(out->Find("rejected")->as_array().size(), 1u);
  EXPECT_EQ(out->Find("diagnostics")->as_array().at(0).IntOr("line", 0), 4);
  EXPECT_EQ(cli_.Run({"validate", "--repo", repository_.dir(), "--head", "HEAD", "--path", "maps"}),
            0);
}

TEST_F(ManifestVerbsTest, ValidateExits2WithoutSuchADirectory) {
  EXPECT_EQ(cli_.Run({"validate", repository_.dir() + "/absent"}), 2);
}

TEST_F(ManifestVerbsTest, PlanComparesTwoRevisionsWithoutADaemon) {
  const std::vector<std::string> plan{"plan",   "--repo", repository_.dir(), "--base", "HEAD~1",
                                      "--head", "HEAD",   "--path",          "maps"};
  EXPECT_EQ(cli_.Run(plan), 0) << cli_.err();
  EXPECT_NE(cli_.out().find("Plan: 1 to create, 1 to update, 0 to delete in 1 map"),
            std::string::npos)
      << cli_.out();
  EXPECT_EQ(cli_.daemon.requests.size(), 0u);
  std::vector<std::string> json = plan;
  json.insert(json.end(), {"-o", "json", "--detailed-exitcode"});
  EXPECT_EQ(cli_.Run(json), 2);
  const auto out = manifests::ParseJson(cli_.out());
  ASSERT_TRUE(out.ok());
  EXPECT_EQ(out->StringOr("kind", ""), "Plan");
  std::vector<std::string> markdown = plan;
  markdown.insert(markdown.end(), {"-o", "markdown"});
  EXPECT_EQ(cli_.Run(markdown), 0);
  EXPECT_NE(cli_.out().find("limits"), std::string::npos);
}

TEST_F(ManifestVerbsTest, PlanWithDetailedExitcodeIs0WithoutChangesAnd1ForErrors) {
  EXPECT_EQ(cli_.Run({"plan", "--repo", repository_.dir(), "--base", "HEAD", "--path", "maps",
                      "--detailed-exitcode"}),
            0);
  EXPECT_EQ(cli_.Run({"plan", "--repo", repository_.dir(), "--base", "no-such-revision", "--path",
                      "maps", "--detailed-exitcode"}),
            1);
  EXPECT_EQ(cli_.Run({"plan", "--repo", repository_.dir(), "--base", "no-such-revision"}), 2);
}

TEST_F(ManifestVerbsTest, PlanStartsFromWhatTheDaemonServes) {
  ServeFirstCommit();
  EXPECT_EQ(cli_.Run({"plan", "--repo", repository_.dir(), "--head", "HEAD"}), 0) << cli_.err();
  EXPECT_NE(cli_.out().find("Plan: 1 to create, 1 to update, 0 to delete in 1 map"),
            std::string::npos)
      << cli_.out();
  EXPECT_EQ(cli_.Run({"plan", repository_.dir() + "/maps", "--detailed-exitcode"}), 2);
  EXPECT_EQ(
      cli_.Run({"plan", "--repo", repository_.dir(), "--head", "HEAD~1", "--detailed-exitcode"}),
      0);
}

TEST_F(ManifestVerbsTest, PlanRefusesEntriesThatAreNotThoseOfTheirDigest) {
  cli_.daemon.On("GET /v1/sources", 200, R"({"sources":[{"name":"edge","path":"maps"}]})");
  cli_.daemon.On("GET /v1/status", 200,
                 R"({"maps":[{"map":"limits","source":"edge","stable":{"digest":"x"}}]})");
  cli_.daemon.On("GET /v1/maps/limits?arm=stable&overrides=off", 200,
                 R"({"entries":{"api":"***"},"digest":"sha256:00"})");
  EXPECT_EQ(cli_.Run({"plan", "--repo", repository_.dir()}), 4);
  EXPECT_NE(cli_.err().find("masked"), std::string::npos);
}

TEST_F(ManifestVerbsTest, PlanWantsToKnowWhichOfSeveralSources) {
  cli_.daemon.On("GET /v1/sources", 200, R"({"sources":[{"name":"edge"},{"name":"core"}]})");
  EXPECT_EQ(cli_.Run({"plan", "--repo", repository_.dir()}), 3);
  EXPECT_NE(cli_.err().find("--source: edge, core"), std::string::npos);
  EXPECT_EQ(cli_.Run({"plan", "--repo", repository_.dir(), "--source", "nope"}), 5);
}

TEST_F(ManifestVerbsTest, DiffFollowsDiff1) {
  ServeFirstCommit();
  EXPECT_EQ(cli_.Run({"diff", "limits", "--repo", repository_.dir()}), 1) << cli_.err();
  EXPECT_NE(cli_.out().find("search"), std::string::npos);
  EXPECT_EQ(cli_.Run({"diff", "limits", "--repo", repository_.dir(), "--head", "HEAD~1"}), 0);
  EXPECT_EQ(cli_.out(), "");
  EXPECT_EQ(cli_.Run({"diff", "nope", "--repo", repository_.dir()}), 2);
  cli_.daemon.On("GET /v1/sources", 503, Problem(503, "unavailable", "starting"));
  cli_.Run({"diff", "limits", "--repo", repository_.dir()});
  EXPECT_EQ(cli_.Run({"diff", "limits", "--repo", repository_.dir()}), 2);
}

}  // namespace
}  // namespace portolan::controller
