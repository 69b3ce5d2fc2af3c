#include "controller/daemon/hash_map_metrics.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace portolan::controller {
namespace {

using mapcore::MapVersion;
using mapcore::VersionPtr;

VersionPtr Entries(int count) {
  std::vector<mapcore::Entry> entries;
  for (int i = 0; i < count; ++i) entries.push_back({"key/" + std::to_string(i), "1"});
  return MapVersion::FromEntries(std::move(entries)).value();
}

class HashMapMetricsTest : public testing::Test {
 protected:
  std::string Read(VersionPtr stable) {
    mapcore::LiveState state;
    state.stable = std::move(stable);
    catalog.Publish("limits", std::move(state));
    metrics.Read(catalog);
    return "\n" + registry.Render();
  }
  static bool Shows(const std::string& text, const std::string& field, const std::string& value) {
    return text.find("\nportolan_mapcore_hmap{map=\"limits\",field=\"" + field + "\"} " + value +
                     "\n") != std::string::npos;
  }

  mapcore::Catalog catalog;
  MetricRegistry registry;
  HashMapMetrics metrics{registry};
};

TEST_F(HashMapMetricsTest, ShowsAMapInTheEightWordsOfHmap) {
  const std::string text = Read(Entries(1'000));
  EXPECT_TRUE(Shows(text, "count", "1000")) << text;
  EXPECT_TRUE(Shows(text, "flags", "0"));
  EXPECT_TRUE(Shows(text, "B", "8"));  // 16 pages, of 16 buckets each
  EXPECT_TRUE(Shows(text, "noverflow", "0"));
  EXPECT_TRUE(Shows(text, "oldbuckets", "0"));
  EXPECT_TRUE(Shows(text, "nevacuate", "0"));
  EXPECT_NE(text.find("field=\"buckets\"} "), std::string::npos);
  EXPECT_NE(text.find("field=\"hash0\"} "), std::string::npos);
}

TEST_F(HashMapMetricsTest, FollowsTheMap) {
  Read(Entries(1'000));
  EXPECT_TRUE(Shows(Read(Entries(10'000)), "count", "10000"));
}

TEST_F(HashMapMetricsTest, ShowsNoneOfAMapThatNoHashMapHolds) {
  EXPECT_EQ(Read(Entries(5)).find("portolan_mapcore_hmap{"), std::string::npos);
}

TEST_F(HashMapMetricsTest, GoesToZeroWhenTheMapBecomesSmall) {
  Read(Entries(1'000));
  EXPECT_TRUE(Shows(Read(Entries(5)), "count", "0"));
}

}  // namespace
}  // namespace portolan::controller
