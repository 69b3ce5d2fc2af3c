#include "controller/cli/wait.h"

#include <gtest/gtest.h>

#include "tests/controller/cli/cli_harness.h"

namespace portolan::controller {
namespace {

TEST(Wait, EndsByItsCondition) {
  const std::string stable(12, 'a');
  const std::tuple<std::string, std::string, int> kTable[] = {
      {"Healthy", "Healthy", 0},
      {"Healthy", "RolledBack", 7},
      {"phase=RolledBack", "RolledBack", 0},
      {"synced", "Healthy", 0},
      {"synced", "RolledBack", 7},
      {"digest=" + stable, "Baking", 0},
      {"Paused", "Stepping", 1},
      {"nonsense", "Healthy", 64},
  };
  for (const auto& [condition, phase, exit] : kTable) {
    CliHarness cli;
    cli.daemon.On("GET /v1/maps/limits/status", 200, StatusJson(phase));
    EXPECT_EQ(cli.Run({"wait", "limits", "--for=" + condition, "--timeout", "0s"}), exit)
        << condition << " in " << phase;
  }
}

TEST(Wait, OfAVerbShowsEveryChangeOnceAndEndsWhenHealthy) {
  CliHarness cli;
  const std::string status = "GET /v1/maps/limits/status";
  cli.daemon.On("POST /v1/maps/limits/promote", 200,
                AnswerOfVerb(StatusJson("Stepping", 2, 20000)));
  cli.daemon.On(status, 200, StatusJson("Stepping", 2, 20000));
  cli.daemon.OnError(status, {ErrorCode::kUnavailable, "connection refused"});
  cli.daemon.On(status, 200, StatusJson("Baking"));
  cli.daemon.On(status, 200, StatusJson("Healthy"));
  EXPECT_EQ(cli.Run({"promote", "limits", "--wait"}), 0);
  EXPECT_EQ(cli.err(),
            "goes on\n"
            "limits: Stepping 2/3 at 20% (ReasonStepping)\n"
            "limits: no answer, asking again: connection refused\n"
            "limits: Baking (ReasonBaking)\n"
            "limits: Healthy (ReasonHealthy)\n");
  EXPECT_EQ(cli.out(), "limits: Healthy (ReasonHealthy)\n");
}

TEST(Wait, OfAVerbExits124WhenTheTimeoutPasses) {
  CliHarness cli;
  cli.daemon.On("POST /v1/maps/limits/promote", 200, AnswerOfVerb(StatusJson("Baking")));
  cli.daemon.On("GET /v1/maps/limits/status", 200, StatusJson("Baking"));
  EXPECT_EQ(cli.Run({"promote", "limits", "--wait", "--timeout", "3s"}), 124);
  EXPECT_EQ(cli.daemon.requests.size(), 4u);
  EXPECT_NE(cli.err().find("waited 3s; limits: Baking"), std::string::npos) << cli.err();
}

TEST(Wait, OfAVerbExits130WhenInterrupted) {
  CliHarness cli;
  cli.waits_until_interrupt = 1;
  cli.daemon.On("POST /v1/maps/limits/promote", 200, AnswerOfVerb(StatusJson("Baking")));
  cli.daemon.On("GET /v1/maps/limits/status", 200, StatusJson("Baking"));
  EXPECT_EQ(cli.Run({"promote", "limits", "--wait"}), 130);
}

}  // namespace
}  // namespace portolan::controller
