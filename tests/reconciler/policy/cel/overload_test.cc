#include "reconciler/policy/cel/overload.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace portolan::reconciler::cel {
namespace {

Value Nothing(CallContext&, std::span<const Value>) {
  return Value::Null();
}

TEST(Overload, ReadsItsSignature) {
  constexpr Overload kMember("f", "s.ii:b", Nothing);
  EXPECT_TRUE(kMember.member);
  EXPECT_EQ(kMember.count, 3);
  EXPECT_EQ(kMember.Parameter(0), MaskOf(Kind::kString));
  EXPECT_EQ(kMember.ResultType().ToString(), "bool");
  EXPECT_FALSE(kMember.TakesCount(2));
  constexpr Overload kVariadic("g", "n+:*", Nothing);
  EXPECT_TRUE(kVariadic.TakesCount(1));
  EXPECT_TRUE(kVariadic.TakesCount(9));
  EXPECT_FALSE(kVariadic.TakesCount(0));
  EXPECT_EQ(kVariadic.Parameter(5), kVariadic.Parameter(0));
  EXPECT_TRUE(kVariadic.ResultType().dyn());
}

TEST(Overload, NoTwoFormsOfAFunctionTakeTheSame) {
  for (const auto& table : FunctionTables())
    for (const Overload& one : table)
      for (const Overload& other : table) {
        if (&one == &other || one.name != other.name || one.member != other.member ||
            one.count != other.count)
          continue;
        bool overlap = true;
        for (std::size_t i = 0; i < one.count; ++i)
          overlap = overlap && (one.Parameter(i) & other.Parameter(i)) != 0;
        EXPECT_FALSE(overlap) << one.name;
      }
}

TEST(CallContext, RefusesTextsOverTheLimit) {
  EXPECT_EQ(Eval("cel.bind(a, 'x'.replace('x', '0123456789012345').replace('', 'y'), a).size()"),
            "33");
  std::string source = "'0123456789'";
  for (int i = 0; i < 21; ++i) source = "cel.bind(a, " + source + ", a + a)";
  EXPECT_EQ(Eval(source, {}, {}, {.cost_limit = ~0ull}).substr(0, 43),
            "error: the text would be longer than 16 MiB");
}

}  // namespace
}  // namespace portolan::reconciler::cel
