#include <gtest/gtest.h>

#include <filesystem>

#include "manifests/value.h"
#include "tests/controller/cli/cli_harness.h"
#include "tests/controller/git/test_repository.h"
#include "tests/controller/signature/test_keys.h"
#include "tests/source_tree.h"

namespace portolan::controller {
namespace {

std::string Policy(const std::string& spec) {
  return "apiVersion: portolan/v1\nkind: Policy\nmetadata: {name: small}\nspec:\n"
         "  scope: plan\n  level: soft\n" +
         spec;
}

const std::string kSound = Policy(
    "  rule: plan.changed <= 1\n  message: \"'changes ' + string(plan.changed)\"\n  tests:\n"
    "  - {expect: allow}\n  - {name: two, vars: {plan: {changed: 2}}, expect: deny}\n");

std::string Map(const std::string& entries) {
  return "apiVersion: portolan/v1\nkind: Map\nmetadata: {name: limits}\nspec: {entries: {" +
         entries + "}}\n";
}

class PolicyVerbsTest : public testing::Test {
 protected:
  int Policies(const std::string& verb, const std::string& text,
               const std::vector<std::string>& more = {}) {
    repository_.Write("p.yaml", text);
    std::vector<std::string> args{"policy", verb, repository_.dir()};
    args.insert(args.end(), more.begin(), more.end());
    return cli_.Run(args);
  }
  // A base whose policy allows one change, and a head that makes two.
  void CommitDeniedChange() {
    repository_.Write("p.yaml", kSound);
    repository_.Commit("m.yaml", Map("a: 1, b: 1"));
    repository_.Commit("m.yaml", Map("a: 2, b: 2"));
  }
  std::vector<std::string> Plan(const std::vector<std::string>& more) {
    std::vector<std::string> args{"plan",   "--repo", repository_.dir(), "--base", "HEAD~1",
                                  "--head", "HEAD"};
    args.insert(args.end(), more.begin(), more.end());
    return args;
  }

