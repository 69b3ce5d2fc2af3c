#include "controller/cli/process_environment.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/controller/cli/cli_harness.h"

namespace portolan::controller {
namespace {

TEST(ProcessEnvironment, SeesVariablesAndFilesOfTheProcess) {
  const ManualClock clock;
  const CliEnvironment env = ProcessEnvironment(clock, "1.2.3");
  EXPECT_EQ(env.version, "1.2.3");
  ASSERT_EQ(::setenv("PORTOLAN_ENVIRONMENT_TEST", "yes", 1), 0);
  EXPECT_EQ(env.getenv("PORTOLAN_ENVIRONMENT_TEST"), "yes");
  ::unsetenv("PORTOLAN_ENVIRONMENT_TEST");
  EXPECT_EQ(env.getenv("PORTOLAN_ENVIRONMENT_TEST"), std::nullopt);
  EXPECT_TRUE(env.path_exists("/"));
  EXPECT_FALSE(env.path_exists("/no/such/path"));
  EXPECT_TRUE(env.wait(Duration(0)));
  EXPECT_NE(env.random(), env.random());
}

}  // namespace
}  // namespace portolan::controller
