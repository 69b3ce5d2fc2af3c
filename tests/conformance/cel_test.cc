// The cases of the public CEL suite, where they are present.
#include <gtest/gtest.h>

#include <cstdlib>

#include "controller/zones/zone_directory.h"
#include "tests/conformance/cel_suite.h"
#include "tests/source_tree.h"

namespace portolan::conformance {
namespace {

std::filesystem::path Cases() {
  const char* specs = std::getenv("PORTOLAN_SPECS_DIR");
  const std::filesystem::path root =
      specs != nullptr ? std::filesystem::path(specs) : SourceTree() / "../shared/specs";
  return root / "cel";
}

TEST(CelConformance, AllCasesPass) {
  if (!std::filesystem::is_directory(Cases())) GTEST_SKIP() << "no cases at " << Cases();
  const auto zones = controller::ZoneDirectory::Open();
  ASSERT_TRUE(zones.ok()) << zones.error().message;
  const auto results = RunCelSuite(Cases(), **zones);
  ASSERT_TRUE(results.ok()) << results.error().message;
  int passed = 0;
  for (const FileResult& file : *results) {
    passed += file.passed;
    for (const std::string& failure : file.failures) ADD_FAILURE() << file.file << ": " << failure;
  }
  EXPECT_GE(passed, 928);
}

}  // namespace
}  // namespace portolan::conformance
