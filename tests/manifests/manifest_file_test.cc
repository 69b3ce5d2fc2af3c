#include "manifests/manifest_file.h"

#include <gtest/gtest.h>

#include "tests/manifests/load_fixture.h"

namespace portolan::manifests {
namespace {

ManifestFile DecodeFile(const std::string& text, const std::string& path = "a.yaml") {
  return DecodeManifestFile(ReadText(text, path, 1 << 20), path);
}

TEST(ManifestFile, HoldsOneDeclarationForEachDocument) {
  const ManifestFile file =
      DecodeFile(Manifest("Map", "m", "  entries: {}\n") + "---\n" +
                 Manifest("RolloutStrategy", "s", "  steps: [{setWeight: 100%}]\n") + "---\n" +
                 Manifest("AnalysisTemplate", "t", "  metrics: []\n"));
  ASSERT_EQ(file.declarations.size(), 3u);
  EXPECT_TRUE(file.has_manifest);
  EXPECT_FALSE(file.may_hide_map);
  EXPECT_NE(file.declarations[0]->map, nullptr);
  EXPECT_NE(file.declarations[1]->strategy, nullptr);
  EXPECT_EQ(file.declarations[2]->analysis, nullptr);
  EXPECT_FALSE(file.declarations[2]->usable());
}

TEST(ManifestFile, ReadsJsonByItsExtension) {
  const ManifestFile file = DecodeFile(
      R"({"apiVersion":"portolan/v1","kind":"Map","metadata":{"name":"m"},"spec":{"entries":{}}})",
      "a.json");
  EXPECT_EQ(file.declarations.size(), 1u);
  EXPECT_TRUE(DecodeFile("a: 1", "a.json").unread);
}

TEST(ManifestFile, DescribesDocumentsThatAreNoManifests) {
  const ManifestFile file = DecodeFile("a: 1\n");
  EXPECT_FALSE(file.has_manifest);
  EXPECT_TRUE(file.may_hide_map);
  EXPECT_TRUE(file.diagnostics.empty());
  EXPECT_EQ(file.strays.size(), 1u);
}

}  // namespace
}  // namespace portolan::manifests
