#include "controller/cli/daemon_client.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/controller/cli/cli_harness.h"

namespace portolan::controller {
namespace {

TEST(DaemonClient, FindsTheDaemonByFlagThenVariableThenSocketThenLoopback) {
  CliHarness cli;
  cli.Run({"status"});
  cli.env.path_exists = [](const std::string& path) { return path == "/run/portolan.sock"; };
  cli.Run({"status"});
  cli.variables["PORTOLAN_SERVER"] = "http://b:1";
  cli.Run({"status"});
  cli.Run({"status", "--server", "http://a:1"});
  ASSERT_EQ(cli.daemon.connections.size(), 4u);
  EXPECT_EQ(cli.daemon.connections[0].server, "http://127.0.0.1:7420");
  EXPECT_EQ(cli.daemon.connections[1].server, "unix:///run/portolan.sock");
  EXPECT_EQ(cli.daemon.connections[2].server, "http://b:1");
  EXPECT_EQ(cli.daemon.connections[3].server, "http://a:1");
}

TEST(DaemonClient, TakesTheTokenFromFlagThenFileThenVariable) {
  CliHarness cli;
  const std::string file = testing::TempDir() + "/portolan-cli-token";
  std::ofstream(file) << "from-file\n";
  cli.variables["PORTOLAN_TOKEN"] = "from-variable";
  cli.Run({"status"});
  cli.Run({"status", "--token-file", file});
  cli.Run({"status", "--token-file", file, "--token", "from-flag"});
  ASSERT_EQ(cli.daemon.connections.size(), 3u);
  EXPECT_EQ(cli.daemon.connections[0].token, "from-variable");
  EXPECT_EQ(cli.daemon.connections[1].token, "from-file");
  EXPECT_EQ(cli.daemon.connections[2].token, "from-flag");
  EXPECT_EQ(cli.Run({"status", "--token-file", file + "-absent"}), 9);
}

TEST(DaemonClient, TakesAnAnswerThatIsNoJsonForNoDaemon) {
  CliHarness cli;
  cli.daemon.On("GET /v1/maps", 200, "<html>");
  EXPECT_EQ(cli.Run({"status"}), 7);
  EXPECT_NE(cli.err().find("is it a Portolan daemon?"), std::string::npos);
}

}  // namespace
}  // namespace portolan::controller
