#include "reconciler/policy/cel/utf8.h"

#include <gtest/gtest.h>

namespace portolan::reconciler::cel {
namespace {

TEST(Utf8, RefusesWhatIsNotWellFormed) {
  EXPECT_TRUE(ValidUtf8("aé€😀"));
  EXPECT_FALSE(ValidUtf8("\xC0\x80"));          // overlong
  EXPECT_FALSE(ValidUtf8("\xE0\x80\x80"));      // overlong
  EXPECT_FALSE(ValidUtf8("\xED\xA0\x80"));      // surrogate
  EXPECT_FALSE(ValidUtf8("\xF4\x90\x80\x80"));  // over 10FFFF
  EXPECT_FALSE(ValidUtf8("\xE2\x82"));          // cut off
  EXPECT_FALSE(ValidUtf8("\x80"));
}

TEST(Utf8, CountsAndPlacesCodePoints) {
  EXPECT_EQ(CodePoints("aé€😀"), 4u);
  EXPECT_EQ(ByteOffset("aé€😀", 2), 3u);
  EXPECT_EQ(ByteOffset("aé€😀", 4), 10u);
  EXPECT_EQ(ByteOffset("aé", 9), 3u);
}

TEST(Utf8, DecodesWhatItEncodes) {
  for (const char32_t c : {U'\0', U'a', U'é', U'€', U'\U0010FFFF'}) {
    std::string text;
    AppendCodePoint(text, c);
    std::string_view rest = text;
    EXPECT_EQ(NextCodePoint(rest), c);
    EXPECT_TRUE(rest.empty());
  }
}

}  // namespace
}  // namespace portolan::reconciler::cel
