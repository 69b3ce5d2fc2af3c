#include "controller/reconcile/held_versions.h"

#include <gtest/gtest.h>

#include <string>

namespace portolan::controller {
namespace {

using mapcore::Change;
using mapcore::MapVersion;
using mapcore::VersionPtr;

constexpr int kEntries = 1'000;

VersionPtr First() {
  std::vector<mapcore::Entry> entries;
  for (int i = 0; i < kEntries; ++i) entries.push_back({"key/" + std::to_string(i), "first"});
  return MapVersion::FromEntries(std::move(entries)).value();
}

VersionPtr Changed(const VersionPtr& version, int keys, const std::string& value) {
  std::vector<Change> changes;
  for (int i = 0; i < keys; ++i) changes.push_back({"key/" + std::to_string(i), value});
  return version->Apply(changes).value();
}

void Serve(HeldVersions& held, const VersionPtr& stable, const VersionPtr& canary = nullptr) {
  mapcore::LiveState state;
  state.stable = stable;
  state.canary = canary;
  held.Serve(state);
}

TEST(HeldVersions, KeepsWhatWasStableBeforeAndDiffersInFewKeys) {
  HeldVersions held;
  const VersionPtr one = First();
  const VersionPtr two = Changed(one, 3, "second");
  const VersionPtr three = Changed(two, 5, "third");
  Serve(held, one, two);
  EXPECT_TRUE(held.before().empty());
  Serve(held, two);
  Serve(held, two, three);
  Serve(held, three);
  EXPECT_EQ(held.before(), (std::vector<VersionPtr>{two, one}));
  Serve(held, one);
  EXPECT_EQ(held.before(), (std::vector<VersionPtr>{three, two})) << "back at the first";
  held.Clear();
  EXPECT_TRUE(held.before().empty());
}

TEST(HeldVersions, LetsGoOfWhatDiffersInMoreThanHalfOfTheKeys) {
  HeldVersions held;
  VersionPtr version = First();
  Serve(held, version);
  for (int i = 0; i < 4; ++i) {
    version = Changed(version, 200, std::to_string(i));
    Serve(held, version);
  }
  EXPECT_EQ(held.before().size(), 2u) << "400 of the 500 keys that are allowed";
  const std::weak_ptr<const MapVersion> former = version;
  version = Changed(version, 501, "other");
  Serve(held, version);
  EXPECT_TRUE(held.before().empty());
  EXPECT_TRUE(former.expired());
}

TEST(HeldVersions, CountsAnewWhatAReturnPutsSideBySide) {
  HeldVersions held;
  const VersionPtr one = First();
  const VersionPtr two = Changed(one, 10, "second");
  const VersionPtr three = Changed(two, 490, "third");
  for (const VersionPtr& version : {one, two, three}) Serve(held, version);
  EXPECT_EQ(held.before(), (std::vector<VersionPtr>{two, one})) << "490 and 10 keys";
  Serve(held, two);
  EXPECT_EQ(held.before(), (std::vector<VersionPtr>{three})) << "490, and 490 from it to the first";
}

TEST(HeldVersions, LetsGoOfWhatSharesNoMemory) {
  HeldVersions held;
  Serve(held, First());
  Serve(held, Changed(First(), 1, "in a hash map of its own"));
  EXPECT_TRUE(held.before().empty());
}

TEST(HeldVersions, KeepsEightSmallOnesAtMost) {
  HeldVersions held;
  for (int i = 0; i < 20; ++i) {
    std::vector<mapcore::Entry> entries;
    for (int k = 0; k < 20; ++k)
      entries.push_back({std::to_string(k), k == 0 ? std::to_string(i) : ""});
    Serve(held, MapVersion::FromEntries(std::move(entries)).value());
  }
  EXPECT_EQ(held.before().size(), HeldVersions::kBeforeMax);
}

}  // namespace
}  // namespace portolan::controller
