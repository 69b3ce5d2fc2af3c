#include "mapcore/small_entries.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "mapcore/map_version.h"
#include "mapcore/version_line.h"

namespace portolan::mapcore {
namespace {

std::vector<Entry> NumberedEntries(std::size_t count, const std::string& prefix = "key/") {
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < count; ++i)
    entries.push_back({prefix + std::to_string(i), R"({"limit": 100, "burst": 20})"});
  return entries;
}

std::vector<KeyValue> Views(const std::vector<Entry>& entries) {
  std::vector<KeyValue> pairs;
  for (const Entry& entry : entries) pairs.push_back({entry.key, entry.value});
  return pairs;
}

std::size_t Mappings() {
  std::ifstream maps("/proc/self/maps");
  std::size_t lines = 0;
  for (std::string line; std::getline(maps, line);) ++lines;
  return lines;
}

TEST(SmallEntries, FindsEveryKeyAndNoOtherInWhateverOrderTheyCame) {
  for (std::size_t count = 0; count <= SmallEntries::kEntriesMax; ++count) {
    const std::vector<Entry> entries = NumberedEntries(count);
    SortedRuns::Run records;
    const auto small = SmallEntries::Make(Views(entries), records);
    ASSERT_EQ(small->size(), count);
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_EQ(small->Find(entries[i].key), entries[i].value);
      ASSERT_EQ(records[i]->key(), entries[i].key);
    }
    EXPECT_EQ(small->Find("key"), std::nullopt);
    EXPECT_EQ(small->Find("key/99"), std::nullopt);
    EXPECT_EQ(small->Find("a"), std::nullopt);
  }
}

TEST(SmallEntries, AreLimitedInNumberAndInBytes) {
  EXPECT_TRUE(SmallEntries::Fit(Views(NumberedEntries(SmallEntries::kEntriesMax))));
  EXPECT_FALSE(SmallEntries::Fit(Views(NumberedEntries(SmallEntries::kEntriesMax + 1))));
  const std::vector<Entry> large{{"key", std::string(SmallEntries::kBytesMax, 'x')}};
  EXPECT_FALSE(SmallEntries::Fit(Views(large)));
}

TEST(SmallEntries, FiveThousandMapsOfFiveKeysTakeNoMappingAndLessThanAKibibyteEach) {
  std::vector<VersionPtr> maps;
  std::size_t bytes = 0;
  const std::size_t before = Mappings();
  for (int i = 0; i < 5'000; ++i) {
    std::vector<Entry> entries = NumberedEntries(5, "service/" + std::to_string(i) + "/");
    SortedRuns::Run records;
    bytes += LineVersion::Begin(Views(entries), records).value().bytes();
    maps.push_back(MapVersion::FromEntries(std::move(entries)).value());
  }
  EXPECT_LT(bytes, 5'000u * 1'024);
  EXPECT_LT(Mappings(), before + 100) << "maps of their own";
  EXPECT_EQ(maps[4'999]->Find("service/4999/4"), R"({"limit": 100, "burst": 20})");
}

TEST(SmallEntries, AMapThatGrowsAndShrinksAcrossTheLimitStaysEqualToOneBuiltAtOnce) {
  VersionPtr version = MapVersion::Empty();
  for (int round = 0; round < 2; ++round) {
    for (const Entry& entry : NumberedEntries(70)) {
      version = version->Apply(std::vector<Change>{{entry.key, entry.value}}).value();
      ASSERT_EQ(version->Find(entry.key), entry.value);
    }
    EXPECT_EQ(version->digest(), MapVersion::FromEntries(NumberedEntries(70)).value()->digest());
    const VersionPtr large = version;
    for (int i = 69; i >= 3; --i)
      version = version->Apply(std::vector<Change>{{"key/" + std::to_string(i), {}}}).value();
    EXPECT_EQ(version->digest(), MapVersion::FromEntries(NumberedEntries(3)).value()->digest());
    EXPECT_EQ(Diff(*version, *large).size(), 67u);
  }
}

}  // namespace
}  // namespace portolan::mapcore
