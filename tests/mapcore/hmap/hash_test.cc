#include "mapcore/hmap/hash.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <set>
#include <string>

#include "mapcore/base/random.h"

namespace portolan::mapcore::hmap {
namespace {

TEST(HashBytes, ReadsEveryByteOfEveryLength) {
  const std::uint64_t seed = PrepareSeed(7);
  for (std::size_t length = 0; length < 200; ++length) {
    std::string bytes(length, 'x');
    std::set<std::uint64_t> hashes{HashBytes(bytes, seed)};
    for (char& byte : bytes) {
      byte = 'y';
      hashes.insert(HashBytes(bytes, seed));
      byte = 'x';
    }
    EXPECT_EQ(hashes.size(), length + 1) << "length " << length;
    EXPECT_NE(HashBytes(bytes, seed), HashBytes(bytes + 'x', seed)) << "length " << length;
  }
}

// An image that was written under a seed is found in by later versions, too.
TEST(HashBytes, StaysWhatItIsForEveryLength) {
  std::uint64_t all = 0;
  std::string bytes;
  for (int length = 0; length <= 200; ++length) {
    all = Fold(all + HashBytes(bytes, PrepareSeed(7)), kHashWords[2]);
    bytes += static_cast<char>('a' + length % 26);
  }
  EXPECT_EQ(all, 0x7710f767e8aa4071);
}

TEST(HashBytes, ReadsNothingBehindTheEnd) {
  const std::string one = "a key of some length|and what follows it in memory, once this .....";
  std::string two = one;
  for (std::size_t length = 0; length < 60; ++length) {
    for (std::size_t i = length; i < two.size(); ++i) two[i] = static_cast<char>(one[i] ^ 0x55);
    EXPECT_EQ(HashBytes({one.data(), length}, 1), HashBytes({two.data(), length}, 1));
    two = one;
  }
}

TEST(HashBytes, ChangesHalfOfItsBitsWithEveryBitOfKeyAndSeed) {
  Random random(1);
  for (const std::size_t length : {1, 8, 16, 17, 40, 100}) {
    double flipped = 0;
    constexpr int kRounds = 2'000;
    for (int round = 0; round < kRounds; ++round) {
      std::string key(length, '\0');
      for (char& byte : key) byte = static_cast<char>(random.Next());
      const std::uint64_t seed = PrepareSeed(random.Next());
      const std::uint64_t before = HashBytes(key, seed);
      char& byte = key[random.Below(length)];
      byte = static_cast<char>(byte ^ 1 << random.Below(8));
      flipped += std::popcount(before ^ HashBytes(key, seed));
    }
    EXPECT_NEAR(flipped / kRounds, 32, 1) << "length " << length;
  }
}

TEST(HashBytes, DiffersBySeed) {
  EXPECT_NE(HashBytes("key", PrepareSeed(1)), HashBytes("key", PrepareSeed(2)));
  EXPECT_EQ(HashBytes("key", PrepareSeed(1)), HashBytes("key", PrepareSeed(1)));
}

// Words that multiply with 0, 1 or -1 must not wipe out the seed, nor what they are multiplied
// with: whoever sends them knows the constants, and no seed.
TEST(HashBytes, WordsEqualToItsConstantsCollideUnderNoSeed) {
  for (const std::size_t length : {16, 32, 48, 96}) {
    for (const std::uint64_t word : kHashWords)
      for (const std::uint64_t factor : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
        const std::uint64_t constant = word ^ factor;
        std::set<std::uint64_t> hashes;
        for (std::uint32_t i = 0; i < 300; ++i) {
          std::string key(length, '\0');
          for (std::size_t at = 0; at < length; at += 16) {
            const std::uint32_t words[4] = {static_cast<std::uint32_t>(constant >> 32), i,
                                            static_cast<std::uint32_t>(constant), i};
            if (at + 16 == length) {
              std::memcpy(key.data() + at, words, sizeof words);
            } else {
              std::memcpy(key.data() + at, &constant, sizeof constant);
              std::memcpy(key.data() + at + 8, &i, sizeof i);
            }
          }
          hashes.insert(HashBytes(key, PrepareSeed(1)));
          hashes.insert(HashBytes(key, PrepareSeed(2)));
        }
        EXPECT_EQ(hashes.size(), 600u) << length;
      }
  }
}

TEST(EntryDigest, DependsOnKeyAndValue) {
  EXPECT_NE(EntryDigest(1, "a"), EntryDigest(2, "a"));
  EXPECT_NE(EntryDigest(1, "a"), EntryDigest(1, "b"));
  EXPECT_NE(EntryDigest(1, ""), EntryDigest(1, std::string_view("\0", 1)));
}

TEST(DrawSeed, IsAnotherOnEveryCall) {
  std::set<std::uint64_t> seeds;
  for (int i = 0; i < 100; ++i) seeds.insert(DrawSeed());
  EXPECT_EQ(seeds.size(), 100u);
}

}  // namespace
}  // namespace portolan::mapcore::hmap
