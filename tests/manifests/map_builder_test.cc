#include "manifests/map_builder.h"

#include <gtest/gtest.h>

namespace portolan::manifests {
namespace {

EntryPartPtr Part(const std::string& path, std::vector<CheckedEntry> entries) {
  auto part = std::make_shared<EntryPart>();
  part->path = path;
  part->entries = std::move(entries);
  return part;
}

MapInputs Inputs(std::vector<EntryPartPtr> parts) {
  static const auto declaration = [] {
    auto made = std::make_shared<Declaration>();
    made->name = "m";
    made->map = std::make_shared<const MapSpec>();
    return made;
  }();
  return {declaration, std::make_shared<const ResolvedStrategy>(), {}, std::move(parts)};
}

MapInputs InManifest(std::vector<CheckedEntry> entries, std::vector<EntryPartPtr> parts) {
  auto spec = std::make_shared<MapSpec>();
  spec->entries = std::move(entries);
  auto declaration = std::make_shared<Declaration>();
  declaration->name = "m";
  declaration->map = std::move(spec);
  return {declaration, std::make_shared<const ResolvedStrategy>(), {}, std::move(parts)};
}

TEST(MapBuilder, AppliesOnlyThePartsThatChanged) {
  std::vector<Diagnostic> diagnostics;
  const EntryPartPtr a = Part("a", {{"x", "1", {}}, {"y", "2", {}}});
  const EntryPartPtr b = Part("b", {{"z", "3", {}}});
  BuiltMap before{Inputs({a, b}), nullptr};
  before.map = BuildMap(before.inputs, nullptr, diagnostics);
  ASSERT_NE(before.map, nullptr);
  const auto after = BuildMap(Inputs({Part("a", {{"y", "5", {}}}), b}), &before, diagnostics);
  ASSERT_NE(after, nullptr);
  EXPECT_EQ(after->version->size(), 2u);
  EXPECT_EQ(after->version->Find("y"), "5");
  EXPECT_EQ(before.map->version->Find("y"), "2");
  const auto same = BuildMap(Inputs({Part("a", a->entries), b}), &before, diagnostics);
  EXPECT_EQ(same->version, before.map->version);
}

// The versions of a map whose entries are in its manifest: what did not change is one object in
// both.
TEST(MapBuilder, AppliesWhatChangedInTheManifestItself) {
  std::vector<Diagnostic> diagnostics;
  std::vector<CheckedEntry> entries;
  for (int i = 0; i < 500; ++i) entries.push_back({"key/" + std::to_string(i), "1", {}});
  const EntryPartPtr part = Part("a", {{"in a file", "2", {}}});
  BuiltMap before{InManifest(entries, {part}), nullptr};
  before.map = BuildMap(before.inputs, nullptr, diagnostics);
  ASSERT_NE(before.map, nullptr);
  entries[7].value = "5";
  entries.erase(entries.begin() + 9);
  entries.push_back({"new", "6", {}});
  const auto after =
      BuildMap(InManifest(entries, {Part("a", {{"in a file", "7", {}}})}), &before, diagnostics);
  ASSERT_NE(after, nullptr);
  const mapcore::MapVersion& version = *after->version;
  EXPECT_EQ(version.size(), 501u);
  EXPECT_EQ(version.Find("key/7"), "5");
  EXPECT_EQ(version.Find("key/9"), std::nullopt);
  EXPECT_EQ(version.Find("new"), "6");
  EXPECT_EQ(version.Find("in a file"), "7");
  EXPECT_EQ(version.Find("key/3")->data(), before.map->version->Find("key/3")->data());
  EXPECT_EQ(
      BuildMap(InManifest(entries, {Part("a", {{"in a file", "7", {}}})}), nullptr, diagnostics)
          ->version->digest(),
      version.digest());

  entries.push_back({"in a file", "8", {9, 1}});
  EXPECT_EQ(BuildMap(InManifest(entries, {part}), &before, diagnostics), nullptr);
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_NE(diagnostics[0].message.find("duplicate key"), std::string::npos);
}

TEST(MapBuilder, TakesChangesBeforeAndBehindAKeyThatWasInserted) {
  std::vector<Diagnostic> diagnostics;
  BuiltMap before{Inputs({Part("a", {{"v", "1", {}}, {"x", "2", {}}, {"y", "3", {}}})}), nullptr};
  before.map = BuildMap(before.inputs, nullptr, diagnostics);
  const auto after = BuildMap(
      Inputs({Part("a", {{"v", "5", {}}, {"w", "6", {}}, {"y", "7", {}}, {"x", "2", {}}})}),
      &before, diagnostics);
  ASSERT_NE(after, nullptr);
  EXPECT_EQ(after->version->size(), 4u);
  EXPECT_EQ(after->version->Find("v"), "5");
  EXPECT_EQ(after->version->Find("w"), "6");
  EXPECT_EQ(after->version->Find("x"), "2");
  EXPECT_EQ(after->version->Find("y"), "7");
  const auto less = BuildMap(Inputs({Part("a", {{"v", "1", {}}})}), &before, diagnostics);
  EXPECT_EQ(less->version->size(), 1u) << "what is behind the end of the new part is gone";
}

// The versions share what did not change: it is one object in both.
TEST(MapBuilder, TakesAKeyThatMovedToAnotherPart) {
  std::vector<Diagnostic> diagnostics;
  std::vector<CheckedEntry> entries;
  for (int i = 0; i < 500; ++i) entries.push_back({"key/" + std::to_string(i), "1", {}});
  BuiltMap before{Inputs({Part("a", entries), Part("b", {{"y", "2", {}}})}), nullptr};
  before.map = BuildMap(before.inputs, nullptr, diagnostics);
  ASSERT_NE(before.map, nullptr);
  const CheckedEntry moved = entries[7];
  entries.erase(entries.begin() + 7);
  const auto same = BuildMap(Inputs({Part("a", entries), Part("b", {{"y", "2", {}}, moved})}),
                             &before, diagnostics);
  ASSERT_NE(same, nullptr);
  EXPECT_EQ(same->version, before.map->version);

  const MapInputs inputs =
      Inputs({Part("a", entries), Part("b", {{moved.key, "5", {}}}), Part("c", {{"y", "2", {}}})});
  const auto after = BuildMap(inputs, &before, diagnostics);
  ASSERT_NE(after, nullptr);
  EXPECT_EQ(after->version->Find(moved.key), "5");
  EXPECT_EQ(after->version->Find("y"), "2");
  EXPECT_EQ(after->version->Find("key/3")->data(), before.map->version->Find("key/3")->data());
  EXPECT_EQ(after->version->digest(), BuildMap(inputs, nullptr, diagnostics)->version->digest());
  EXPECT_TRUE(diagnostics.empty());
}

TEST(MapBuilder, RefusesAKeyThatMovedToTwoParts) {
  for (const std::string value : {"1", "2"}) {
    std::vector<Diagnostic> diagnostics;
    BuiltMap before{Inputs({Part("a", {{"x", "1", {}}}), Part("b", {}), Part("c", {})}), nullptr};
    before.map = BuildMap(before.inputs, nullptr, diagnostics);
    EXPECT_EQ(BuildMap(Inputs({Part("a", {}), Part("b", {{"x", value, {3, 1}}}),
                               Part("c", {{"x", value, {4, 1}}})}),
                       &before, diagnostics),
              nullptr);
    EXPECT_EQ(FormatDiagnostics(diagnostics),
              "c:4:1: duplicate key \"x\" of map \"m\", first at b:3:1\n");
  }
}

TEST(MapBuilder, NamesBothPlacesOfAKeyThatAChangeDuplicates) {
  std::vector<Diagnostic> diagnostics;
  const EntryPartPtr a = Part("a", {{"x", "1", {7, 1}}});
  BuiltMap before{Inputs({a, Part("b", {})}), nullptr};
  before.map = BuildMap(before.inputs, nullptr, diagnostics);
  EXPECT_EQ(BuildMap(Inputs({a, Part("b", {{"x", "1", {9, 3}}})}), &before, diagnostics), nullptr);
  EXPECT_EQ(FormatDiagnostics(diagnostics),
            "b:9:3: duplicate key \"x\" of map \"m\", first at a:7:1\n");
}

}  // namespace
}  // namespace portolan::manifests
