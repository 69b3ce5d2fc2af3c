#include <gtest/gtest.h>

#include "tests/controller/cli/cli_harness.h"
#include "tests/controller/git/test_repository.h"

namespace portolan::controller {
namespace {

class PolicyDiffTest : public testing::Test {
 protected:
  void WritePolicy(const std::string& level, const std::string& rule) {
    repository_.Write("p.yaml",
                      "apiVersion: portolan/v1\nkind: Policy\nmetadata: {name: few}\nspec:\n"
                      "  scope: plan\n  level: " +
                          level + "\n  rule: " + rule +
                          "\n  message: \"'changes ' + string(plan.changed)\"\n");
  }
  std::string CommitMap(const std::string& entries) {
    return repository_.Commit("m.yaml",
                              "apiVersion: portolan/v1\nkind: Map\nmetadata: {name: limits}\n"
                              "spec: {entries: {" +
                                  entries + "}}\n");
  }
  // Three commits under a policy that allows all, then a branch with a stricter one.
  void MakeHistory() {
    WritePolicy("soft", "plan.changed < 100");
    CommitMap("a: 1, b: 1");
    two_ = CommitMap("a: 2, b: 2");
    CommitMap("a: 3, b: 2");
    repository_.Git("checkout -q -b stricter");
    WritePolicy("hard", "plan.first || plan.changed <= 1");
    repository_.Git("add -A");
    repository_.CommitIndex();
    repository_.Git("checkout -q main");
  }
  int Diff(const std::vector<std::string>& more) {
    std::vector<std::string> args{"policy",   "diff",   "main",
                                  "stricter", "--repo", repository_.dir()};
    args.insert(args.end(), more.begin(), more.end());
    return cli_.Run(args);
  }

  TestDirectory directory_;
  TestRepository repository_{directory_.Path("repository")};
  CliHarness cli_;
  std::string two_;
};

TEST_F(PolicyDiffTest, SaysHowTheSetsDiffer) {
  MakeHistory();
  EXPECT_EQ(Diff({}), 1) << cli_.err();
  EXPECT_EQ(cli_.out(), "few  soft → hard\n");
  EXPECT_EQ(cli_.Run({"policy", "diff", "main", "main", "--repo", repository_.dir()}), 0);
  EXPECT_EQ(cli_.out(), "");
}

TEST_F(PolicyDiffTest, ReplaysHistoryAndPrintsOnlyWhereTheSetsDisagree) {
  MakeHistory();
  EXPECT_EQ(Diff({"--replay", "10", "--head", "main"}), 1) << cli_.err();
  EXPECT_NE(cli_.out().find(two_.substr(0, 7) + "  limits  few     allow   deny   changes 2"),
            std::string::npos)
      << cli_.out();
  EXPECT_NE(cli_.err().find("2 plans of git's history replayed: 1 newly denied, 0 no longer"),
            std::string::npos)
      << cli_.err();
  EXPECT_EQ(Diff({"--replay", "1", "--head", "main", "-o", "json"}), 1);
  EXPECT_NE(cli_.out().find("\"flips\": []"), std::string::npos) << cli_.out();
  EXPECT_NE(cli_.out().find("\"plans\": 1"), std::string::npos) << cli_.out();
}

TEST_F(PolicyDiffTest, RefusesWhatItCannotCompare) {
  MakeHistory();
  EXPECT_EQ(Diff({"--replay", "many"}), 64);
  EXPECT_EQ(cli_.Run({"policy", "diff", "main", "nowhere", "--repo", repository_.dir()}), 2);
  repository_.Git("checkout -q -b broken");
  WritePolicy("hard", "plan.chnaged < 1");
  repository_.Git("add -A");
  repository_.CommitIndex();
  EXPECT_EQ(cli_.Run({"policy", "diff", "main", "broken", "--repo", repository_.dir()}), 3);
  EXPECT_NE(cli_.err().find("did you mean"), std::string::npos) << cli_.err();
}

}  // namespace
}  // namespace portolan::controller
