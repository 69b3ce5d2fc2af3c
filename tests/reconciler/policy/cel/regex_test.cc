#include "reconciler/policy/cel/regex.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace portolan::reconciler::cel {
namespace {

TEST(Regex, FindsThePatternAnywhere) {
  const auto regex = Regex::Compile("b+c");
  ASSERT_TRUE(regex.ok());
  EXPECT_TRUE((*regex)->FoundIn("abbcd"));
  EXPECT_FALSE((*regex)->FoundIn("abd"));
}

TEST(Regex, RefusesWhatIsNotLinear) {
  EXPECT_FALSE(Regex::Compile("(?=a)").ok());
  EXPECT_FALSE(Regex::Compile("(a)\\1").ok());
  EXPECT_FALSE(Regex::Compile("((a{1,100}){1,100}){1,100}").ok());
}

TEST(Regex, RefusesLargePrograms) {
  EXPECT_EQ(Regex::Compile("\\pL{1,20}").error().message.substr(0, 25),
            "the pattern is too large:");
}

TEST(LastRegex, RefusesLongPatternsAndKeepsTheLast) {
  LastRegex last;
  const auto one = last.Get("a+");
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(*last.Get("a+"), *one);
  EXPECT_EQ(last.Get(std::string(257, 'a')).error().message,
            "a pattern that is not a literal may have 256 bytes, it has 257");
}

TEST(LastRegex, ServesPatternsOfVariables) {
  TestVariables variables;
  variables.With("p", Type::String(), Value::String("^a"));
  EXPECT_EQ(Eval("['ab', 'ba'].map(x, x.matches(p))", variables), "[true, false]");
  variables.values[0] = Value::String("(");
  EXPECT_EQ(Eval("'a'.matches(p)", variables),
            "error: the pattern is not valid: missing ): ( at 1:5");
}

}  // namespace
}  // namespace portolan::reconciler::cel
