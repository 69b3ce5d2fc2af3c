// portolan_bench_mapcore [--check]: with it, exits with 1 when a gate is missed by more than its
// margin.
#include <array>
#include <cstdio>
#include <string_view>

#include "bench/mapcore.h"

namespace portolan::bench {
namespace {

constexpr std::array<std::string_view, 6> kGates = {"hit-1M",      "pause-1M", "pause-ratio-1M",
                                                    "snapshot-1M", "diff-1M",  "bytes-1M"};
constexpr double kMargin = 1.15;  // what runs differ by on a shared machine

int MissedGates(const std::vector<Finding>& findings) {
  int missed = 0;
  for (const Finding& finding : findings)
    for (const std::string_view gate : kGates)
      if (finding.name == gate && RatioOf(finding) < 1 / kMargin) {
        std::fprintf(stderr, "gate missed: %s\n", finding.name.c_str());
        ++missed;
      }
  return missed;
}

}  // namespace
}  // namespace portolan::bench

int main(int argc, char** argv) {
  using namespace portolan::bench;
  const bool check = argc == 2 && std::string_view(argv[1]) == "--check";
  if (argc > 1 && !check) {
    std::fprintf(stderr, "usage: portolan_bench_mapcore [--check]\n");
    return 2;
  }
  const std::vector<Finding> findings = MeasureMapcore();
  Print(findings);
  return check && MissedGates(findings) > 0 ? 1 : 0;
}
