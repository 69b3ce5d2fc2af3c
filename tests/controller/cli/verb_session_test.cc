#include "controller/cli/verb_session.h"

#include <gtest/gtest.h>

#include "tests/controller/cli/cli_harness.h"

namespace portolan::controller {
namespace {

TEST(VerbSession, SaysWhatToDoWhenNoDaemonAnswers) {
  CliHarness cli;
  cli.daemon.OnError("GET /v1/maps", {ErrorCode::kUnavailable, "connection refused"});
  EXPECT_EQ(cli.Run({"status"}), 8);
  EXPECT_EQ(
      cli.err(),
      "portolan: connection refused\n"
      "hint: asked http://127.0.0.1:7420; --server or $PORTOLAN_SERVER names another daemon\n");
}

TEST(VerbSession, SaysHowToGiveATokenWhenNoneIsKnown) {
  CliHarness cli;
  cli.daemon.On("GET /v1/maps", 401, Problem(401, "unauthenticated", "no token"));
  EXPECT_EQ(cli.Run({"status"}), 9);
  EXPECT_NE(cli.err().find("--token-file"), std::string::npos);
}

TEST(VerbSession, PassesTheTimeoutOnAsTheRequestsDeadline) {
  CliHarness cli;
  cli.daemon.On("GET /v1/maps", 200, R"({"maps":[]})");
  cli.Run({"status"});
  cli.Run({"status", "--timeout", "250ms"});
  EXPECT_EQ(cli.daemon.requests.at(0).deadline, Duration(10'000));
  EXPECT_EQ(cli.daemon.requests.at(1).deadline, Duration(250));
}

}  // namespace
}  // namespace portolan::controller
