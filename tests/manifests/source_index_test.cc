#include "manifests/source_index.h"

#include <gtest/gtest.h>

#include "tests/manifests/load_fixture.h"

namespace portolan::manifests {
namespace {

// What one pattern of maps/m.yaml gives: paths, or what is wrong.
std::string Expand(const MemorySource& source, const std::string& pattern) {
  const Artifact artifact = source.Get();
  SourceIndex index(artifact, 1'000);
  MapSpec spec;
  spec.map.file = "maps/m.yaml";
  spec.entries_from = {{pattern, {1, 1}, "spec.entriesFrom[0]"}};
  const EntryFiles files = index.Expand(spec);
  std::string text;
  for (const ArtifactFile* file : files.files) text += file->path + " ";
  for (const Diagnostic& diagnostic : files.diagnostics) text += "! " + diagnostic.message;
  return text;
}

TEST(SourceIndex, ExpandsPatternsRelativeToTheManifest) {
  const MemorySource source({{"a.json", "{}"},
                             {"maps/e/a.yaml", ""},
                             {"maps/e/b.yaml", ""},
                             {"maps/e/.c.yaml", ""},
                             {"maps/e/d/x.yaml", ""}});
  EXPECT_EQ(Expand(source, "e/*.yaml"), "maps/e/a.yaml maps/e/b.yaml ");
  EXPECT_EQ(Expand(source, "e/*/*.yaml"), "maps/e/d/x.yaml ");
  EXPECT_EQ(Expand(source, "../a.json"), "a.json ");
  EXPECT_EQ(Expand(source, "e/.c.yaml"), "maps/e/.c.yaml ");
}

TEST(SourceIndex, SaysWhatIsWrongWithAPattern) {
  MemorySource source;
  source["maps/e.csv"] = "";
  EXPECT_NE(Expand(source, "../../a.json").find("inside the source"), std::string::npos);
  EXPECT_NE(Expand(source, "e.csv").find("not supported yet"), std::string::npos);
  EXPECT_NE(Expand(source, "e.txt").find("ends in .yaml, .yml or .json"), std::string::npos);
  EXPECT_NE(Expand(source, "**/e.yaml").find("\"**\" is not supported"), std::string::npos);
  EXPECT_NE(Expand(source, "e.yaml").find("no file \"maps/e.yaml\""), std::string::npos);
  EXPECT_NE(Expand(source, "x/*.yaml").find("matches no file"), std::string::npos);
}

TEST(SourceIndex, TakesRefusalsThatNoMapNamesAsThoseOfTheCommit) {
  MemorySource source({{"maps/big.json", std::string(2'000, ' ')}});
  source.Refuse({"maps/link.json", "SymlinkRefused", "symbolic links are not followed"});
  source.Refuse({"notes.txt", "LfsPointer", "the file is a Git LFS pointer"});
  const Artifact artifact = source.Get();
  SourceIndex index(artifact, 1'000);
  EXPECT_TRUE(index.Candidates().empty());
  EXPECT_EQ(index.OtherRefusals().size(), 3u);
  EXPECT_TRUE(index.RefusalsMayHideMaps());

  MapSpec spec;
  spec.map.file = "maps/m.yaml";
  spec.entries_from = {{"*.json", {1, 1}, "spec.entriesFrom[0]"}};
  EXPECT_EQ(index.Expand(spec).diagnostics.size(), 2u);
  ASSERT_EQ(index.OtherRefusals().size(), 1u);
  EXPECT_EQ(index.OtherRefusals()[0].severity, Diagnostic::Severity::kWarning);
  EXPECT_FALSE(index.RefusalsMayHideMaps());
}

}  // namespace
}  // namespace portolan::manifests
