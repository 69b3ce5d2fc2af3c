#include "mapcore/map_version.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mapcore/base/random.h"
#include "tests/damaged_version.h"

namespace portolan::mapcore {
namespace {

using Model = std::map<std::string, std::string>;

VersionPtr Of(const Model& model) {
  std::vector<Entry> entries;
  for (const auto& [key, value] : model) entries.push_back({key, value});
  return *MapVersion::FromEntries(std::move(entries));
}

Model VersionContents(const MapVersion& version) {
  Model model;
  version.ForEach([&](std::string_view key, std::string_view value) { model.emplace(key, value); });
  return model;
}

// Few distinct keys and values, so that overwrites, erasures and no-ops all happen; sizes around
// the limits of a page and, with `keys` in the thousands, of a run.
Model RandomModel(Random& random, std::size_t keys) {
  Model model;
  const std::size_t count = random.Below(keys + 1);
  for (std::size_t i = 0; i < count; ++i)
    model["key/" + std::to_string(random.Below(keys))] = std::to_string(random.Below(3));
  return model;
}

std::vector<Change> RandomChanges(Random& random, std::size_t keys, Model& model) {
  std::map<std::string, std::optional<std::string>> changes;
  const std::size_t count = random.Below(20) + (random.Below(8) == 0 ? random.Below(keys + 1) : 0);
  const bool erasing = random.Below(4) == 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string key = "key/" + std::to_string(random.Below(keys));
    if (erasing || random.Below(3) == 0)
      changes[key] = std::nullopt;
    else
      changes[key] = std::to_string(random.Below(3));
  }
  std::vector<Change> list;
  for (const auto& [key, value] : changes) {
    list.push_back({key, value});
    if (value)
      model[key] = *value;
    else
      model.erase(key);
  }
  for (std::size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[random.Below(i)]);
  return list;
}

std::vector<Change> ChangesOf(const std::vector<Difference>& differences) {
  std::vector<Change> changes;
  for (const Difference& difference : differences) {
    changes.push_back({std::string(difference.key), std::nullopt});
    if (difference.after) changes.back().value = std::string(*difference.after);
  }
  return changes;
}

ErrorCode CodeOf(const Result<VersionPtr>& result) {
  return result.ok() ? ErrorCode::kInternal : result.error().code;
}

TEST(MapVersion, HasTheGoldenDigests) {
  EXPECT_EQ(MapVersion::Empty()->digest().Hex(),
            "b3c264756a0aef691751b9806bf3f849c7c6dd72ba2117c7527994c26b6b1b05");
  EXPECT_EQ(Of({{"a", "1"}})->digest().Hex(),
            "07e142e629399e45b6c1dac925d320208f88398473e015881633c8a98ef4a8cb");
  EXPECT_EQ(
      Of({{"api/login", R"({"rps":20})"}, {"b", "true"}, {"é", R"("x")"}, {"B", "[]"}, {"api", ""}})
          ->digest()
          .Hex(),
      "61580e2910751b033044752782050262b88134e398624ccf5a3c4f3e6192ccee");
}

TEST(MapVersion, SerializesTheGoldenBytes) {
  using namespace std::string_view_literals;
  EXPECT_EQ(MapVersion::Empty()->Serialize(), "portolan.map.v1\0"sv);
  EXPECT_EQ(Of({{"b", ""}, {"a", "12"}})->Serialize(),
            "portolan.map.v1\0\0\0\0\1a\0\0\0\2"
            "12\0\0\0\1b\0\0\0\0"sv);
}

TEST(MapVersion, DigestIsTheHashOfTheSerializedBytesAlsoBeyondOneChunk) {
  Model model;
  for (int i = 0; i < 300; ++i) model["key/" + std::to_string(i)] = std::string(1'000, 'v');
  const VersionPtr version = Of(model);
  EXPECT_EQ(version->digest(), Sha256Of(version->Serialize()));
}

TEST(MapVersion, IteratesInByteOrderOfKeysWhateverTheOrderOfEntries) {
  const VersionPtr version =
      *MapVersion::FromEntries({{"é", "1"}, {"a/b", "2"}, {"a", "3"}, {"Z", "4"}, {"a.b", "5"}});
  std::vector<std::string> keys;
  version->ForEach([&](std::string_view key, std::string_view) { keys.emplace_back(key); });
  EXPECT_EQ(keys, (std::vector<std::string>{"Z", "a", "a.b", "a/b", "é"}));
}

TEST(MapVersion, FindsEveryKeyAndNoOther) {
  Model model;
  for (int i = 0; i < 5'000; ++i) model["key/" + std::to_string(2 * i)] = std::to_string(i);
  const VersionPtr version = Of(model);
  EXPECT_EQ(version->size(), 5'000u);
  for (int i = 0; i < 5'000; ++i) {
    ASSERT_EQ(version->Find("key/" + std::to_string(2 * i)), std::to_string(i));
    ASSERT_EQ(version->Find("key/" + std::to_string(2 * i + 1)), std::nullopt);
  }
  EXPECT_EQ(version->Find(""), std::nullopt);
  EXPECT_EQ(MapVersion::Empty()->Find("a"), std::nullopt);
}

TEST(FromEntries, RefusesKeysAndValuesOutsideTheirLimits) {
  EXPECT_TRUE(MapVersion::FromEntries({{std::string(512, 'k'), std::string(65'535, 'v')}}).ok());
  EXPECT_EQ(CodeOf(MapVersion::FromEntries({{"", "1"}})), ErrorCode::kInvalid);
  EXPECT_EQ(CodeOf(MapVersion::FromEntries({{std::string(513, 'k'), "1"}})), ErrorCode::kInvalid);
  EXPECT_EQ(CodeOf(MapVersion::FromEntries({{"k", std::string(65'536, 'v')}})),
            ErrorCode::kInvalid);
}

TEST(FromEntries, RefusesADuplicateKeyAndNamesIt) {
  const auto version = MapVersion::FromEntries({{"b", "1"}, {"a", "1"}, {"b", "1"}});
  ASSERT_FALSE(version.ok());
  EXPECT_EQ(version.error().code, ErrorCode::kInvalid);
  EXPECT_NE(version.error().message.find("\"b\""), std::string::npos);
}

TEST(Apply, RefusesWhatFromEntriesRefusesAndLeavesTheVersionAlone) {
  const VersionPtr version = Of({{"a", "1"}});
  const auto code = [&](const std::vector<Change>& changes) {
    return CodeOf(version->Apply(changes));
  };
  EXPECT_EQ(code({{"b", "2"}, {"", "1"}}), ErrorCode::kInvalid);
  EXPECT_EQ(code({{std::string(513, 'k'), "1"}}), ErrorCode::kInvalid);
  EXPECT_EQ(code({{"b", std::string(65'536, 'v')}}), ErrorCode::kInvalid);
  EXPECT_EQ(code({{"b", "1"}, {"c", "1"}, {"b", std::nullopt}}), ErrorCode::kInvalid);
  EXPECT_EQ(VersionContents(*version), (Model{{"a", "1"}}));
}

TEST(Apply, DoesNothingForAnAbsentKeyErasedOrAValueThatIsThere) {
  const VersionPtr version = Of({{"a", "1"}});
  const VersionPtr same = *version->Apply(std::vector<Change>{{"a", "1"}, {"b", std::nullopt}});
  EXPECT_EQ(same->digest(), version->digest());
  EXPECT_EQ(VersionContents(*same), VersionContents(*version));
}

TEST(Apply, OutlivesTheVersionItCameFrom) {
  VersionPtr version = Of({{"a", "1"}, {"b", "2"}});
  VersionPtr next = *version->Apply(std::vector<Change>{{"b", "3"}});
  version.reset();
  EXPECT_EQ(next->Find("a"), "1");
  EXPECT_EQ(next->Find("b"), "3");
}

TEST(Apply, EqualsFromEntriesOfTheResultOverALineage) {
  EXPECT_TRUE(rc::check("a lineage of Apply equals the model", [](std::uint64_t seed) {
    Random random(seed);
    const std::size_t keys = 1 + random.Below(random.Below(2) == 0 ? 40 : 1'500);
    Model model = RandomModel(random, keys);
    VersionPtr version = Of(model);
    for (int step = 0; step < 6; ++step) {
      const Model before = model;
      const VersionPtr parent = version;
      version = *parent->Apply(RandomChanges(random, keys, model));
      RC_ASSERT(version->digest() == Of(model)->digest());
      RC_ASSERT(version->size() == model.size());
      for (std::size_t i = 0; i < keys; ++i) {
        const std::string key = "key/" + std::to_string(i);
        const auto found = model.find(key);
        RC_ASSERT(
            version->Find(key) ==
            (found == model.end() ? std::nullopt : std::optional<std::string_view>(found->second)));
      }
      RC_ASSERT(VersionContents(*parent) == before);
    }
  }));
}

TEST(Deserialize, ReadsWhatSerializeWrites) {
  EXPECT_TRUE(rc::check("Deserialize(Serialize(v)) == v",
                        [](const std::map<std::string, std::string>& any) {
                          Model model = any;
                          model.erase("");
                          const VersionPtr version = Of(model);
                          const VersionPtr read = *MapVersion::Deserialize(version->Serialize());
                          RC_ASSERT(read->digest() == version->digest());
                          RC_ASSERT(VersionContents(*read) == model);
                        }));
}

TEST(Deserialize, RefusesEveryTruncationButAtTheEndOfAnEntry) {
  const std::string bytes = Of({{"a", "1"}, {"bb", ""}, {"c", "333"}})->Serialize();
  const std::string one = Of({{"a", "1"}})->Serialize();
  const std::string two = Of({{"a", "1"}, {"bb", ""}})->Serialize();
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto read = MapVersion::Deserialize(std::string_view(bytes).substr(0, length));
    const bool whole = length == 16 || length == one.size() || length == two.size();
    ASSERT_EQ(read.ok(), whole) << length;
    ASSERT_EQ(CodeOf(read), whole ? ErrorCode::kInternal : ErrorCode::kCorrupt) << length;
    ASSERT_TRUE(!whole || (*read)->digest() != Sha256Of(bytes)) << "the digest tells them apart";
  }
}

TEST(Deserialize, EitherRefusesAFlippedBitOrReadsExactlyTheFlippedBytes) {
  const std::string bytes = Of({{"a", "1"}, {"b", "22"}, {"ba", "3"}})->Serialize();
  int refused = 0;
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    const auto read = MapVersion::Deserialize(flipped);
    ASSERT_TRUE(bit >= 8 * 16 || !read.ok()) << "magic, bit " << bit;
    ASSERT_TRUE(!read.ok() || (*read)->Serialize() == flipped) << bit;
    ASSERT_TRUE(read.ok() || read.error().code == ErrorCode::kCorrupt) << bit;
    refused += !read.ok();
  }
  EXPECT_GT(refused,
            8 * 16 + 3 * 2 * 24);  // the magic, and at least the upper three bytes of every length
}

TEST(Deserialize, RefusesKeysOutOfOrderNamedTwiceOrEmptyAndBytesBehindTheEnd) {
  const std::string magic = MapVersion::Empty()->Serialize();
  const std::string a = Of({{"a", "1"}})->Serialize().substr(magic.size());
  const std::string b = Of({{"b", "1"}})->Serialize().substr(magic.size());
  EXPECT_TRUE(MapVersion::Deserialize(magic + a + b).ok());
  EXPECT_EQ(CodeOf(MapVersion::Deserialize(magic + b + a)), ErrorCode::kCorrupt);
  EXPECT_EQ(CodeOf(MapVersion::Deserialize(magic + a + a)), ErrorCode::kCorrupt);
  EXPECT_EQ(CodeOf(MapVersion::Deserialize(magic + std::string(8, '\0'))), ErrorCode::kCorrupt);
  EXPECT_EQ(CodeOf(MapVersion::Deserialize(magic + a + b + "x")), ErrorCode::kCorrupt);
  EXPECT_EQ(CodeOf(MapVersion::Deserialize("")), ErrorCode::kCorrupt);
}

TEST(Diff, NamesEveryKindOfDifferenceInByteOrder) {
  const VersionPtr before = Of({{"a", "1"}, {"b", "2"}, {"c", "3"}});
  const VersionPtr after = Of({{"a", "1"}, {"b", "4"}, {"d", ""}});
  const std::vector<Difference> differences = Diff(*before, *after);
  ASSERT_EQ(differences.size(), 3u);
  EXPECT_EQ(differences[0].key, "b");
  EXPECT_EQ(differences[0].before, "2");
  EXPECT_EQ(differences[0].after, "4");
  EXPECT_EQ(differences[1].key, "c");
  EXPECT_EQ(differences[1].before, "3");
  EXPECT_EQ(differences[1].after, std::nullopt);
  EXPECT_EQ(differences[2].key, "d");
  EXPECT_EQ(differences[2].before, std::nullopt);
  EXPECT_EQ(differences[2].after, "");
}

TEST(Diff, IsEmptyExactlyForEqualContents) {
  const VersionPtr version = Of({{"a", "1"}, {"b", "2"}});
  EXPECT_TRUE(Diff(*version, *version).empty());
  EXPECT_TRUE(Diff(*version, *Of({{"b", "2"}, {"a", "1"}})).empty());
  EXPECT_TRUE(Diff(*MapVersion::Empty(), *MapVersion::Empty()).empty());
  EXPECT_EQ(Diff(*version, *MapVersion::Empty()).size(), 2u);
}

// Small ones and large ones, of one line or two.
std::pair<VersionPtr, VersionPtr> RandomPair(Random& random) {
  const std::size_t keys = 1 + random.Below(random.Below(2) == 0 ? 40 : 1'500);
  Model model = RandomModel(random, keys);
  const VersionPtr a = Of(model);
  const bool related = random.Below(2) == 0;
  const VersionPtr b =
      related ? *a->Apply(RandomChanges(random, keys, model)) : Of(RandomModel(random, keys));
  return {a, b};
}

TEST(Diff, AppliedToItsFirstVersionGivesItsSecond) {
  EXPECT_TRUE(rc::check("apply(diff(a, b)) to a == b", [](std::uint64_t seed) {
    Random random(seed);
    const auto [a, b] = RandomPair(random);
    const std::vector<Difference> forth = Diff(*a, *b);
    const std::vector<Difference> back = Diff(*b, *a);
    RC_ASSERT((*a->Apply(ChangesOf(forth)))->digest() == b->digest());
    RC_ASSERT((*b->Apply(ChangesOf(back)))->digest() == a->digest());
    RC_ASSERT(forth.size() == back.size());
    for (std::size_t i = 0; i < forth.size(); ++i) {
      RC_ASSERT(forth[i].key == back[i].key);
      RC_ASSERT(forth[i].before == back[i].after);
      RC_ASSERT(forth[i].after == back[i].before);
      RC_ASSERT(forth[i].before != forth[i].after);
      if (i > 0) RC_ASSERT(forth[i - 1].key < forth[i].key);
    }
  }));
}

TEST(CountDifferences, CountsWhatDiffNamesAndNoFurtherThanItIsAsked) {
  EXPECT_TRUE(rc::check("count == min(size of diff, at most)", [](std::uint64_t seed) {
    Random random(seed);
    const auto [a, b] = RandomPair(random);
    const std::size_t differences = Diff(*a, *b).size();
    for (const std::size_t at_most :
         {std::size_t{0}, random.Below(differences + 1), differences, differences + 1}) {
      RC_ASSERT(CountDifferences(*a, *b, at_most) == std::min(differences, at_most));
      RC_ASSERT(CountDifferences(*b, *a, at_most) == std::min(differences, at_most));
    }
  }));
}

TEST(MapVersion, TellsOfTheHashMapThatHoldsItUnlessItIsSmall) {
  std::vector<Entry> entries;
  for (int i = 0; i < 500; ++i) entries.push_back({"key/" + std::to_string(i), "1"});
  const VersionPtr large = MapVersion::FromEntries(entries).value();
  ASSERT_TRUE(large->debug().has_value());
  EXPECT_EQ(large->debug()->count, 500u);
  EXPECT_GT(large->debug()->buckets, 500u / 8);
  const VersionPtr more = large->Apply(std::vector<Change>{{"another", "1"}}).value();
  EXPECT_EQ(more->debug()->count, 501u);
  EXPECT_EQ(more->debug()->hash0, large->debug()->hash0);  // one lineage
  entries.resize(5);
  EXPECT_FALSE(MapVersion::FromEntries(entries).value()->debug().has_value());
  EXPECT_FALSE(MapVersion::Empty()->debug().has_value());
}

TEST(MapVersion, SeesThatItsMemoryChanged) {
  for (const std::size_t keys : {2u, 5'000u}) {
    Model model;
    for (std::size_t i = 0; i < keys; ++i) model["key/" + std::to_string(i)] = "value";
    const VersionPtr version = Of(model);
    EXPECT_TRUE(version->Verify().ok());
    DamageValue(*version, "key/1");
    EXPECT_EQ(version->Verify().error().code, ErrorCode::kCorrupt);
    DamageValue(*version, "key/1");
    EXPECT_TRUE(version->Verify().ok()) << "as it was made again";
  }
}

}  // namespace
}  // namespace portolan::mapcore
