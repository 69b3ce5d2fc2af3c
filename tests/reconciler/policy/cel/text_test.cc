#include "reconciler/policy/cel/text.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace portolan::reconciler::cel {
namespace {

TEST(TextOf, WritesLiteralsThatReadBack) {
  for (const char* literal :
       {"'it\\'s \\\\ \\n'", "b'\\x00\\xff'", "[1, 2u, 3.0, -0.5, 1e+30]",
        "{1: [true, null], 'a': {}}", "duration('1.5s')", "timestamp('2026-07-20T10:00:00Z')",
        "optional.of(1)", "'é😀'", "ip('10.0.0.1')", "cidr('::/0')"})
    EXPECT_EQ(Eval(literal), literal);
}

TEST(TextOf, IsCutAtACodePoint) {
  EXPECT_EQ(TextOf(Value::String("aaaé"), 5), "'aaa…");
  EXPECT_EQ(TextOf(Value::String("aaaa"), 6), "'aaaa'");
  EXPECT_EQ(TextOf(Value::String(std::string(100'000, 'x')), 4), "'xxx…");
}

TEST(TextOf, LooksOnlyAtWhatItPrints) {
  class Endless final : public List {
   public:
    std::size_t size() const override { return 1'000'000'000; }
    Value At(std::size_t, Arena&) const override {
      ++asked;
      return Value::Int(1);
    }
    mutable int asked = 0;
  } list;
  EXPECT_EQ(TextOf(Value::OfList(&list), 8), "[1, 1, 1…");
  EXPECT_LE(list.asked, 5);
}

TEST(FormatDouble, IsTheShortestThatReadsBack) {
  EXPECT_EQ(FormatDouble(0.1), "0.1");
  EXPECT_EQ(FormatDouble(1e21), "1e+21");
  EXPECT_EQ(FormatDouble(1e20), "100000000000000000000");
  EXPECT_EQ(FormatDouble(0.0001), "0.0001");
  EXPECT_EQ(FormatDouble(0.00001), "1e-05");
  EXPECT_EQ(FormatDouble(-0.0), "-0");
}

TEST(QuotedText, Escapes) {
  EXPECT_EQ(QuotedText("a'b\x01"), "'a\\'b\\x01'");
}

}  // namespace
}  // namespace portolan::reconciler::cel
