// Files that real systems use: flag definitions of open-feature/flagd and patterns of
// ua-parser/uap-core. The counts are those of Python's json and PyYAML.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "manifests/json_reader.h"
#include "manifests/scalar.h"
#include "manifests/value.h"
#include "manifests/yaml_reader.h"
#include "tests/source_tree.h"

namespace portolan::manifests {
namespace {

std::filesystem::path RealData() {
  const char* specs = std::getenv("PORTOLAN_SPECS_DIR");
  const std::filesystem::path root =
      specs != nullptr ? std::filesystem::path(specs) : SourceTree() / "../shared/specs";
  return root / "real";
}

class RealFiles : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::is_directory(RealData())) GTEST_SKIP() << "no data at " << RealData();
  }

  static std::string Bytes(const std::string& name) {
    std::ifstream stream(RealData() / name, std::ios::binary);
    EXPECT_TRUE(stream.is_open()) << name;
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  // The only document of a file that must be sound.
  static Node Read(const std::string& name) {
    const bool json = name.ends_with(".json");
    const std::string bytes = Bytes(name);
    ReadResult result = json ? ReadJsonNode(bytes, name) : ReadYaml(bytes, name);
    EXPECT_EQ(FormatDiagnostics(result.AllDiagnostics()), "");
    EXPECT_EQ(result.documents.size(), 1u) << name;
    return result.documents.empty() ? Node{} : std::move(result.documents[0].root);
  }
};

std::size_t CountNodes(const Node& node) {
  std::size_t count = 1;
  for (const Node& item : node.items) count += CountNodes(item);
  for (const Node::Member& member : node.members) count += 1 + CountNodes(member.value);
  return count;
}

std::size_t Members(const Node& root, std::string_view key) {
  const Node* found = root.Find(key);
  return found == nullptr ? 0 : found->members.size() + found->items.size();
}

TEST_F(RealFiles, FlagdJsonReadsWithAllFlags) {
  const std::pair<std::string, std::size_t> files[] = {
      {"flagd/cheat-sheet-flags-payments.json", 3},
      {"flagd/cheat-sheet-flags.json", 9},
      {"flagd/demo.flagd.json", 2},
      {"flagd/example_flags.flagd.json", 9},
      {"flagd/example_flags_secondary.flagd.json", 2},
      {"flagd/flags.json", 1},
  };
  for (const auto& [name, flags] : files) EXPECT_EQ(Members(Read(name), "flags"), flags) << name;
}

TEST_F(RealFiles, FlagdJsonTypesAsParseJsonDoes) {
  const std::string name = "flagd/example_flags.flagd.json";
  std::vector<Diagnostic> diagnostics;
  const auto value = ValueFromNode(Read(name), {name, ""}, &diagnostics);
  ASSERT_TRUE(value.has_value()) << FormatDiagnostics(diagnostics);
  EXPECT_EQ(*value, *ParseJson(Bytes(name)));
}

TEST_F(RealFiles, FlagdYamlReadsAndTypes) {
  const std::string name = "flagd/example_flags.flagd.yaml";
  const Node root = Read(name);
  EXPECT_EQ(Members(root, "flags"), 9u);
  EXPECT_EQ(CountNodes(root), 198u);
  std::vector<Diagnostic> diagnostics;
  const auto yaml = ValueFromNode(root, {name, ""}, &diagnostics);
  ASSERT_TRUE(yaml.has_value()) << FormatDiagnostics(diagnostics);
  const auto again = ParseJson(CanonicalJson(*yaml));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(CanonicalJson(*again), CanonicalJson(*yaml));
}

TEST_F(RealFiles, UserAgentPatternsReadCompletely) {
  const Node root = Read("uap/regexes.yaml");
  EXPECT_EQ(Members(root, "user_agent_parsers"), 433u);
  EXPECT_EQ(Members(root, "os_parsers"), 204u);
  EXPECT_EQ(Members(root, "device_parsers"), 633u);
  EXPECT_EQ(CountNodes(root), 8985u);
  EXPECT_EQ(root.Find("user_agent_parsers")->items[0].Find("regex")->text,
            R"((GeoEvent Server) (\d+)(?:\.(\d+)(?:\.(\d+)|)|))");
  EXPECT_EQ(root.Find("device_parsers")->items.back().Find("regex")->text, "Mac OS");
}

TEST_F(RealFiles, MegabytesOfYamlReadCompletely) {
  const Node root = Read("uap/test_device.yaml");
  EXPECT_EQ(Members(root, "test_cases"), 16129u);
  EXPECT_EQ(CountNodes(root), 145164u);
  EXPECT_EQ(root.Find("test_cases")->items.back().Find("family")->text, "Spider");
}

}  // namespace
}  // namespace portolan::manifests
