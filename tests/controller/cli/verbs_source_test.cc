#include <gtest/gtest.h>

#include "tests/controller/cli/cli_harness.h"

namespace portolan::controller {
namespace {

TEST(SourceList, IsATable) {
  CliHarness cli;
  cli.daemon.On("GET /v1/sources", 200,
                R"({"sources":[{"name":"edge","revision":"main@sha1:8c1f0e2","maps":["a","b"],)"
                R"("lastFetchAt":"2026-11-21T11:59:50Z","lastError":"Unreachable: refused",)"
                R"("rejected":["maps/a.yaml:3:1: bad"]}]})");
  EXPECT_EQ(cli.Run({"source", "list"}), 0);
  EXPECT_EQ(cli.out(),
            "SOURCE  REVISION           OBSERVED  PENDING  MAPS  FETCHED  ERROR\n"
            "edge    main@sha1:8c1f0e2  -         -        2     10s      Unreachable: refused\n");
  EXPECT_EQ(cli.err(), "hint: rejected: maps/a.yaml:3:1: bad\n");
}

TEST(PolicyStatus, SaysWhatJudgesAndWhatWaitsForWhom) {
  CliHarness cli;
  cli.daemon.On(
      "GET /v1/sources", 200,
      R"({"sources":[{"name":"core","policies":{"commit":"","pending":null}},)"
      R"({"name":"edge","policies":{"commit":"3f2a91c000000000000000000000000000000000",)"
      R"("pending":{"plan":"sha256:9f",)"
      R"("commit":"8c1f0e2d00000000000000000000000000000000","owners":["sre"],"loosens":true,)"
      R"("changes":["policy few: removed"]}}},)"
      R"({"name":"flags","policies":{"commit":"3f2a91c000000000000000000000000000000000",)"
      R"("pending":{"plan":"sha256:9f",)"
      R"("commit":"8c1f0e2d00000000000000000000000000000000",)"
      R"("owners":[],"loosens":false,"changes":[],)"
      R"("approvedBy":"token:bob","effectiveAt":"2026-11-21T12:10:00Z"}}}]})");
  EXPECT_EQ(cli.Run({"policy", "status"}), 0);
  EXPECT_EQ(cli.out(),
            "core: the built-in policies judge\n"
            "edge: judged by 3f2a91c\n"
            "  pending  8c1f0e2, loosens\n"
            "  - policy few: removed\n"
            "  waits for an owner (sre): portolan approve sha256:9f\n"
            "flags: judged by 3f2a91c\n"
            "  pending  8c1f0e2, tightens\n"
            "  approved by token:bob, judges from 2026-11-21T12:10:00Z\n");
}

TEST(PolicyStatus, SaysWhoAskedToGoBackAndThatGitHoldsSomethingElse) {
  CliHarness cli;
  cli.daemon.On(
      "GET /v1/sources", 200,
      R"({"sources":[{"name":"edge","policies":{"commit":"3f2a91c000000000000000000000000000000000",)"
      R"("rolledBack":true,"pending":{"plan":"sha256:9f",)"
      R"("commit":"8c1f0e2d00000000000000000000000000000000","owners":["sre"],"loosens":true,)"
      R"("rollback":{"by":"token:bob","reason":"five is too many"},"changes":[]}}}]})");
  EXPECT_EQ(cli.Run({"policy", "status"}), 0);
  EXPECT_EQ(cli.out(),
            "edge: judged by 3f2a91c\n"
            "  rolled back; what git holds judges when a commit changes it\n"
            "  pending  8c1f0e2, loosens, a rollback asked for by token:bob: five is too many\n"
            "  waits for an owner (sre): portolan approve sha256:9f\n");
}

TEST(SourceAccept, AsksForYesAndSendsTheCommit) {
  CliHarness cli;
  cli.daemon.On("POST /v1/sources/edge/accept", 200, "{}");
  EXPECT_EQ(cli.Run({"source", "accept", "edge", "abc1234"}), 64);
  EXPECT_EQ(cli.Run({"source", "accept", "edge", "abc1234", "-y"}), 0);
  ASSERT_EQ(cli.daemon.requests.size(), 1u);
  EXPECT_NE(cli.daemon.requests[0].body.find("\"revision\":\"abc1234\""), std::string::npos);
}

TEST(Sync, WithWaitExits7WhenAMapOfTheSourceRollsBack) {
  CliHarness cli;
  cli.daemon.On("POST /v1/sources/edge/sync", 200,
                R"({"source":"edge","revision":"main@sha1:abc",)"
                R"("status":{"name":"edge","conditions":[{"type":"Ready","status":true}]},)"
                R"("maps":[{"map":"limits","phase":"Stepping"},{"map":"b","phase":"Healthy"}]})");
  cli.daemon.On("GET /v1/maps/limits/status", 200, StatusJson("RolledBack"));
  cli.daemon.On("GET /v1/maps/b/status", 200, StatusJson("Healthy"));
  EXPECT_EQ(cli.Run({"sync", "edge", "--wait"}), 7);
  EXPECT_EQ(cli.daemon.requests.size(), 3u);
  EXPECT_EQ(cli.Run({"sync", "edge"}), 0);
  EXPECT_EQ(cli.out(), "MAP     PHASE\nlimits  Stepping\nb       Healthy\n");
}

TEST(Sync, ReportsWhatKeepsTheSourceFromFollowing) {
  const std::string ready =
      R"("conditions":[{"type":"Ready","status":false,"message":"because","reason":)";
  const std::tuple<std::string, int, std::string> kTable[] = {
      {R"({"pending":"8c1f0e2"})", 6, "source accept"},
      {"{" + ready + R"("Unreachable"}]})", 7, "because"},
      {"{" + ready + R"("Unsigned"},{"type":"SourceVerified","status":false,"reason":"Unsigned",)" +
           R"("message":"no signature"}]})",
       10, "no signature"},
      {"{" + ready + R"("InvalidManifests"}],"rejected":["a.yaml:3:1: bad"]})", 3,
       "\na.yaml:3:1: bad\n"}};
  for (const auto& [status, exit, text] : kTable) {
    CliHarness cli;
    cli.daemon.On("POST /v1/sources/edge/sync", 200, R"({"status":)" + status + R"(,"maps":[]})");
    EXPECT_EQ(cli.Run({"sync", "edge", "--wait"}), exit) << status;
    EXPECT_NE(cli.err().find(text), std::string::npos) << cli.err();
  }
}

}  // namespace
}  // namespace portolan::controller
