#include "reconciler/policy/cel/literal.h"

#include <gtest/gtest.h>

namespace portolan::reconciler::cel {
namespace {

TEST(DecodeText, KnowsEveryEscape) {
  EXPECT_EQ(*DecodeText(R"('\a\b\f\n\r\t\v\\\?\"\'\`')"), "\a\b\f\n\r\t\v\\?\"'`");
  EXPECT_EQ(*DecodeText(R"('\x41\X42\103\u00e9\U0001F600')"), "ABCé😀");
  EXPECT_EQ(*DecodeText(R"(b'\xff\377')"), "\xff\xff");
  EXPECT_EQ(*DecodeText(R"('\xff')"), "ÿ");
  EXPECT_EQ(*DecodeText(R"(r'\d+')"), "\\d+");
  EXPECT_EQ(*DecodeText(R"("""a"b""")"), "a\"b");
}

TEST(DecodeText, RefusesEscapesThatMeanNothing) {
  EXPECT_EQ(DecodeText(R"('\d')").error().message,
            "the escape \\d does not exist; for a backslash as it is write \\\\ or r'…'");
  EXPECT_FALSE(DecodeText(R"('\ud800')").ok());
  EXPECT_FALSE(DecodeText(R"('\U00110000')").ok());
  EXPECT_FALSE(DecodeText(R"('\x4')").ok());
  EXPECT_FALSE(DecodeText(R"('\400')").ok());
  EXPECT_FALSE(DecodeText(R"(b'\u0041')").ok());
}

TEST(ReadNumbers, KeepWithinTheirRange) {
  EXPECT_EQ(ReadInt("9223372036854775808", true), INT64_MIN);
  EXPECT_EQ(ReadInt("9223372036854775808", false), std::nullopt);
  EXPECT_EQ(ReadInt("0x8000000000000000", true), INT64_MIN);
  EXPECT_EQ(ReadUint("0xFFFFFFFFFFFFFFFF"), ~0ull);
  EXPECT_EQ(ReadUint("-1"), std::nullopt);
  EXPECT_EQ(ReadInt("", false), std::nullopt);
  EXPECT_EQ(ReadInt("12x", false), std::nullopt);
}

TEST(ReadDouble, IsZeroForTheTiniestAndNothingForTheHugest) {
  EXPECT_EQ(ReadDouble("1e-400"), 0.0);
  EXPECT_EQ(ReadDouble("1e400"), std::nullopt);
  EXPECT_EQ(ReadDouble("-1.5e3"), -1500.0);
  EXPECT_EQ(ReadDouble("nan"), std::nullopt);
  EXPECT_EQ(ReadDouble("1.5x"), std::nullopt);
}

}  // namespace
}  // namespace portolan::reconciler::cel
