#include "controller/cli/arguments.h"

#include <gtest/gtest.h>

namespace portolan::controller {
namespace {

std::vector<VerbSpec> Verbs() {
  return {{"status", "", {"[MAP]"}, {{"watch", 'w', "", ""}}, {}},
          {"get", "", {"MAP", "[KEY]"}, {{"subject", 's', "SUBJECT", ""}}, {}},
          {"source accept", "", {"NAME", "REV"}, {}, {}},
          {"source list", "", {}, {}, {}}};
}

struct Case {
  std::vector<std::string> args;
  std::string verb;  // empty: refused
  std::vector<std::string> positionals;
  std::map<std::string, std::string, std::less<>> flags;
  std::string message;
};

const Case kCases[] = {
    {{"status"}, "status", {}, {}, ""},
    {{"status", "-w", "limits"}, "status", {"limits"}, {{"watch", ""}}, ""},
    {{"-o", "json", "status"}, "status", {}, {{"output", "json"}}, ""},
    {{"--server=unix:///s", "get", "a", "b"}, "get", {"a", "b"}, {{"server", "unix:///s"}}, ""},
    {{"get", "--subject", "u 1", "a"}, "get", {"a"}, {{"subject", "u 1"}}, ""},
    {{"get", "-s=u", "a"}, "get", {"a"}, {{"subject", "u"}}, ""},
    {{"get", "a", "--", "--key"}, "get", {"a", "--key"}, {}, ""},
    {{"source", "-q", "accept", "n", "r"}, "source accept", {"n", "r"}, {{"quiet", ""}}, ""},
    {{"get", "--help"}, "get", {}, {{"help", ""}}, ""},
    {{"-q"}, "", {}, {}, "no verb given"},
    {{"statsu"}, "", {}, {}, "unknown verb \"statsu\"; did you mean \"status\"?"},
    {{"source"}, "", {}, {}, "\"source\" needs a second word: \"source accept\", \"source list\""},
    {{"status", "--wach"},
     "",
     {},
     {},
     "unknown flag \"--wach\" of \"status\"; did you mean \"--watch\"?"},
    {{"get", "a", "--subject"}, "", {}, {}, "--subject needs a value: --subject SUBJECT"},
    {{"status", "--watch=1"}, "", {}, {}, "--watch takes no value, found \"--watch=1\""},
    {{"get", "-s", "a", "-s", "b", "m"}, "", {}, {}, "--subject is given twice; give it once"},
    {{"get"}, "", {}, {}, "\"get\" needs MAP"},
    {{"source", "accept", "n"}, "", {}, {}, "\"source accept\" needs REV"},
    {{"status", "a", "b"}, "", {}, {}, "\"status\" does not take \"b\""},
};

TEST(ParseArguments, ReadsTheTableOfCommandLines) {
  const std::vector<VerbSpec> verbs = Verbs();
  for (const Case& c : kCases) {
    const auto call = ParseArguments(verbs, c.args);
    SCOPED_TRACE(c.args.front() + " … " + c.args.back());
    ASSERT_EQ(call.ok(), !c.verb.empty()) << (call.ok() ? "" : call.error().message);
    if (!call.ok()) {
      EXPECT_EQ(call.error().message, c.message);
      continue;
    }
    EXPECT_EQ(call->verb->name, c.verb);
    EXPECT_EQ(call->positionals, c.positionals);
    EXPECT_EQ(call->flags, c.flags);
  }
}

}  // namespace
}  // namespace portolan::controller
