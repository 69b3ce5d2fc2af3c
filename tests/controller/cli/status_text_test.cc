#include "controller/cli/status_text.h"

#include <gtest/gtest.h>

#include "tests/controller/cli/cli_harness.h"

namespace portolan::controller {
namespace {

TEST(History, IsATableNewestFirst) {
  CliHarness cli;
  cli.daemon.On("GET /v1/maps/limits/history", 200,
                R"({"map":"limits","versions":[{"number":2,"digest":"sha256:bbbbbbbbbbbbbbbb",)"
                R"("commit":"8c1f0e2d1a2b3c4d5e6f708192a3b4c5d6e7f809","outcome":"live",)"
                R"("at":"2026-11-21T11:00:00Z","subject":"raise","knownGood":false},)"
                R"({"number":1,"digest":"sha256:aaaaaaaaaaaaaaaa","outcome":"rolled-back",)"
                R"("at":"2026-11-19T11:00:00Z","subject":"first","knownGood":true}]})");
  EXPECT_EQ(cli.Run({"history", "limits"}), 0);
  EXPECT_EQ(cli.out(),
            "NUMBER  DIGEST        OUTCOME      KNOWN-GOOD  COMMIT   AGE  SUBJECT\n"
            "2       bbbbbbbbbbbb  live         no          8c1f0e2  1h   raise\n"
            "1       aaaaaaaaaaaa  rolled-back  yes         -        2d   first\n");
}

TEST(Status, OfOneMapIsABlock) {
  CliHarness cli;
  cli.daemon.On("GET /v1/maps/limits/status", 200, StatusJson("Stepping", 1, 5000));
  EXPECT_EQ(cli.Run({"status", "limits"}), 0);
  EXPECT_EQ(cli.out(),
            "limits  Stepping  step 1/3 at 5%  for 3m\n"
            "  reason      ReasonStepping\n"
            "  sync        Progressing\n"
            "  source      edge\n"
            "  stable      aaaaaaaaaaaa #41 8c1f0e2 (ana): first\n"
            "  target      bbbbbbbbbbbb\n"
            "  plan        cccccccccccc\n");
}

TEST(Status, EscapesWhatWouldSteerATerminal) {
  CliHarness cli;
  cli.daemon.On("GET /v1/maps/limits/status", 200,
                "{\"map\":\"limits\",\"reason\":\"\\u001b[2J\"}");
  EXPECT_EQ(cli.Run({"status", "limits"}), 0);
  EXPECT_EQ(cli.out().find('\033'), std::string::npos);
  EXPECT_NE(cli.out().find("[2J"), std::string::npos);
}

TEST(Why, SaysWhatAMapWaitsForAndWhatToDo) {
  CliHarness cli;
  cli.daemon.On(
      "GET /v1/maps/limits/why?key=api%2Flogin", 200,
      R"({"map":"limits","summary":"limits is Held","facts":[{"label":"policy","text":"denied"}],)"
      R"("next":["portolan approve x"],"entry":{"key":"api/login","value":{"rps":1},)"
      R"("author":"ana"},"events":[],"samples":[{"arm":"canary","instance":"shop-1","key":"api/login",)"
      R"("text":"rps is 0","at":"T4"},{"arm":"stable","instance":"shop-2","key":"",)"
      R"("text":"slow","at":"T5"}],)"
      R"("policies":{"verdicts":[{"policy":"few","level":"soft","outcome":"deny",)"
      R"("message":"9 keys"},{"policy":"other","outcome":"skipped"}]},)"
      R"("steps":[{"step":1,"weight":5000,"startedAt":"T1","endedAt":"T2",)"
      R"("endedBy":"BakeStarted","metrics":[{"name":"errors","verdict":"Successful",)"
      R"("message":"none"}]},{"step":"bake","weight":100000,"startedAt":"T2"}],)"
      R"("measurements":[{"metric":"a/p95","at":"T3","outcome":"Failed","message":"9"}],)"
      R"("nextAt":"T5"})");
  EXPECT_EQ(cli.Run({"why", "limits/api/login"}), 0);
  EXPECT_EQ(cli.out(),
            "limits is Held\n"
            "  policy      denied\n"
            "entry api/login\n"
            "  value       {\"rps\":1}\n"
            "  author      ana\n"
            "policies\n"
            "  few (soft) deny: 9 keys\n"
            "steps\n"
            "  step 1 at 5%  T1 to T2 (BakeStarted)\n"
            "    errors Successful: none\n"
            "  bake at 100%  T2 to now\n"
            "measurements\n"
            "  T3  a/p95 Failed: 9\n"
            "samples\n"
            "  T4  canary of shop-1  api/login: rps is 0\n"
            "  T5  stable of shop-2  slow\n"
            "next\n"
            "  portolan approve x\n"
            "  next at     T5\n");
}

}  // namespace
}  // namespace portolan::controller
