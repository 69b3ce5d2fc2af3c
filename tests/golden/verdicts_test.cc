// A corpus of commits with the verdicts that policies say of them. Each is judged twice: by the
// command line as CI runs it, and by the daemon's parts; both must say expected.json, byte for
// byte. PORTOLAN_REWRITE=1 writes what the command line says.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "tests/controller/git/test_repository.h"
#include "tests/golden/verdict_paths.h"
#include "tests/source_tree.h"

namespace portolan::golden {
namespace {

namespace fs = std::filesystem;

fs::path Corpus() {
  return SourceTree() / "tests/golden/verdicts";
}

std::vector<std::string> Cases() {
  std::vector<std::string> cases;
  for (const auto& each : fs::directory_iterator(Corpus()))
    cases.push_back(each.path().filename().string());
  std::ranges::sort(cases);
  return cases;
}

Files FilesOf(const fs::path& folder) {
  Files files;
  for (const auto& each : fs::recursive_directory_iterator(folder))
    if (each.is_regular_file())
      files[fs::relative(each.path(), folder).generic_string()] =
          controller::ReadFile(each.path().string());
  return files;
}

class VerdictCorpus : public testing::TestWithParam<std::string> {};

TEST_P(VerdictCorpus, IsTheSameFromACiRunAndFromTheDaemon) {
  const fs::path folder = Corpus() / GetParam();
  const Files base = FilesOf(folder / "base"), head = FilesOf(folder / "head");
  const std::string file = (folder / "expected.json").string();
  const std::string ci = ByCommandLine(base, head);
  if (std::getenv("PORTOLAN_REWRITE") != nullptr) controller::WriteFile(file, ci);
  ASSERT_FALSE(ci.empty());
  const std::string expected = controller::ReadFile(file);
  EXPECT_EQ(ci, expected);
  EXPECT_EQ(ByDaemon(base, head), expected);
}

INSTANTIATE_TEST_SUITE_P(Golden, VerdictCorpus, testing::ValuesIn(Cases()), [](const auto& each) {
  std::string name = each.param;
  std::ranges::replace(name, '-', '_');
  return name;
});

}  // namespace
}  // namespace portolan::golden
