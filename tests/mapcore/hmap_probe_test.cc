// How far entries lie from home, and what collisions, churn and erased slots do to that.
#include <gtest/gtest.h>

#include <bit>
#include <functional>
#include <string>
#include <vector>

#include "mapcore/hmap.h"

namespace portolan::mapcore {
namespace {

using hmap::Page;

struct Probes {
  double mean_distance = 0;   // of entries from their home bucket
  std::uint64_t passing = 0;  // sum of all pass counters: what a miss may have to go past
  std::uint64_t entries = 0;
};

Probes ProbesOf(const Hmap& map) {
  Probes probes;
  std::uint64_t distance = 0;
  hmap::ForEachPage(*map.branch().head.top, [&](Page& page, std::uint32_t, std::uint64_t) {
    hmap::ForEachSlot(page, [&](hmap::Slot slot) {
      distance += (slot.bucket - slot.parts().home) % Page::kBuckets;
      ++probes.entries;
    });
    for (const hmap::Bucket& bucket : page.buckets)
      probes.passing += bucket.link & hmap::Bucket::kPassMask;
  });
  probes.mean_distance = static_cast<double>(distance) / static_cast<double>(probes.entries);
  return probes;
}

Hmap MakeProbed(hmap::HashFunction hash = nullptr) {
  return Hmap::Create({.seed = 9, .hash = hash}).value();
}

std::uint64_t OneHash(std::string_view, std::uint64_t) {
  return 7;
}

TEST(HmapProbe, EntriesLieNearTheirHomeWhateverTheKeysLookLike) {
  const auto word = [](std::uint64_t bits) {
    return std::string(reinterpret_cast<const char*>(&bits), sizeof bits);
  };
  struct Kind {
    const char* name;
    std::function<std::string(std::uint64_t)> key;
  };
  const std::vector<Kind> kinds = {
      {"sequential", [&](std::uint64_t i) { return word(i); }},
      {"reversed", [&](std::uint64_t i) { return word(60'000 - i); }},
      {"pointer-like", [&](std::uint64_t i) { return word(0x7f00'0000'0000 + 64 * i); }},
      {"bit-rotated", [&](std::uint64_t i) { return word(std::rotr(i, 16)); }},
      {"shared prefix",
       [](std::uint64_t i) {
         return "a/very/long/prefix/that/all/keys/share/and/that/says/nothing/" + std::to_string(i);
       }},
      {"file paths", [](std::uint64_t i) {
         return "/usr/" + std::to_string(i % 10) + "/lib/" + std::to_string(i / 10 % 100) +
                "/file" + std::to_string(i / 1'000) + ".so";
       }}};
  for (const Kind& kind : kinds) {
    Hmap map = MakeProbed();
    for (std::uint64_t i = 0; i < 60'000; ++i) ASSERT_TRUE(*map.Put(kind.key(i), "v"));
    EXPECT_LT(ProbesOf(map).mean_distance, 0.35) << kind.name;
    EXPECT_EQ(map.debug().noverflow, 0u) << kind.name;
  }
}

TEST(HmapProbe, ErasedEntriesLeaveNothingThatAMissGoesPast) {
  Hmap map = MakeProbed();
  for (int i = 0; i < 50'000; ++i) ASSERT_TRUE(*map.Put(std::to_string(i), "v"));
  for (int i = 1; i < 50'000; ++i) ASSERT_TRUE(*map.Erase(std::to_string(i)));
  for (int i = 0; i < 100'000; ++i) {
    ASSERT_TRUE(*map.Put("churn/" + std::to_string(i), "v"));
    ASSERT_TRUE(*map.Erase("churn/" + std::to_string(i)));
  }
  EXPECT_EQ(ProbesOf(map).passing, 0u) << "every miss ends at its home bucket";
}

TEST(HmapProbe, AnErasedSlotIsUsedAgainWithoutASplit) {
  Hmap map = MakeProbed();
  for (int i = 0; i < 104; ++i) ASSERT_TRUE(*map.Put(std::to_string(i), "v"));
  ASSERT_EQ(map.debug().buckets, 16u);
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_TRUE(*map.Erase(std::to_string(i)));
    ASSERT_TRUE(*map.Put(std::to_string(i + 104), "v"));
  }
  EXPECT_EQ(map.debug().buckets, 16u);
}

TEST(HmapProbe, ACollidingKeyIsFoundAfterTheOneBeforeItIsErased) {
  Hmap map = MakeProbed(OneHash);
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(*map.Put(std::to_string(i), std::to_string(i)));
  for (int erased = 0; erased < 59; ++erased) {
    ASSERT_TRUE(*map.Erase(std::to_string(erased)));
    for (int i = erased + 1; i < 60; ++i) ASSERT_EQ(map.Find(std::to_string(i)), std::to_string(i));
  }
}

// Lookups of up to 16 bytes, of up to 48 and of more go different ways.
TEST(HmapProbe, KeysOfEveryLengthAreToldFromTheirLike) {
  Hmap map = Hmap::Create({.seed = 1}).value();
  std::string key;
  for (int length = 0; length <= 80; ++length, key += static_cast<char>('a' + length % 26)) {
    ASSERT_TRUE(map.Put(key, std::to_string(length)).value()) << length;
    EXPECT_EQ(map.Find(key), std::to_string(length)) << length;
    EXPECT_FALSE(map.Insert(key, "another").value()) << length;
    for (char& byte : key) {
      byte = static_cast<char>(byte ^ 1);
      EXPECT_EQ(map.Find(key), std::nullopt) << length;
      byte = static_cast<char>(byte ^ 1);
    }
  }
  EXPECT_EQ(map.size(), 81u);
}

TEST(HmapProbe, KeysOfOneLengthAndOfManyShareABucket) {
  for (const bool one_length : {true, false}) {
    Hmap map = MakeProbed(OneHash);
    const auto key = [&](std::size_t i) {
      return one_length ? std::string(11, 'k') + static_cast<char>('a' + i)
                        : std::string(i + 1, 'k');
    };
    for (std::size_t i = 0; i < 8; ++i) ASSERT_TRUE(*map.Put(key(i), std::to_string(i)));
    for (std::size_t i = 0; i < 8; ++i) ASSERT_EQ(map.Find(key(i)), std::to_string(i));
    EXPECT_EQ(map.Find(one_length ? std::string(12, 'k') : std::string(9, 'k')), std::nullopt);
  }
}

TEST(Hmap, AValueIsAppendedToInPlace) {
  Hmap map = MakeProbed();
  std::string expected;
  for (int i = 0; i < 500; ++i) {
    const auto append = [&](std::optional<std::string_view> now) {
      return std::string(now.value_or("")) + static_cast<char>('a' + i % 26);
    };
    ASSERT_EQ(*map.Upsert("log", append), i == 0);
    expected += static_cast<char>('a' + i % 26);
    ASSERT_EQ(map.Find("log"), expected);
  }
}

TEST(Hmap, IncrementAfterClearStartsFromNothing) {
  Hmap map = MakeProbed();
  const auto increment = [](std::optional<std::string_view> now) {
    return std::to_string((now ? std::stoi(std::string(*now)) : 0) + 1);
  };
  for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(map.Upsert(std::to_string(i % 10), increment).ok());
  EXPECT_EQ(map.Find("3"), "100");
  ASSERT_TRUE(map.Clear().ok());
  ASSERT_TRUE(map.Upsert("3", increment).ok());
  EXPECT_EQ(map.Find("3"), "1");
}

}  // namespace
}  // namespace portolan::mapcore
