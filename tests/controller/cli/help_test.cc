#include "controller/cli/help.h"

#include <gtest/gtest.h>

namespace portolan::controller {
namespace {

TEST(Help, OfAVerbShowsUsageFlagsAndExamples) {
  const VerbSpec verb{
      "sync", "look now", {"SOURCE"}, {{"wait", 'w', "", "until done"}}, {"sync edge"}};
  const std::string text = HelpOfVerb(verb);
  EXPECT_EQ(text.substr(0, text.find("\nFlags of every verb:")),
            "portolan sync: look now\n\n"
            "Usage: portolan sync SOURCE [FLAGS]\n\n"
            "Flags:\n  -w, --wait  until done\n");
  EXPECT_NE(text.find("  -o, --output FORMAT"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\nExamples:\n  portolan sync edge\n"));
}

TEST(Help, OfAVerbSaysItsOwnValuesOfAFlagThatAllHave) {
  const VerbSpec verb{"plan", "what changes", {}, {{"output", 'o', "FORMAT", "text or json"}}, {}};
  const std::string help = HelpOfVerb(verb);
  EXPECT_NE(help.find("-o, --output FORMAT  text or json\n"), std::string::npos) << help;
  EXPECT_EQ(help.find("table, wide"), std::string::npos) << help;
  EXPECT_NE(help.find("--server URL"), std::string::npos) << help;
}

TEST(Help, OverviewListsVerbsInOrder) {
  const std::vector<VerbSpec> verbs{{"b", "second word", {}, {}, {}}, {"aaa", "first", {}, {}, {}}};
  EXPECT_NE(HelpOverview(verbs).find("Verbs:\n  b    second word\n  aaa  first\n"),
            std::string::npos);
}

}  // namespace
}  // namespace portolan::controller
