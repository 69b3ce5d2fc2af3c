#include "controller/cli/verbs.h"

#include <gtest/gtest.h>

#include "tests/controller/cli/cli_harness.h"

namespace portolan::controller {
namespace {

TEST(Doctor, ExitsWith1WhenTheDaemonIsAway) {
  CliHarness cli;
  EXPECT_EQ(cli.Run({"doctor", "-o", "json"}), 1);
  EXPECT_NE(cli.out().find("\"ok\": false"), std::string::npos);
  EXPECT_NE(cli.out().find("libgit2 1."), std::string::npos);
}

TEST(Doctor, FindsAReadyDaemon) {
  CliHarness cli;
  cli.variables["SSL_CERT_FILE"] = "/dev/null";
  cli.daemon.On("GET /v1/status", 200,
                R"({"daemon":{"version":"1","startedAt":"2026-11-21T11:00:00Z"}})");
  cli.daemon.On("GET /readyz", 200, R"({"ready":true,"reasons":[]})");
  EXPECT_EQ(cli.Run({"doctor"}), 0) << cli.out();
  EXPECT_NE(cli.out().find("daemon's clock"), std::string::npos);
}

TEST(Version, SaysItsVersion) {
  CliHarness cli;
  EXPECT_EQ(cli.Run({"--version"}), 0);
  EXPECT_EQ(cli.out(), "portolan 9.8.7\n");
}

TEST(Doctor, SaysWhyADaemonIsNotReady) {
  CliHarness cli;
  cli.daemon.On("GET /v1/status", 200, R"({"daemon":{"startedAt":"2026-11-21T11:00:00Z"}})");
  cli.daemon.On("GET /readyz", 503, R"({"ready":false,"reasons":["map a is not served yet"]})");
  EXPECT_EQ(cli.Run({"doctor"}), 1);
  EXPECT_NE(cli.out().find("not ready: map a is not served yet"), std::string::npos) << cli.out();
}

TEST(HelpVerb, KnowsVerbsOfTwoWordsAndRefusesUnknownOnes) {
  CliHarness cli;
  EXPECT_EQ(cli.Run({"help", "source", "accept"}), 0);
  EXPECT_NE(cli.out().find("Usage: portolan source accept NAME REV"), std::string::npos);
  EXPECT_EQ(cli.Run({"help", "nonsense"}), 64);
}

}  // namespace
}  // namespace portolan::controller
