// cel_conformance DIR: runs the cases of a folder, prints passed and failed by file.
#include <cstdio>

#include "controller/zones/zone_directory.h"
#include "tests/conformance/cel_suite.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: cel_conformance DIR\n");
    return 2;
  }
  const auto zones = portolan::controller::ZoneDirectory::Open();
  if (!zones.ok()) {
    std::fprintf(stderr, "%s\n", zones.error().message.c_str());
    return 2;
  }
  const auto results = portolan::conformance::RunCelSuite(argv[1], **zones);
  if (!results.ok()) {
    std::fprintf(stderr, "%s\n", results.error().message.c_str());
    return 2;
  }
  int passed = 0;
  std::size_t failed = 0;
  for (const auto& file : *results) {
    for (const std::string& failure : file.failures) std::printf("FAILED %s\n", failure.c_str());
    std::printf("%-24s %4d passed %4zu failed\n", file.file.c_str(), file.passed,
                file.failures.size());
    passed += file.passed;
    failed += file.failures.size();
  }
  std::printf("%d passed, %zu failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
