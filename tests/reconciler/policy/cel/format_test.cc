#include "reconciler/policy/cel/overload.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace portolan::reconciler::cel {
namespace {

TEST(Format, PutsValuesIn) {
  EXPECT_EQ(Eval("'%s is %d %% of %.1f'.format(['x', 5, 2.25])"), "'x is 5 % of 2.2'");
  EXPECT_EQ(Eval("'%x %X %o %b %e'.format([255, 255, 8, 5, 1.5])"), "'ff FF 10 101 1.500000e+00'");
  EXPECT_EQ(Eval("'%d %x'.format([-9223372036854775808, -255])"), "'-9223372036854775808 -ff'");
  EXPECT_EQ(Eval("'%s'.format([{'b': [1u, null], 'a': b'x'}])"), "'{a: x, b: [1, null]}'");
}

TEST(Format, SaysWhatDoesNotFit) {
  EXPECT_EQ(Eval("'%d'.format(['a'])"), "error: %d does not apply to string at 1:6");
  EXPECT_EQ(Eval("'%d'.format([])"), "error: format() has more clauses than values: 0 at 1:6");
  EXPECT_EQ(Eval("'%z'.format([1])"), "error: no such clause: %z at 1:6");
  EXPECT_EQ(Eval("'%'.format([1])"), "error: no such clause: % at 1:5");
  EXPECT_EQ(Eval("'%.101f'.format([1.0])"),
            "error: the precision of a clause is a number up to 100 at 1:10");
  EXPECT_EQ(Eval("'%.100f'.format([1.7e308])").size(), 309u + 1 + 100 + 2);
}

TEST(Quote, EscapesWhatGoLikeLiteralsEscape) {
  EXPECT_EQ(Eval(R"(strings.quote('a"b\\\n\u00e9') == '"a\\"b\\\\\\n\u00e9"')"), "true");
}

TEST(Base64, ReadsWhatItWrites) {
  EXPECT_EQ(Eval("base64.encode(b'a') + base64.encode(b'ab') + base64.encode(b'abc')"),
            "'YQ==YWI=YWJj'");
  EXPECT_EQ(Eval("base64.decode('YQ') == base64.decode('YQ==')"), "true");
  EXPECT_EQ(Eval("base64.decode('Y')"), "error: the text is not base64 at 1:8");
  EXPECT_EQ(Eval("base64.decode('YR==')"), "error: the text is not base64 at 1:8");
  EXPECT_EQ(Eval("base64.decode('Y Q=')"), "error: the text is not base64 at 1:8");
}

}  // namespace
}  // namespace portolan::reconciler::cel
