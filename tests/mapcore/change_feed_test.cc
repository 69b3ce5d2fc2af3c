#include "mapcore/change_feed.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "mapcore/base/random.h"

namespace portolan::mapcore {
namespace {

using FeedContents = std::map<std::string, std::string>;

VersionPtr FeedVersion(const FeedContents& contents) {
  std::vector<Entry> entries;
  for (const auto& [key, value] : contents) entries.push_back({key, value});
  return MapVersion::FromEntries(std::move(entries)).value();
}

// Somebody who keeps a copy by what the feed tells.
struct FeedMirror {
  FeedPlace place;
  FeedContents contents;
  int told = 0;

  ChangeFeed::Extent Follow(const ChangeFeed& feed, const MapVersion* held) {
    FeedContents changed;
    std::vector<std::string> erased;
    told = 0;
    const ChangeFeed::Extent extent =
        feed.Since(place, held, [&](std::string_view key, std::optional<std::string_view> value) {
          ++told;
          if (value) {
            EXPECT_TRUE(changed.emplace(key, *value).second) << key << " is told twice";
          } else {
            erased.emplace_back(key);
          }
        });
    if (extent == ChangeFeed::Extent::kWhole) contents.clear();
    for (const auto& [key, value] : changed) contents[key] = value;
    for (const std::string& key : erased) EXPECT_EQ(contents.erase(key), 1u) << key;
    place = feed.now();
    return extent;
  }
};

TEST(ChangeFeed, TellsWhatDiffersForwardAndBack) {
  const VersionPtr one = FeedVersion({{"a", "1"}, {"b", "2"}, {"c", "3"}});
  const std::vector<Change> changes = {{"a", "10"}, {"b", std::nullopt}, {"d", "4"}};
  const VersionPtr two = one->Apply(changes).value();
  FeedMirror mirror{{one->digest()}, {{"a", "1"}, {"b", "2"}, {"c", "3"}}};
  EXPECT_EQ(mirror.Follow({*two, nullptr}, one.get()), ChangeFeed::Extent::kChanges);
  EXPECT_EQ(mirror.told, 3);
  EXPECT_EQ(mirror.contents, (FeedContents{{"a", "10"}, {"c", "3"}, {"d", "4"}}));
  EXPECT_EQ(mirror.Follow({*two, nullptr}, two.get()), ChangeFeed::Extent::kNothing);
  EXPECT_EQ(mirror.told, 0);
  EXPECT_EQ(mirror.Follow({*one, nullptr}, two.get()), ChangeFeed::Extent::kChanges);
  EXPECT_EQ(mirror.contents, (FeedContents{{"a", "1"}, {"b", "2"}, {"c", "3"}}));
}

TEST(ChangeFeed, TellsEverythingToWhoHoldsWhatNobodyRemembers) {
  const VersionPtr one = FeedVersion({{"a", "1"}, {"b", "2"}});
  FeedMirror mirror{{Sha256Of("forgotten")}, {{"z", "9"}}};
  EXPECT_EQ(mirror.Follow({*one, nullptr}, nullptr), ChangeFeed::Extent::kWhole);
  EXPECT_EQ(mirror.contents, (FeedContents{{"a", "1"}, {"b", "2"}}));
}

TEST(ChangeFeed, AnOverlayComesAsChangesAndGoesWithEverything) {
  const VersionPtr one = FeedVersion({{"a", "1"}, {"b", "2"}});
  const VersionPtr over = FeedVersion({{"a", "over"}, {"b", "2"}, {"x", "new"}});
  FeedMirror mirror{{one->digest()}, {{"a", "1"}, {"b", "2"}}};
  EXPECT_EQ(mirror.Follow({*one, over.get()}, one.get()), ChangeFeed::Extent::kChanges);
  EXPECT_EQ(mirror.told, 2) << "b is overlaid with what it is";
  EXPECT_EQ(mirror.contents, (FeedContents{{"a", "over"}, {"b", "2"}, {"x", "new"}}));
  EXPECT_EQ(mirror.Follow({*one, over.get()}, one.get()), ChangeFeed::Extent::kNothing);
  EXPECT_EQ(mirror.Follow({*one, nullptr}, one.get()), ChangeFeed::Extent::kWhole);
  EXPECT_EQ(mirror.contents, (FeedContents{{"a", "1"}, {"b", "2"}}));
}

TEST(ChangeFeed, WhoSeesOtherValuesThanBeforeIsToldEverything) {
  const VersionPtr one = FeedVersion({{"a", "1"}, {"b", "2"}});
  const std::string masks = FeedPlace::MasksOf({"b*"});
  FeedMirror mirror{{one->digest(), "", masks}, {{"a", "1"}, {"b", "***"}}};
  EXPECT_EQ(mirror.Follow({*one, nullptr, masks}, one.get()), ChangeFeed::Extent::kNothing);
  EXPECT_EQ(mirror.Follow({*one, nullptr}, one.get()), ChangeFeed::Extent::kWhole);
  EXPECT_EQ(mirror.contents, (FeedContents{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(mirror.Follow({*one, nullptr, masks}, one.get()), ChangeFeed::Extent::kWhole);
  const std::string more = FeedPlace::MasksOf({"b*", "a"});
  EXPECT_EQ(mirror.Follow({*one, nullptr, more}, one.get()), ChangeFeed::Extent::kWhole);
}

TEST(ChangeFeed, AMirrorThatFollowsAnywhereHoldsWhatIsServed) {
  constexpr std::uint64_t kSeed = 20;
  SCOPED_TRACE(kSeed);
  Random random(kSeed);
  std::vector<VersionPtr> versions = {FeedVersion({{"0", "0"}})};
  FeedMirror mirror{{versions[0]->digest()}, {{"0", "0"}}};
  const MapVersion* held = versions[0].get();
  for (int round = 0; round < 500; ++round) {
    std::map<std::string, std::optional<std::string>> drawn;
    for (int i = 0; i < 5; ++i)
      drawn[std::to_string(random.Below(60))] =
          random.Below(3) == 0 ? std::nullopt : std::optional(std::to_string(random.Below(9)));
    std::vector<Change> changes;
    for (const auto& [key, value] : drawn) changes.push_back({key, value});
    versions.push_back(versions[random.Below(versions.size())]->Apply(changes).value());
    const MapVersion& version = *versions[random.Below(versions.size())];
    const VersionPtr overlay =
        random.Below(4) == 0 ? FeedVersion({{std::to_string(random.Below(60)), "over"}}) : nullptr;
    const bool remembered = random.Below(5) != 0;
    mirror.Follow({version, overlay.get()}, remembered ? held : nullptr);
    held = &version;
    FeedContents served;
    version.ForEach(
        [&](std::string_view key, std::string_view value) { served.emplace(key, value); });
    if (overlay != nullptr)
      overlay->ForEach(
          [&](std::string_view key, std::string_view value) { served[std::string(key)] = value; });
    ASSERT_EQ(mirror.contents, served) << "round " << round;
  }
}

TEST(FeedPlace, IsReadAsItIsWritten) {
  const FeedPlace plain{Sha256Of("a")};
  const FeedPlace overlaid{Sha256Of("a"), Sha256Of("b").Short()};
  EXPECT_EQ(FeedPlace::Parse(plain.ToString()).value(), plain);
  const FeedPlace masked{Sha256Of("a"), "", FeedPlace::MasksOf({"b*"})};
  const FeedPlace both{Sha256Of("a"), overlaid.overlay, masked.masks};
  for (const FeedPlace& place : {overlaid, masked, both})
    EXPECT_EQ(FeedPlace::Parse(place.ToString()).value(), place);
  for (const std::string& bad :
       {std::string(), std::string("sha256:12"), plain.ToString() + "+",
        plain.ToString() + "+12345678901g", plain.ToString() + "+1234", plain.ToString() + "~",
        masked.ToString() + overlaid.overlay, masked.ToString() + "+" + overlaid.overlay})
    EXPECT_FALSE(FeedPlace::Parse(bad).ok()) << bad;
}

}  // namespace
}  // namespace portolan::mapcore
