#include <gtest/gtest.h>

#include "controller/config/tokens.h"
#include "manifests/value.h"
#include "tests/controller/cli/cli_harness.h"
#include "tests/controller/git/test_repository.h"

namespace portolan::controller {
namespace {

TEST(ConfigCheck, AcceptsAGoodFileAndExits3ForABadOne) {
  const TestDirectory directory;
  const std::string file = directory.Path("portolan.yaml");
  WriteFile(file,
            "environment: {name: prod-eu, tier: prod}\n"
            "sources:\n  - {name: edge, url: https://git.example.com/maps.git}\n");
  CliHarness cli;
  EXPECT_EQ(cli.Run({"config", "check", file}), 0) << cli.err();
  EXPECT_NE(cli.err().find("environment prod-eu, 1 sources"), std::string::npos) << cli.err();
  WriteFile(file, "environmint: {name: prod-eu}\nsources: 3\n");
  EXPECT_EQ(cli.Run({"config", "check", file}), 3);
  EXPECT_NE(cli.err().find("portolan.yaml:1:"), std::string::npos) << cli.err();
  EXPECT_EQ(cli.Run({"config", "check", directory.Path("absent")}), 2);
}

TEST(TokenNew, PrintsASecretThatItsRecordIdentifies) {
  const TestDirectory directory;
  CliHarness cli;
  ASSERT_EQ(
      cli.Run({"token", "new", "ci", "--scopes", "read,operate", "--expires", "90d", "-o", "json"}),
      0)
      << cli.err();
  const auto out = manifests::ParseJson(cli.out());
  ASSERT_TRUE(out.ok());
  const std::string file = directory.Path("tokens.yaml");
  WriteFile(file, std::string(out->StringOr("record", "")));
  const auto tokens = LoadTokens(file);
  ASSERT_TRUE(tokens.ok()) << tokens.error().message;
  const WallTime now = cli.clock.now().wall;
  const auto actor = tokens->Identify(out->StringOr("secret", ""), now);
  ASSERT_TRUE(actor.ok());
  EXPECT_EQ(actor->name, "token:ci");
  EXPECT_EQ(actor->scopes, (ScopeSet{Scope::kRead, Scope::kOperate}));
  EXPECT_FALSE(
      tokens->Identify(out->StringOr("secret", ""), now + std::chrono::hours(24 * 91)).ok());
}

TEST(TokenNew, KeepsStdoutToTheSecret) {
  CliHarness cli;
  ASSERT_EQ(cli.Run({"token", "new", "ci", "--scopes", "read", "-q"}), 0);
  EXPECT_EQ(cli.out().find('\n'), cli.out().size() - 1);
  EXPECT_NE(cli.err().find("sha256"), std::string::npos);
  EXPECT_EQ(cli.err().find(cli.out().substr(0, cli.out().size() - 1)), std::string::npos);
}

TEST(TokenNew, RefusesUnknownScopes) {
  CliHarness cli;
  EXPECT_EQ(cli.Run({"token", "new", "ci", "--scopes", "read,admin"}), 64);
  EXPECT_NE(cli.err().find("found \"admin\""), std::string::npos);
  EXPECT_EQ(cli.Run({"token", "new", "ci"}), 64);
  EXPECT_EQ(cli.Run({"token", "new", "c i", "--scopes", "read"}), 64);
}

}  // namespace
}  // namespace portolan::controller
