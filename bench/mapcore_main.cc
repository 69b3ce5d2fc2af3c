// portolan_bench_mapcore [proxies] [--check] [--rounds N]: the hash map beside its peers, or the
// ways to share one between threads. With --check it exits with 1 when a gate is missed by more
// than its margin.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "bench/mapcore.h"
#include "bench/mapcore_proxies.h"

namespace portolan::bench {
namespace {

constexpr std::array<std::string_view, 7> kGates = {
    "hit-1M",         "pause-1M", "pause-ratio-1M", "snapshot-ratio-1M",
    "diff-100-of-1M", "bytes-1M", "reader-kept"};
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
  bool check = false;
  bool proxies = false;
  int rounds = 5;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--check") {
      check = true;
    } else if (word == "proxies") {
      proxies = true;
    } else if (word == "--rounds" && i + 1 < argc) {
      rounds = std::max(1, std::atoi(argv[++i]));
    } else {
      std::fprintf(stderr, "usage: portolan_bench_mapcore [proxies] [--check] [--rounds N]\n");
      return 2;
    }
  }
  const std::vector<Finding> findings = proxies ? MeasureProxies(rounds) : MeasureMapcore(rounds);
  Print(findings);
  return check && MissedGates(findings) > 0 ? 1 : 0;
}
