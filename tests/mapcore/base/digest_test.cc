#include "mapcore/base/digest.h"

#include <gtest/gtest.h>

#include <string>
#include <unordered_set>

namespace portolan {
namespace {

constexpr char kAbc[] =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";  // FIPS 180-4, "abc"

TEST(Sha256, GivesThePublishedVectors) {
  EXPECT_EQ(Sha256Of("abc").Hex(), kAbc);
  EXPECT_EQ(Sha256Of("").Hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, GivesTheSameInPieces) {
  Sha256 hash;
  hash.Update("a");
  hash.Update("");
  hash.Update("bc");
  EXPECT_EQ(hash.Finish(), Sha256Of("abc"));
}

TEST(Digest, ReadsWhatItWrites) {
  const Digest digest = Sha256Of("abc");
  EXPECT_EQ(digest.ToString(), std::string("sha256:") + kAbc);
  EXPECT_EQ(digest.Short(), "ba7816bf8f01");
  const Result<Digest> parsed = Digest::Parse(digest.ToString());
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(*parsed, digest);
}

TEST(Digest, RefusesEverythingElseAndNamesIt) {
  const std::string good = Sha256Of("abc").ToString();
  std::string upper = good;
  upper[7] = 'B';
  for (const std::string& bad :
       {std::string(), good.substr(7), good.substr(0, good.size() - 1), good + "0",
        "sha512:" + good.substr(7), upper, std::string(71, 'g')}) {
    const Result<Digest> parsed = Digest::Parse(bad);
    ASSERT_FALSE(parsed.ok()) << bad;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalid);
    EXPECT_NE(parsed.error().message.find("found \"" + bad.substr(0, 80)), std::string::npos);
  }
}

TEST(Digest, IsEmptyUntilItNamesSomething) {
  EXPECT_TRUE(Digest().empty());
  EXPECT_FALSE(Sha256Of("").empty());
}

TEST(Digest, IsAKeyOfHashedContainers) {
  std::unordered_set<Digest, DigestHash> seen;
  for (int i = 0; i < 100; ++i) seen.insert(Sha256Of(std::to_string(i % 10)));
  EXPECT_EQ(seen.size(), 10u);
  EXPECT_NE(DigestHash()(Sha256Of("a")), DigestHash()(Sha256Of("b")));
}

TEST(IsHex, KnowsLowerCaseDigitsOnly) {
  EXPECT_TRUE(IsHex("0123456789abcdef"));
  EXPECT_TRUE(IsHex(""));
  for (const std::string_view text : {"A", "g", " 1", "0x1"}) EXPECT_FALSE(IsHex(text)) << text;
}

TEST(ToHex, WritesTwoLowerCaseDigitsAByte) {
  EXPECT_EQ(ToHex(std::string_view("\x00\x0f\xa5\xff", 4)), "000fa5ff");
  EXPECT_EQ(ToHex(""), "");
}

}  // namespace
}  // namespace portolan
