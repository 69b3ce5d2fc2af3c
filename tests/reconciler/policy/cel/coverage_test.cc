#include "reconciler/policy/cel/coverage.h"

#include <gtest/gtest.h>

#include <array>

namespace portolan::reconciler::cel {
namespace {

class CoverageTest : public testing::Test {
 protected:
  CoverageTest() {
    for (const char* const name : {"a", "b", "c"}) environment_.Declare(name, Type::Bool());
  }
  // What evaluations with these values of a, b and c leave out of the expression.
  std::string Gaps(const std::string& source, const std::vector<std::array<bool, 3>>& rows) {
    const Program program = Compile(source, environment_).value();
    Coverage coverage(program);
    for (const auto& row : rows) {
      const std::array<Value, 3> values = {Value::Bool(row[0]), Value::Bool(row[1]),
                                           Value::Bool(row[2])};
      Arena arena;
      Evaluate(program, ValueBindings(values), arena, {.recorder = &coverage});
    }
    std::string text;
    for (const Gap& gap : coverage.Gaps())
      text += std::to_string(gap.offset) + " " + gap.text + " " + gap.missing + "\n";
    return text;
  }

  Environment environment_;
};

TEST_F(CoverageTest, TheWholeMustHaveBeenTrueAndFalse) {
  EXPECT_EQ(Gaps("a", {{true, false, false}}), "0 a is never false\n");
  EXPECT_EQ(Gaps("a", {{false, false, false}}), "0 a is never true\n");
  EXPECT_EQ(Gaps("a", {{true, false, false}, {false, false, false}}), "");
  EXPECT_EQ(Gaps("a", {}), "0 a is never true\n0 a is never false\n");
}

TEST_F(CoverageTest, EachOperandOfOrMustHaveBeenTheOneThatIsTrue) {
  EXPECT_EQ(Gaps("a || b", {{true, true, false}, {false, false, false}}),
            "5 b never decides: it is never true\n");
  EXPECT_EQ(Gaps("a || b", {{true, false, false}, {false, true, false}, {false, false, false}}),
            "");
}

TEST_F(CoverageTest, EachOperandOfAndMustHaveBeenTheOneThatIsFalse) {
  EXPECT_EQ(Gaps("a && b", {{true, true, false}, {false, false, false}}),
            "5 b never decides: it is never false\n");
  EXPECT_EQ(Gaps("a && b", {{true, true, false}, {false, true, false}, {true, false, false}}), "");
}

TEST_F(CoverageTest, OperandsInsideOthersAndInMacrosCountToo) {
  EXPECT_EQ(
      Gaps("a || (b &&\n c)", {{true, true, true}, {false, true, true}, {false, false, true}}),
      "12 c never decides: it is never false\n");
  EXPECT_EQ(Gaps("[1, 2].all(x, a || x > 1)", {{true, false, false}, {false, false, false}}),
            "19 x > 1 never decides: it is never true\n");
}

}  // namespace
}  // namespace portolan::reconciler::cel
