#include <gtest/gtest.h>

#include <string>

#include "tests/source_tree.h"
#include "tests/tidy/rules.h"
#include "tests/tidy/tree.h"

namespace portolan::tidy {
namespace {

const Tree& Project() {
  static const Tree tree = ReadTree(SourceTree().string());
  return tree;
}

void ExpectNone(const Findings& findings) {
  std::string list;
  for (const std::string& finding : findings) list += "\n  " + finding;
  EXPECT_TRUE(findings.empty()) << list;
}

TEST(Tidy, ReadsTheWholeProject) {
  for (const char* path :
       {"mapcore", "manifests", "reconciler", "controller", "tests/tidy/tidy_test.cc"})
    EXPECT_TRUE(Project().paths.contains(path)) << path;
  EXPECT_GT(Project().code.size(), 20u);
}

TEST(Tidy, IncludesNeverPointUp) {
  ExpectNone(IncludesThatPointUp(Project()));
}
TEST(Tidy, FilesHaveAtMost500Lines) {
  ExpectNone(LongFiles(Project()));
}
TEST(Tidy, FunctionsHaveAtMost70Lines) {
  ExpectNone(LongFunctions(Project()));
}
TEST(Tidy, NoClockRandomnessSleepOrThreadBelowController) {
  ExpectNone(EffectsBelowController(Project()));
}
TEST(Tidy, NoSleepInTests) {
  ExpectNone(SleepsInTests(Project()));
}
TEST(Tidy, NoLoopOverWhatDanglesInItsHead) {
  ExpectNone(DanglingRanges(Project()));
}
TEST(Tidy, LibrariesStayInTheAdapterThatWrapsThem) {
  ExpectNone(MisplacedLibraries(Project()));
}
TEST(Tidy, EverySourceHasATest) {
  ExpectNone(SourcesWithoutTest(Project()));
}
TEST(Tidy, LinksOfDocumentsLeadSomewhere) {
  ExpectNone(BrokenLinks(Project()));
}

}  // namespace
}  // namespace portolan::tidy