  TestDirectory directory_;
  TestRepository repository_{directory_.Path("repository")};
  CliHarness cli_;
};

TEST_F(PolicyVerbsTest, TestExits0WhenAllPassAnd1WhenOneFails) {
  EXPECT_EQ(Policies("test", kSound), 0) << cli_.out() << cli_.err();
  EXPECT_EQ(cli_.err(), "2 passed, 0 failed\n");
  EXPECT_EQ(Policies("test", Policy("  rule: plan.first\n  tests: [{expect: allow}]\n")), 1);
  EXPECT_NE(cli_.out().find("FAIL  small: case 1\n      p.yaml:8:11: expected allow, found deny"),
            std::string::npos)
      << cli_.out();
}

TEST_F(PolicyVerbsTest, TestExits3WhenAPolicyIsWrong) {
  EXPECT_EQ(Policies("test", Policy("  rule: plan.frist\n")), 3);
  EXPECT_NE(cli_.err().find("did you mean `first`?"), std::string::npos) << cli_.err();
  EXPECT_EQ(Policies("test", "apiVersion: [\n"), 3);
}

TEST_F(PolicyVerbsTest, TestWritesJunitAndJson) {
  EXPECT_EQ(Policies("test", kSound, {"-o", "junit"}), 0);
  EXPECT_NE(cli_.out().find("<testsuite name=\"small\" tests=\"2\" failures=\"0\">"),
            std::string::npos)
      << cli_.out();
  EXPECT_EQ(Policies("test", kSound, {"-o", "json"}), 0);
  EXPECT_EQ(manifests::ParseJson(cli_.out())->IntOr("passed", 0), 2);
  EXPECT_EQ(Policies("test", kSound, {"-o", "sarif"}), 64);
}

TEST_F(PolicyVerbsTest, LintWarnsOfRulesWithoutBothCases) {
  EXPECT_EQ(Policies("lint", kSound, {"--strict"}), 0) << cli_.out();
  const std::string untested = Policy("  rule: plan.first\n");
  EXPECT_EQ(Policies("lint", untested), 0);
  EXPECT_NE(cli_.out().find("has no test that expects deny"), std::string::npos) << cli_.out();
  EXPECT_EQ(Policies("lint", untested, {"--strict"}), 3);
  EXPECT_EQ(Policies("lint", Policy("  rule: plan.frist\n")), 3);
}

TEST_F(PolicyVerbsTest, LintWritesJunitAndJson) {
  EXPECT_EQ(Policies("lint", kSound, {"-o", "junit"}), 0);
  EXPECT_NE(cli_.out().find("failures=\"0\""), std::string::npos) << cli_.out();
  EXPECT_EQ(Policies("lint", Policy("  rule: plan.frist\n"), {"-o", "junit"}), 3);
  EXPECT_NE(cli_.out().find("<failure message="), std::string::npos) << cli_.out();
  EXPECT_EQ(Policies("lint", kSound, {"-o", "json"}), 0);
  EXPECT_TRUE(manifests::ParseJson(cli_.out())->BoolOr("valid", false));
  EXPECT_EQ(Policies("lint", kSound, {"-o", "sarif"}), 64);
}

TEST_F(PolicyVerbsTest, LintWarnsOfAMatchThatCoversNoMap) {
  repository_.Write("m.yaml", Map("a: 1"));
  EXPECT_EQ(Policies("lint", Policy("  rule: plan.first\n  match: {maps: [limit]}\n")), 0);
  EXPECT_NE(cli_.out().find("matches no map of this source"), std::string::npos) << cli_.out();
}

TEST_F(PolicyVerbsTest, ExplainShowsTheValuesOfEachCase) {
  repository_.Write("p.yaml", kSound);
  EXPECT_EQ(cli_.Run({"policy", "explain", "small", repository_.dir()}), 0) << cli_.err();
  EXPECT_NE(cli_.out().find("two: deny  changes 2\nplan.changed <= 1\n2"), std::string::npos)
      << cli_.out();
  EXPECT_EQ(cli_.Run({"policy", "explain", "smal", repository_.dir()}), 5);
  EXPECT_NE(cli_.err().find("did you mean"), std::string::npos) << cli_.err();
  EXPECT_EQ(cli_.Run({"policy", "explain", "no-secret-in-clear", repository_.dir()}), 0);
}

TEST_F(PolicyVerbsTest, FunctionsListsTheLanguage) {
  EXPECT_EQ(cli_.Run({"policy", "functions"}), 0);
  EXPECT_NE(cli_.out().find("startsWith"), std::string::npos);
  EXPECT_NE(cli_.out().find("within"), std::string::npos);
}

TEST_F(PolicyVerbsTest, WaiversListsThoseThatEndSoon) {
  repository_.Write("m.yaml", Map("a: 1"));
  repository_.Write("w.yaml",
                    "apiVersion: portolan/v1\nkind: Waiver\nmetadata: {name: w, owner: a}\nspec: "
                    "{policy: small, maps: [limits], until: 2026-12-01T00:00:00Z, reason: r}\n");
  EXPECT_EQ(Policies("waivers", kSound), 0) << cli_.err();
  EXPECT_NE(cli_.out().find("in force"), std::string::npos) << cli_.out();
  EXPECT_EQ(Policies("waivers", kSound, {"--expiring", "9d"}), 0);
  EXPECT_EQ(cli_.out().find("in force"), std::string::npos);
  EXPECT_EQ(Policies("waivers", kSound, {"--expiring", "10d"}), 0);
  EXPECT_NE(cli_.out().find("in force"), std::string::npos);
}

TEST_F(PolicyVerbsTest, PlanExplainsByThePoliciesOfTheBase) {
  CommitDeniedChange();
  EXPECT_EQ(cli_.Run(Plan({"--explain"})), 0) << cli_.err();
  EXPECT_NE(cli_.out().find("DENY  small (soft, p.yaml:3)  changes 2\n  plan.changed <= 1\n"),
            std::string::npos)
      << cli_.out();
  EXPECT_EQ(cli_.Run(Plan({"--enforce"})), 4);
  EXPECT_EQ(cli_.Run(Plan({"--enforce", "-o", "json"})), 4);
  const auto out = manifests::ParseJson(cli_.out());
  ASSERT_TRUE(out.ok());
  EXPECT_TRUE(out->Find("policies")->as_array().at(0).BoolOr("blocked", false));
  EXPECT_EQ(cli_.Run(Plan({"--explain", "-o", "markdown"})), 0);
  EXPECT_NE(cli_.out().find("### Policies of limits: **denied**"), std::string::npos);
}

TEST_F(PolicyVerbsTest, PlanTakesTheHeadsPoliciesOnlyWhenAsked) {
  CommitDeniedChange();
  repository_.Write("p.yaml", Policy("  rule: plan.changed <= 5\n"));
  std::vector<std::string> args{"plan",   "--repo", repository_.dir(),
                                "--base", "HEAD~1", "--enforce"};
  EXPECT_EQ(cli_.Run(args), 4) << "a change of policy does not judge itself";
  args.insert(args.end(), {"--policies", "head"});
  EXPECT_EQ(cli_.Run(args), 0) << cli_.out();
  EXPECT_EQ(cli_.Run({"plan", "--explain"}), 64);
}

TEST_F(PolicyVerbsTest, PlanRefusesToJudgeByABrokenSet) {
  repository_.Write("p.yaml", Policy("  rule: plan.frist\n"));
  repository_.Commit("m.yaml", Map("a: 1"));
  repository_.Commit("m.yaml", Map("a: 2"));
  EXPECT_EQ(cli_.Run(Plan({"--enforce"})), 3);
  EXPECT_NE(cli_.err().find("the policies cannot judge"), std::string::npos) << cli_.err();
}

TEST_F(PolicyVerbsTest, PlanShowsPoliciesWhoSignedTheHead) {
  repository_.Write("p.yaml",
                    "apiVersion: portolan/v1\nkind: Policy\nmetadata: {name: signed}\n"
                    "spec:\n  scope: plan\n  level: hard\n"
                    "  rule: commit.signers.exists(s, s == 'ana@corp.example')\n");
  repository_.Commit("m.yaml", Map("a: 1"));
  const TestSshKey ana(directory_, "ana");
  const TestSshKey eve(directory_, "eve");
  WriteFile(directory_.Path("allowed"), ana.Allowed("ana@corp.example"));
  WriteFile(directory_.Path("signers.yaml"), "ssh: allowed\n");
  const std::vector<std::string> verified = {"--enforce", "--signers",
                                             directory_.Path("signers.yaml")};
  repository_.Write("m.yaml", Map("a: 2"));
  repository_.Git("add -A");
  ana.Commit(repository_);
  EXPECT_EQ(cli_.Run(Plan(verified)), 0) << cli_.out() << cli_.err();
  EXPECT_EQ(cli_.Run(Plan({"--enforce"})), 4);
  repository_.Write("m.yaml", Map("a: 3"));
  repository_.Git("add -A");
  eve.Commit(repository_);
  EXPECT_EQ(cli_.Run(Plan(verified)), 4);
  EXPECT_NE(cli_.err().find("UnknownSigner: commit"), std::string::npos) << cli_.err();
  EXPECT_EQ(cli_.Run({"plan", "--base", "HEAD", "--repo", repository_.dir(), "--signers", "x"}),
            64);
}

TEST_F(PolicyVerbsTest, PlanAsksTheValidatorsOfTheFile) {
  const std::string script = directory_.Path("check");
  WriteFile(script,
            "#!/bin/sh\ngrep -q '\"a\":2' && echo '{\"allow\":false,\"message\":\"two\"}' "
            "|| echo '{\"allow\":true}'\n");
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  WriteFile(directory_.Path("validators.yaml"), "- {name: mine, exec: [check]}\n");
  repository_.Write("p.yaml",
                    "apiVersion: portolan/v1\nkind: Policy\nmetadata: {name: checked}\n"
                    "spec: {scope: plan, level: hard, validator: mine}\n");
  repository_.Commit("m.yaml", Map("a: 1"));
  repository_.Commit("m.yaml", Map("a: 2"));
  const std::string file = directory_.Path("validators.yaml");
  EXPECT_EQ(cli_.Run(Plan({"--explain", "--enforce", "--validators", file})), 4) << cli_.err();
  EXPECT_NE(cli_.out().find("DENY  checked (hard, p.yaml:3)  two\n  validator: mine"),
            std::string::npos)
      << cli_.out();
  repository_.Commit("m.yaml", Map("a: 3"));
  EXPECT_EQ(cli_.Run(Plan({"--enforce", "--validators", file})), 0) << cli_.out();
  EXPECT_EQ(cli_.Run(Plan({"--enforce"})), 4);
  EXPECT_NE(cli_.out().find("no validators are configured here"), std::string::npos) << cli_.out();
}

TEST_F(PolicyVerbsTest, CoverageNamesWhatNoTestExercisesAndFails) {
  const std::string gap = Policy(
      "  rule: plan.first || plan.changed <= 1\n  tests:\n  - {expect: allow}\n"
      "  - {name: two, vars: {plan: {changed: 2}}, expect: deny}\n");
  EXPECT_EQ(Policies("test", gap), 0) << cli_.out() << cli_.err();
  EXPECT_EQ(Policies("test", gap, {"--coverage"}), 1);
  EXPECT_EQ(cli_.out(), "GAP   small: `plan.first` never decides: it is never true\n");
  EXPECT_EQ(Policies("test", gap, {"--coverage", "-o", "json"}), 1);
  EXPECT_NE(cli_.out().find(R"("text": "plan.first")"), std::string::npos) << cli_.out();
  EXPECT_EQ(Policies("test", kSound, {"--coverage"}), 0) << cli_.out() << cli_.err();
}

TEST_F(PolicyVerbsTest, TestRunsOnlyTheCasesThatRunNames) {
  EXPECT_EQ(Policies("test", kSound, {"--run", "^small/two$", "-o", "wide"}), 0) << cli_.err();
  EXPECT_EQ(cli_.out(), "ok    small: two\n");
  EXPECT_EQ(cli_.err(), "1 passed, 0 failed, 1 left out\n");
  EXPECT_EQ(Policies("test", kSound, {"--run", "two", "-o", "json"}), 0);
  EXPECT_EQ(manifests::ParseJson(cli_.out())->IntOr("leftOut", 0), 1);
  const std::string broken = Policy(
      "  rule: plan.changed <= 1\n  tests:\n  - {name: good, expect: allow}\n"
      "  - {name: bad, expect: deny}\n");
  EXPECT_EQ(Policies("test", broken, {"--run", "good"}), 0) << cli_.out() << cli_.err();
  EXPECT_EQ(Policies("test", broken, {"--run", "bad"}), 1);
}

TEST_F(PolicyVerbsTest, TestExits2WhenRunMatchesNothing) {
  EXPECT_EQ(Policies("test", kSound, {"--run", "three"}), 2);
  EXPECT_NE(cli_.err().find("--run three matches none of 2 tests"), std::string::npos)
      << cli_.err();
  EXPECT_EQ(Policies("test", kSound, {"--run", "(?=x)"}), 64);
}

TEST_F(PolicyVerbsTest, TestTakesPlaceAtNow) {
  const std::string dated = Policy(
      "  rule: now < timestamp('2026-12-20T00:00:00Z')\n  tests:\n  - {name: open, expect: allow}\n"
      "  - {name: fixed, vars: {now: 2026-11-01T00:00:00Z}, expect: allow}\n");
  EXPECT_EQ(Policies("test", dated), 0) << cli_.out();
  EXPECT_EQ(Policies("test", dated, {"--now", "2026-12-24T10:00:00Z"}), 1);
  EXPECT_NE(cli_.out().find("FAIL  small: open"), std::string::npos) << cli_.out();
  EXPECT_EQ(cli_.err(), "1 passed, 1 failed\n");
  EXPECT_EQ(Policies("test", dated, {"--now", "yesterday"}), 64);
}

TEST_F(PolicyVerbsTest, TheExamplesAreCleanToTheStrictestReader) {
  const std::string examples = (SourceTree() / "examples/policies").string();
  EXPECT_EQ(cli_.Run({"policy", "lint", examples, "--strict"}), 0) << cli_.out() << cli_.err();
  EXPECT_EQ(cli_.out(), "");
  EXPECT_EQ(cli_.Run({"policy", "test", examples, "--coverage"}), 0) << cli_.out() << cli_.err();
  EXPECT_EQ(cli_.out(), "");
}

TEST_F(PolicyVerbsTest, AuditJudgesTheMapsOfAFolderAsIfTheyWereServed) {
  const std::string live =
      "apiVersion: portolan/v1\nkind: Policy\nmetadata: {name: few}\nspec:\n  scope: live\n"
      "  level: soft\n  rule: live.size() < 2\n  message: \"'serves ' + string(live.size())\"\n";
  repository_.Write("m.yaml", Map("a: 1"));
  EXPECT_EQ(Policies("audit", live), 0) << cli_.out() << cli_.err();
  repository_.Write("m.yaml", Map("a: 1, b: 2"));
  EXPECT_EQ(Policies("audit", live), 1);
  EXPECT_NE(cli_.out().find("few"), std::string::npos);
  EXPECT_NE(cli_.out().find("serves 2"), std::string::npos) << cli_.out();
}

TEST_F(PolicyVerbsTest, PlanNeverPrintsASecretThatItDenies) {
  const std::string secret = std::string("AKIA") + "IOSFODNN7EXAMPLE";
  repository_.Commit("m.yaml", Map("a: 1"));
  repository_.Commit("m.yaml", Map("a: 1, aws: " + secret));
  for (const char* const output : {"text", "json", "markdown"}) {
    EXPECT_EQ(cli_.Run(Plan({"--explain", "-o", output})), 0) << cli_.err();
    EXPECT_EQ(cli_.out().find(secret), std::string::npos) << cli_.out();
    EXPECT_NE(cli_.out().find("«redacted sha256:"), std::string::npos) << cli_.out();
    EXPECT_EQ(cli_.Run(Plan({"-o", output})), 0);
    EXPECT_EQ(cli_.out().find(secret), std::string::npos) << cli_.out();
  }
}

}  // namespace
}  // namespace portolan::controller
