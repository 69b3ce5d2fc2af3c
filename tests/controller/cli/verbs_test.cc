#include "controller/cli/verbs.h"

#include <gtest/gtest.h>

#include <sstream>

#include "tests/controller/cli/cli_harness.h"

namespace portolan::controller {
namespace {

TEST(Verbs, HasExamplesThatParseForEveryVerb) {
  for (const VerbSpec& verb : AllVerbs()) {
    CliHarness cli;
    std::vector<std::string> args{"--help", std::string(verb.name)};
    if (const auto space = args[1].find(' '); space != std::string::npos) {
      args.push_back(args[1].substr(space + 1));
      args[1].resize(space);
    }
    EXPECT_EQ(cli.Run(args), 0) << verb.name;
    EXPECT_NE(cli.out().find("Usage: portolan " + std::string(verb.name)), std::string::npos);
    ASSERT_FALSE(verb.examples.empty()) << verb.name;
    for (const std::string_view example : verb.examples) {
      std::vector<std::string> words;
      std::istringstream stream{std::string(example)};
      for (std::string word; stream >> word;)
        if (words.empty() || !words.back().starts_with('"') || words.back().ends_with('"'))
          words.push_back(word);
        else
          words.back() += " " + word;
      const auto parsed = ParseArguments(AllVerbs(), words);
      EXPECT_TRUE(parsed.ok()) << example << ": " << (parsed.ok() ? "" : parsed.error().message);
    }
  }
}

}  // namespace
}  // namespace portolan::controller
