// What GET /v1/plans of the real routes says, judged again by the command line.
#include "controller/cli/stored_plans.h"

#include "tests/controller/api/audited_plan.h"
#include "tests/controller/cli/cli_harness.h"
#include "tests/controller/git/test_repository.h"

namespace portolan::controller {
namespace {

class StoredPlansTest : public AuditedPlanTest {
 protected:
  StoredPlansTest() {
    WritePolicy("plan.changed < 10 && size(maps) == 2");
    repository.Commit("README", "policies");
    repository.Git("checkout -q -b stricter");
    WritePolicy("plan.first || plan.changed < 1");
    repository.Git("add -A");
    repository.CommitIndex();
  }
  void WritePolicy(const std::string& rule) {
    repository.Write("few.yaml",
                     "apiVersion: portolan/v1\nkind: Policy\nmetadata: {name: few, owner: o}\n"
                     "spec:\n  scope: plan\n  level: soft\n  rule: " +
                         rule + "\n  message: \"'changes ' + string(plan.changed)\"\n");
  }
  int Diff(std::vector<std::string> more) {
    std::vector<std::string> args{"policy", "diff", "main", "stricter", "--repo", repository.dir()};
    args.insert(args.end(), more.begin(), more.end());
    return cli.Run(args);
  }
  // The answer of the routes, with a text of it replaced.
  std::string Answer(const std::string& query, const std::string& from = "",
                     const std::string& to = "") {
    std::string body = Serve("GET", "/v1/plans" + query).body;
    if (from.empty()) return body;
    const std::size_t at = body.find(from);
    EXPECT_NE(at, std::string::npos) << from << " is not in " << body;
    return at == std::string::npos ? body : body.replace(at, from.size(), to);
  }

  TestDirectory scratch;
  TestRepository repository{scratch.Path("policies")};
  CliHarness cli;
};

TEST_F(StoredPlansTest, PrintsOnlyTheStoredPlansOnWhichTheSetsDisagree) {
  cli.daemon.On("GET /v1/plans?limit=10&skip=0", 200, Answer("?limit=10"));
  EXPECT_EQ(Diff({"--replay", "10", "--from", "plans"}), 1) << cli.err();
  EXPECT_EQ(cli.out(),
            "few  changed\n"
            "COMMIT   MAP    POLICY  BEFORE  AFTER  MESSAGE\n"
            "bbbbbbb  flags  few     allow   deny   changes 1\n");
  EXPECT_TRUE(Contains(cli.err(), "3 plans of the daemon's replayed: 1 newly denied, 0 no longer"))
      << cli.err();
  EXPECT_EQ(Diff({"--replay", "10", "--from", "plans", "-o", "json"}), 1);
  const manifests::Value value = manifests::ParseJson(cli.out()).value();
  EXPECT_EQ(value.StringOr("from", ""), "plans");
  EXPECT_EQ(value.IntOr("plans", 0), 3);
  EXPECT_EQ(value.Find("flips")->as_array().at(0).StringOr("plan", ""), plan);
}

TEST_F(StoredPlansTest, AsksOnUntilItHasAsManyAsWereAskedFor) {
  cli.daemon.On("GET /v1/plans?limit=2&skip=0", 200, Answer("?limit=1"));
  cli.daemon.On("GET /v1/plans?limit=1&skip=1", 200, Answer("?limit=1&skip=1"));
  EXPECT_EQ(Diff({"--replay", "2", "--from", "plans"}), 1) << cli.err();
  EXPECT_TRUE(Contains(cli.err(), "2 plans of the daemon's replayed")) << cli.err();
}

TEST_F(StoredPlansTest, LeavesOutAPlanThatItsFilesDoNotMakeAndSaysSo) {
  cli.daemon.On("GET /v1/plans?limit=10&skip=0", 200,
                Answer("?limit=10", "{a: 2, b: 1}", "{a: 7, b: 1}"));
  EXPECT_EQ(Diff({"--replay", "10", "--from", "plans", "-o", "json"}), 1);
  const manifests::Value value = manifests::ParseJson(cli.out()).value();
  EXPECT_EQ(value.IntOr("plans", 0), 2);
  EXPECT_TRUE(value.Find("flips")->as_array().empty());
  EXPECT_EQ(value.Find("skipped")->as_array().at(0).StringOr("map", ""), "flags");
  EXPECT_TRUE(Contains(cli.err(), "1 plans cannot be made anew and were left out")) << cli.err();
}

TEST_F(StoredPlansTest, NamingADaemonMeansItsPlansAndHistoryNeedsNone) {
  cli.daemon.On("GET /v1/plans?limit=10&skip=0", 200, Answer("?limit=10"));
  EXPECT_EQ(Diff({"--replay", "10", "--server", "http://127.0.0.1:7420"}), 1) << cli.err();
  EXPECT_TRUE(Contains(cli.err(), "of the daemon's")) << cli.err();
  cli.daemon.requests.clear();
  EXPECT_EQ(Diff({"--replay", "10"}), 1) << cli.err();
  EXPECT_TRUE(Contains(cli.err(), "of git's history")) << cli.err();
  EXPECT_TRUE(cli.daemon.requests.empty());
  EXPECT_EQ(Diff({"--replay", "10", "--from", "memory"}), 64);
  EXPECT_EQ(Diff({"--replay", "10", "--from", "plans", "--tier", "prod"}), 64);
  EXPECT_EQ(Diff({"--replay", "10", "--source", "edge"}), 64);
}

TEST_F(StoredPlansTest, TheDaemonsRefusalIsTheVerbs) {
  cli.daemon.On(
      "GET /v1/plans?limit=10&skip=0", 403,
      controller::Problem(403, "denied", "it takes a token with the scopes read and sensitive"));
  EXPECT_EQ(Diff({"--replay", "10", "--from", "plans"}), 4);
  EXPECT_TRUE(Contains(cli.err(), "scopes read and sensitive")) << cli.err();
}

}  // namespace
}  // namespace portolan::controller
