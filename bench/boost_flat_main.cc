// portolan_bench_boost_flat ENTRIES: Boost's unordered_flat_map, which came with 1.81, for
// portolan_bench_mapcore; see mapcore_processes.h. A program of its own because the two versions of
// Boost cannot share one.
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdlib>

#include "bench/map_measurement.h"

namespace portolan::bench {
namespace {

using BoostFlat =
    StdLike<boost::unordered_flat_map<std::string, std::string, MapHash, std::equal_to<>>>;

}  // namespace
}  // namespace portolan::bench

int main(int argc, char** argv) {
  using namespace portolan::bench;
  if (argc != 2) return 2;
  const auto entries = static_cast<std::size_t>(std::atoll(argv[1]));
  const MapTimes t = MeasureMap<BoostFlat>(MakeMapData(entries));
  std::printf("%f %f %f %f %f %f %f %f %f\n", t.fill, t.hit, t.dependent, t.miss, t.iterate,
              t.clone, t.overwrite, t.erase, t.bytes);
}
