#include "controller/http/target.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>

namespace portolan::controller {
namespace {

TEST(Target, SplitsThePathAndDecodesEachSegmentOnce) {
  const auto target = ParseTarget("/v1/maps/limits/entries/api%2Flogin%252F?arm=a%26b&q=x+y&arm=c");
  ASSERT_TRUE(target.ok()) << target.error().message;
  EXPECT_EQ(target->segments,
            (std::vector<std::string>{"v1", "maps", "limits", "entries", "api/login%2F"}));
  EXPECT_EQ(target->raw_segments.back(), "api%2Flogin%252F");
  EXPECT_EQ(target->query.count("arm"), 2u);
  EXPECT_EQ(target->query.find("arm")->second, "a&b");
  EXPECT_EQ(target->query.find("q")->second, "x y");
}

TEST(Target, RootHasNoSegments) {
  const auto target = ParseTarget("/");
  ASSERT_TRUE(target.ok());
  EXPECT_TRUE(target->segments.empty());
}

TEST(Target, PlusIsLiteralInThePath) {
  const auto target = ParseTarget("/a+b");
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(target->segments[0], "a+b");
}

TEST(Target, RefusesEveryFormButTheNormalOne) {
  for (const char* raw : {"",
                          "v1",
                          "*",
                          "http://127.0.0.1/v1",
                          "example.org:443",
                          "/v1/./maps",
                          "/v1/../maps",
                          "/v1/..",
                          "/v1/%2e%2e/maps",
                          "/v1/%2E",
                          "/v1/.%2e",
                          "/v1;a=b/maps",
                          "/v1/maps;",
                          "/v1/a%00b",
                          "/v1/a%",
                          "/v1/a%2",
                          "/v1/a%zz",
                          "/v1/a%0d%0aX",
                          "/v1/a%7f",
                          "/v1/a b",
                          "/v1/a\tb",
                          "/v1\\maps",
                          "/v1/a#b",
                          "/v1/a\"b",
                          "/v1/<a>",
                          "/v1/{a}",
                          "/v1/\xc3\xa9",
                          "/v1/%ff",
                          "/v1/%c0%af",
                          "/v1/%ed%a0%80",
                          "/v1/%f5%80%80%80",
                          "/v1/%e2%82",
                          "/v1?a=%",
                          "/v1?a=%00",
                          "/v1?%ff=1"}) {
    const auto target = ParseTarget(raw);
    ASSERT_FALSE(target.ok()) << raw;
    EXPECT_EQ(target.error().code, ErrorCode::kInvalid) << raw;
  }
}

TEST(Target, EmptySegmentsAreNotFound) {
  for (const char* raw : {"//", "//v1", "/v1//maps", "/v1/", "/v1/maps/", "///"}) {
    const auto target = ParseTarget(raw);
    ASSERT_FALSE(target.ok()) << raw;
    EXPECT_EQ(target.error().code, ErrorCode::kNotFound) << raw;
  }
}

TEST(Target, RefusesMoreThanEightKibibytes) {
  EXPECT_TRUE(ParseTarget("/" + std::string(kTargetBytesMax - 1, 'a')).ok());
  EXPECT_FALSE(ParseTarget("/" + std::string(kTargetBytesMax, 'a')).ok());
}

TEST(Target, AcceptsUnicodeThatIsEscaped) {
  const auto target = ParseTarget("/" + PercentEncode("größe/東京/🗺"));
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(target->segments[0], "größe/東京/🗺");
}

TEST(PercentEncode, LeavesUnreservedCharactersOnly) {
  EXPECT_EQ(PercentEncode("aZ0-._~"), "aZ0-._~");
  EXPECT_EQ(PercentEncode("api/login %;\xc3\xa9"), "api%2Flogin%20%25%3B%C3%A9");
}

RC_GTEST_PROP(Target, ReadsBackWhatPercentEncodeWrote, (const std::vector<std::uint8_t>& bytes)) {
  std::string key = "k";
  for (std::uint8_t byte : bytes) key += static_cast<char>(0x20 + byte % 0x5f);
  const auto target = ParseTarget("/v1/" + PercentEncode(key));
  RC_ASSERT(target.ok());
  RC_ASSERT(target->segments[1] == key);
}

}  // namespace
}  // namespace portolan::controller
