#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/scenarios/scenario.h"
#include "tests/source_tree.h"

namespace portolan::reconciler {
namespace {

namespace fs = std::filesystem;

const fs::path kCases = SourceTree() / "tests/scenarios/cases";

std::vector<std::string> CaseNames() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kCases))
    names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

// A case file alternates blocks of commands and of what they print, parted by "----" and an empty
// line:
//   commands
//   ----
//   output
//   (empty line)
std::string Replay(const std::string& text) {
  Scenario scenario;
  std::istringstream lines(text);
  std::string result, line, commands;
  bool output = false;
  while (std::getline(lines, line)) {
    if (line == "----") {
      result += commands + "----\n" + scenario.Play(commands) + "\n";
      commands.clear();
      output = true;
    } else if (output) {
      output = !line.empty();
    } else {
      commands += line + "\n";
    }
  }
  return result;
}

class ScenarioFile : public testing::TestWithParam<std::string> {};

TEST_P(ScenarioFile, PlaysAsWritten) {
  const fs::path path = kCases / (GetParam() + ".txt");
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  const std::string played = Replay(text.str());
  if (std::getenv("PORTOLAN_REWRITE") != nullptr)
    std::ofstream(path) << played;
  else
    EXPECT_EQ(played, text.str())
        << "to accept what is played now: PORTOLAN_REWRITE=1, then read the diff";
}

std::string CaseTestName(const testing::TestParamInfo<std::string>& parameter) {
  std::string name = parameter.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Cases, ScenarioFile, testing::ValuesIn(CaseNames()), CaseTestName);

}  // namespace
}  // namespace portolan::reconciler
