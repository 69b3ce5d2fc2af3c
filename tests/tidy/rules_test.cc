#include "tests/tidy/rules.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/tidy/tree.h"

namespace portolan::tidy {
namespace {

// A project of one file.
Tree Of(const std::string& path, const std::string& text) {
  Tree tree;
  (path.ends_with(".md") ? tree.documents : tree.code).push_back(MakeFile(path, text));
  tree.paths.insert(path);
  return tree;
}

std::string Repeat(const std::string& text, std::size_t count) {
  std::string repeated;
  for (std::size_t i = 0; i < count; ++i) repeated += text;
  return repeated;
}

TEST(IncludesThatPointUp, FindsALayerThatIncludesOneAboveIt) {
  EXPECT_EQ(IncludesThatPointUp(Of("mapcore/a.h", "\n#include \"manifests/value.h\"\n")),
            Findings{"mapcore/a.h:2: #include \"manifests/value.h\""});
  EXPECT_EQ(
      IncludesThatPointUp(Of("reconciler/rollout/a.cc", "#include \"controller/http/a.h\"")).size(),
      1u);
  EXPECT_EQ(IncludesThatPointUp(Of("controller/a.cc", "#include \"tests/fake.h\"")).size(), 1u);
}

TEST(IncludesThatPointUp, AllowsItsOwnLayerThoseBelowAndTests) {
  EXPECT_TRUE(IncludesThatPointUp(
                  Of("manifests/a.h", "#include \"manifests/b.h\"\n#include \"mapcore/a.h\""))
                  .empty());
  EXPECT_TRUE(IncludesThatPointUp(Of("mapcore/a.h", "// #include \"manifests/b.h\"")).empty());
  EXPECT_TRUE(IncludesThatPointUp(Of("tests/mapcore/a.cc", "#include \"controller/b.h\"")).empty());
}

TEST(LongFiles, AllowsTheLimitAndNoMore) {
  EXPECT_TRUE(LongFiles(Of("mapcore/a.h", Repeat("\n", kFileLinesMax))).empty());
  EXPECT_EQ(LongFiles(Of("mapcore/a.h", Repeat("\n", kFileLinesMax + 1))).size(), 1u);
}

TEST(LongFunctions, AllowsTheLimitAndNoMore) {
  const auto function = [](const std::string& opening, std::size_t body) {
    return LongFunctions(Of("mapcore/a.cc", opening + Repeat("  x;\n", body) + "}\n"));
  };
  EXPECT_TRUE(function("int F(int x) {\n", kFunctionLinesMax - 2).empty());
  EXPECT_EQ(function("int F(int x) {\n", kFunctionLinesMax - 1).size(), 1u);
  EXPECT_EQ(function("int C::F(int x,\n         int y) const {\n", kFunctionLinesMax - 2).size(),
            1u);
  EXPECT_EQ(function("C::C(int x)\n    : x_(x) {\n", kFunctionLinesMax - 2).size(), 1u);
  EXPECT_EQ(function("TEST(A, B) {\n", kFunctionLinesMax - 1).size(), 1u);
}

TEST(LongFunctions, FindsALongMethodInAClass) {
  const std::string text =
      "class C {\n  int F() const {\n" + Repeat("    x;\n", kFunctionLinesMax) + "  }\n};\n";
  const Findings findings = LongFunctions(Of("mapcore/a.h", text));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_TRUE(findings[0].starts_with("mapcore/a.h:2: 72 lines"));
}

TEST(LongFunctions, CountsFunctionsNotNamespacesTypesOrTheSumOfShortOnes) {
  const std::string small =
      "int F(int x) {\n  if (x) {\n    y;\n  } else if (z) {\n    w;\n  }\n}\n";
  EXPECT_TRUE(
      LongFunctions(Of("mapcore/a.cc", "namespace a {\n" + Repeat(small, 30) + "}\n")).empty());
  EXPECT_TRUE(LongFunctions(
                  Of("mapcore/a.h", "struct alignas(8) S {\n" + Repeat("  int x;\n", 100) + "};\n"))
                  .empty());
}

TEST(EffectsBelowController, FindsClocksRandomnessSleepsAndThreads) {
  for (const char* line :
       {"auto t = std::chrono::steady_clock::now();", "std::random_device device;",
        "std::this_thread::sleep_for(1s);", "std::thread worker;", "std::jthread worker;",
        "std::async(f);", "const auto t = std::time(nullptr);", "sleep(1);"}) {
    EXPECT_EQ(EffectsBelowController(Of("mapcore/a.cc", line)).size(), 1u) << line;
    EXPECT_EQ(EffectsBelowController(Of("reconciler/a/b.h", line)).size(), 1u) << line;
    EXPECT_TRUE(EffectsBelowController(Of("controller/a.cc", line)).empty()) << line;
  }
}

TEST(EffectsBelowController, IgnoresCommentsAndPlainTimes) {
  EXPECT_TRUE(
      EffectsBelowController(Of("mapcore/a.cc", "// std::thread\nNow now;\nclock.now();")).empty());
}

TEST(DanglingRanges, FindsALoopOverWhatACallReturnedByReference) {
  const std::string range = "*index_.Load()";
  const std::string loop = "for (const auto& map : " + range + ") names.push_back(map->name);";
  EXPECT_EQ(DanglingRanges(Of("mapcore/a.cc", loop)).size(), 1u);
  for (const char* sound :
       {"for (const auto& map : *index) F(map);", "for (const auto& map : maps()) F(map);",
        "for (int i = 0; i < n; ++i) *F(i) = 1;", "for (const auto& x : xs) *F(x) = 1;"})
    EXPECT_TRUE(DanglingRanges(Of("mapcore/a.cc", sound)).empty()) << sound;
}

TEST(SleepsInTests, FindsEveryWayToSleep) {
  const std::string call = "(1);";
  for (const std::string name :
       {"std::this_thread::sleep_for", "std::this_thread::sleep_until", "usleep", "::sleep"})
    EXPECT_EQ(SleepsInTests(Of("tests/a_test.cc", name + call)).size(), 1u) << name;
  EXPECT_TRUE(SleepsInTests(Of("tests/a_test.cc", "condition.wait_for(lock, 1s);")).empty());
}

TEST(MisplacedLibraries, AllowsALibraryInTheSourcesOfItsOwnerOnly) {
  const std::string yaml = "#include <yaml-cpp/yaml.h>";
  EXPECT_TRUE(MisplacedLibraries(Of("manifests/yaml_reader.cc", yaml)).empty());
  EXPECT_EQ(MisplacedLibraries(Of("manifests/yaml_reader.h", yaml)).size(), 1u);
  EXPECT_EQ(MisplacedLibraries(Of("controller/config.cc", yaml)).size(), 1u);
  EXPECT_EQ(MisplacedLibraries(Of("controller/http/a.cc", "#include <git2.h>")).size(), 1u);
  EXPECT_EQ(MisplacedLibraries(Of("controller/cli/a.cc", "#include <httplib.h>")).size(), 1u);
  EXPECT_EQ(MisplacedLibraries(Of("reconciler/a.cc", "#include <sqlite3.h>")).size(), 1u);
  EXPECT_EQ(MisplacedLibraries(Of("mapcore/a.cc", "#include <nlohmann/json.hpp>")).size(), 1u);
  EXPECT_TRUE(MisplacedLibraries(Of("controller/git/a.cc", "#include <git2.h>")).empty());
}

TEST(SourcesWithoutTest, WantsTheMirrorOfEverySource) {
  Tree tree = Of("mapcore/base/a.cc", "");
  EXPECT_EQ(SourcesWithoutTest(tree),
            Findings{"mapcore/base/a.cc: expected tests/mapcore/base/a_test.cc"});
  tree.paths.insert("tests/mapcore/base/a_test.cc");
  EXPECT_TRUE(SourcesWithoutTest(tree).empty());
  EXPECT_TRUE(SourcesWithoutTest(Of("mapcore/base/a.h", "")).empty());
}

TEST(BrokenLinks, FindsARelativeLinkThatLeadsNowhere) {
  Tree tree =
      Of("docs/a.md", "see [b](b.md), [c](../mapcore/c.h#top), [d](../mapcore/) and [up](..)\n");
  EXPECT_EQ(BrokenLinks(tree), (Findings{"docs/a.md:1: b.md", "docs/a.md:1: ../mapcore/c.h",
                                         "docs/a.md:1: ../mapcore/"}));
  tree.paths = {"docs/b.md", "mapcore", "mapcore/c.h"};
  EXPECT_TRUE(BrokenLinks(tree).empty());
}

TEST(BrokenLinks, IgnoresOtherSitesAnchorsAndCodeBlocks) {
  EXPECT_TRUE(
      BrokenLinks(Of("a.md", "[x](https://example.com) [y](#part)\n```\nv[i](j)\n```\n")).empty());
}

}  // namespace
}  // namespace portolan::tidy
