#include "manifests/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace portolan::manifests {
namespace {

constexpr std::size_t kValid = std::string_view::npos;

std::string Encode(unsigned code) {
  if (code < 0x80) return {static_cast<char>(code)};
  const auto tail = [code](int shift) {
    return static_cast<char>(0x80 | ((code >> shift) & 0x3F));
  };
  if (code < 0x800) return {static_cast<char>(0xC0 | (code >> 6)), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xE0 | (code >> 12)), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | (code >> 18)), tail(12), tail(6), tail(0)};
}

TEST(FindInvalidUtf8, AcceptsExactlyTheUnicodeScalarValues) {
  for (unsigned code = 0; code < 0x120000; ++code) {
    const bool scalar = code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
    ASSERT_EQ(FindInvalidUtf8(Encode(code)) == kValid, scalar) << code;
  }
}

TEST(FindInvalidUtf8, RefusesOverlongFormsStrayAndMissingBytes) {
  for (const std::string bytes : {"\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF",
                                  "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF", "\x80", "\xBF", "\xFE",
                                  "\xFF", "\xC3", "\xE2\x82", "\xF0\x9F\x98", "\xC3(", "\xE2(\xAC"})
    EXPECT_EQ(FindInvalidUtf8(bytes), 0u);
}

TEST(FindInvalidUtf8, TellsTheOffsetOfTheFirstBadByte) {
  EXPECT_EQ(FindInvalidUtf8("aü\xE2\x82"), 3u);
  EXPECT_EQ(FindInvalidUtf8("aü€😀"), kValid);
}

}  // namespace
}  // namespace portolan::manifests
