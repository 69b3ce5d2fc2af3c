#include "controller/cli/run_cli.h"

#include <gtest/gtest.h>

#include <fstream>

#include "controller/cli/verbs.h"
#include "manifests/value.h"
#include "tests/controller/cli/cli_harness.h"

namespace portolan::controller {
namespace {

TEST(RunCli, ExplainsItselfWithoutArguments) {
  CliHarness cli;
  EXPECT_EQ(cli.Run({}), 64);
  EXPECT_NE(cli.err().find("Usage: portolan VERB"), std::string::npos);
  EXPECT_EQ(cli.Run({"--help"}), 0);
  for (const VerbSpec& verb : AllVerbs())
    EXPECT_NE(cli.out().find("  " + std::string(verb.name) + " "), std::string::npos) << verb.name;
}

TEST(RunCli, ReportsABadCommandLineAlsoAsJson) {
  CliHarness cli;
  EXPECT_EQ(cli.Run({"statsu", "-o", "json"}), 64);
  const auto out = manifests::ParseJson(cli.out());
  ASSERT_TRUE(out.ok()) << cli.out();
  EXPECT_EQ(out->Find("error")->StringOr("reason", ""), "Usage");
  EXPECT_EQ(cli.Run({"status", "-o", "xml"}), 64);
  EXPECT_EQ(cli.Run({"status", "--timeout", "soon"}), 64);
}

}  // namespace
}  // namespace portolan::controller
