#include <gtest/gtest.h>

#include "tests/controller/cli/cli_harness.h"

namespace portolan::controller {
namespace {

TEST(Status, IsATableOfAllMaps) {
  CliHarness cli;
  cli.daemon.On(
      "GET /v1/maps", 200,
      R"({"maps":[)" + StatusJson("Stepping", 2, 20000) + "," + StatusJson("Healthy") + "]}");
  EXPECT_EQ(cli.Run({"status"}), 0);
  EXPECT_EQ(
      cli.out(),
      "MAP     PHASE     STEP  WEIGHT  STABLE        TARGET        SYNC         SINCE  REASON\n"
      "limits  Stepping  2/3   20%     aaaaaaaaaaaa  bbbbbbbbbbbb  Progressing  3m     "
      "ReasonStepping\n"
      "limits  Healthy   -     -       aaaaaaaaaaaa  -             Synced       3m     "
      "ReasonHealthy\n");
  EXPECT_EQ(cli.err(), "");
}

TEST(Status, IsColouredOnATerminalUnlessNoColorSaysNo) {
  CliHarness cli;
  cli.env.out_is_tty = true;
  cli.daemon.On("GET /v1/maps", 200, R"({"maps":[)" + StatusJson("Healthy") + "]}");
  cli.Run({"status"});
  EXPECT_NE(cli.out().find("\033[32mHealthy\033[0m"), std::string::npos);
  cli.Run({"status", "--no-color"});
  EXPECT_EQ(cli.out().find('\033'), std::string::npos);
  cli.variables["NO_COLOR"] = "1";
  cli.Run({"status"});
  EXPECT_EQ(cli.out().find('\033'), std::string::npos);
}

TEST(Status, NamesPrintsNamesOnly) {
  CliHarness cli;
  cli.daemon.On("GET /v1/maps", 200, R"({"maps":[{"map":"a"},{"map":"b"}]})");
  EXPECT_EQ(cli.Run({"status", "-o", "name"}), 0);
  EXPECT_EQ(cli.out(), "a\nb\n");
}

TEST(Status, WatchPrintsOnlyChangesUntilInterrupted) {
  CliHarness cli;
  cli.waits_until_interrupt = 2;
  cli.daemon.On("GET /v1/maps/limits/status", 200, StatusJson("Baking"));
  cli.daemon.On("GET /v1/maps/limits/status", 200, StatusJson("Baking"));
  cli.daemon.On("GET /v1/maps/limits/status", 200, StatusJson("Healthy"));
  EXPECT_EQ(cli.Run({"status", "limits", "--watch"}), 130);
  EXPECT_EQ(cli.out(),
            "2026-11-21T12:00:00.000Z  limits  Baking  aaaaaaaaaaaa -> bbbbbbbbbbbb  ReasonBaking\n"
            "2026-11-21T12:00:04.000Z  limits  Healthy  aaaaaaaaaaaa  ReasonHealthy\n");
}

TEST(Get, PrintsOneValueAsCanonicalJson) {
  CliHarness cli;
  cli.daemon.On(
      "GET /v1/maps/limits/entries/api%2Flogin?subject=user%2017", 200,
      R"({"key":"api/login","value":{"rps":20,"burst":4},"arm":"canary","reason":"split",)"
      R"("digest":"sha256:abcdefabcdefabcdef"})");
  EXPECT_EQ(cli.Run({"get", "limits", "api/login", "--subject", "user 17"}), 0);
  EXPECT_EQ(cli.out(), "{\"burst\":4,\"rps\":20}\n");
  EXPECT_EQ(cli.err(), "canary abcdefabcdef, split\n");
  EXPECT_EQ(cli.Run({"get", "limits", "api/login", "--subject", "user 17", "-q"}), 0);
  EXPECT_EQ(cli.err(), "");
}

TEST(Get, PrintsAWholeMapAsATable) {
  CliHarness cli;
  cli.daemon.On(
      "GET /v1/maps/limits?arm=canary", 200,
      R"({"map":"limits","entries":{"a":1,"long/key":{"x":true}},"arm":"canary","digest":""})");
  EXPECT_EQ(cli.Run({"get", "limits", "--arm", "canary"}), 0);
  EXPECT_EQ(cli.out(), "KEY       VALUE\na         1\nlong/key  {\"x\":true}\n");
}

TEST(Get, PrintsWhatChangedSinceAPlaceAndWhereToGoOn) {
  CliHarness cli;
  cli.daemon.On("GET /v1/maps/limits/changes?arm=stable&since=sha256%3Aaa", 200,
                R"({"map":"limits","arm":"stable","digest":"sha256:abcdefabcdefabcdef",)"
                R"("since":"sha256:bb","whole":false,"set":{"a":1},"erased":["b"]})");
  EXPECT_EQ(cli.Run({"get", "limits", "--arm", "stable", "--since", "sha256:aa"}), 0);
  EXPECT_EQ(cli.out(), "CHANGE  KEY  VALUE\nset     a    1\nerase   b    -\n");
  EXPECT_EQ(cli.err(), "stable abcdefabcdef, 2 changes; next: --since sha256:bb\n");
  EXPECT_EQ(cli.Run({"get", "limits", "a", "--since", "sha256:aa"}), 64);
  EXPECT_NE(cli.err().find("either --since or KEY"), std::string::npos);
}

TEST(Get, RefusesAnUnknownArmBeforeAsking) {
  CliHarness cli;
  EXPECT_EQ(cli.Run({"get", "limits", "--arm", "both"}), 64);
  EXPECT_EQ(cli.daemon.requests.size(), 0u);
}

TEST(Get, OfAnUnknownMapExits5) {
  CliHarness cli;
  cli.daemon.On("GET /v1/maps/nope", 404, Problem(404, "not_found", "no map nope"));
  EXPECT_EQ(cli.Run({"get", "nope"}), 5);
  EXPECT_EQ(cli.err(), "portolan: no map nope\n");
}

TEST(Events, AskWithTheirFilters) {
  CliHarness cli;
  cli.daemon.On("GET /v1/events?after=7&map=limits", 200,
                R"({"events":[{"sequence":8,"time":"T","type":"Normal","map":"limits",)"
                R"("reason":"StepStarted","message":"5%"}],"last":8})");
  EXPECT_EQ(cli.Run({"events", "--map", "limits", "--after", "7"}), 0);
  EXPECT_EQ(cli.out(),
            "SEQUENCE  TIME  TYPE    MAP     REASON       MESSAGE\n"
            "8         T     Normal  limits  StepStarted  5%\n");
  EXPECT_EQ(cli.Run({"events", "--after", "x"}), 64);
}

TEST(Events, WatchPrintsOneJsonObjectALine) {
  CliHarness cli;
  cli.daemon.Lines("/v1/events?map=limits", {": idle", "", "id: 8", "data: {\"sequence\":8}", "",
                                             "data: {\"sequence\":9}", ""});
  EXPECT_EQ(cli.Run({"events", "--watch", "--map", "limits", "-o", "jsonl"}), 8);
  EXPECT_EQ(cli.out().substr(0, 30), "{\"sequence\":8}\n{\"sequence\":9}\n");
}

}  // namespace
}  // namespace portolan::controller
