// portolan_bench NAME --portolan BINARY, portolan_bench evidence|ranks [--runs N]
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>

#include "bench/cel.h"
#include "bench/evidence.h"
#include "bench/million.h"
#include "bench/path.h"
#include "bench/policy.h"
#include "bench/ranks.h"
#include "bench/rollouts.h"
#include "bench/shadow.h"

namespace portolan::bench {
namespace {

struct Benchmark {
  std::string_view name;
  Result<std::vector<Finding>> (*measure)(const std::string& portolan,
                                          const std::filesystem::path& directory);
};
constexpr Benchmark kBenchmarks[] = {{"cel", MeasureCel},           {"million", MeasureMillion},
                                     {"path", MeasurePath},         {"policy", MeasurePolicy},
                                     {"rollouts", MeasureRollouts}, {"shadow", MeasureShadow}};

int Usage() {
  std::cerr << "usage: portolan_bench NAME --portolan BINARY; names:";
  for (const Benchmark& benchmark : kBenchmarks) std::cerr << " " << benchmark.name;
  std::cerr << "\n       portolan_bench evidence|ranks [--runs N]\n";
  return 2;
}

int Run(const Benchmark& benchmark, const std::string& portolan) {
  namespace fs = std::filesystem;
  const fs::path directory =
      fs::temp_directory_path() / ("portolan-bench-" + std::to_string(getpid()));
  const auto findings = benchmark.measure(fs::absolute(portolan).string(), directory);
  if (!findings.ok()) {
    std::cerr << "the benchmark failed: " << findings.error().message << "\nits files are in "
              << directory.string() << "\n";
    return 1;
  }
  Print(*findings);
  std::error_code ignored;
  fs::remove_all(directory, ignored);
  return 0;
}

}  // namespace
}  // namespace portolan::bench

int main(int argc, char** argv) {
  using namespace portolan::bench;
  std::string name, portolan;
  int runs = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--portolan" && i + 1 < argc)
      portolan = argv[++i];
    else if (word == "--runs" && i + 1 < argc)
      runs = std::max(1, std::atoi(argv[++i]));
    else
      name = word;
  }
  if (name == "evidence") return MeasureEvidence(runs);
  if (name == "ranks") return MeasureRanks(runs);
  for (const Benchmark& benchmark : kBenchmarks)
    if (benchmark.name == name && !portolan.empty()) return Run(benchmark, portolan);
  return Usage();
}
