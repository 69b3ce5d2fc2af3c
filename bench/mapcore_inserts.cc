#include "bench/mapcore_inserts.h"

#include <algorithm>
#include <string>
#include <vector>

#include "bench/map_contenders.h"
#include "tests/mapcore/flooded_keys.h"

namespace portolan::bench {
namespace {

constexpr int kFills = 5;
// Inserts into another map before the clock starts: a map's memory is cleared by the kernel as it
// is made, after which the code of an insert is in no cache. Reading it again takes 5 us, which was
// the longest of a million inserts, and nothing of the map's.
constexpr std::size_t kWarmUp = 1'000;

template <typename Map, typename Put>
void WarmUp(const Put& put) {
  Map other;
  for (std::size_t i = 0; i < kWarmUp; ++i) put(other, i);
}

// In microseconds, sorted. `put(map, i)` inserts the i-th key.
template <typename Map, typename Prepare, typename Put>
std::vector<float> InsertTimes(std::size_t count, const Prepare& prepare, const Put& put) {
  std::vector<float> shortest(count, 1e30f);
  for (int fill = 0; fill < kFills; ++fill) {
    Map map;
    prepare(map);
    WarmUp<Map>(put);
    for (std::size_t i = 0; i < count; ++i) {
      const auto start = std::chrono::steady_clock::now();
      put(map, i);
      shortest[i] = std::min(shortest[i], static_cast<float>(NsSince(start) / 1e3));
    }
  }
  std::sort(shortest.begin(), shortest.end());
  return shortest;
}

template <typename Map>
std::vector<float> FillTimes(const MapData& data) {
  return InsertTimes<Map>(
      data.keys.size(), [&](Map& map) { map.Reserve(data.keys.size()); },
      [&](Map& map, std::size_t i) { map.Put(data.keys[i], data.values[i]); });
}

double At(const std::vector<float>& sorted, double share) {
  return static_cast<double>(
      sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))]);
}

}  // namespace

void AddInserts100k(const MapData& data, Report& report) {
  report.Add("pause-100k", "the longest of 100k inserts", "us", 5,
             static_cast<double>(FillTimes<Ours>(data).back()));
}

void AddInserts1M(const MapData& data, Report& report) {
  const std::vector<float> ours = FillTimes<Ours>(data);
  const std::vector<float> absl = FillTimes<Absl>(data);
  report.Add("pause-1M", "the longest of 1M inserts", "us", 7, At(ours, 1));
  report.Add("pause-ratio-1M", "the same against absl", "x", 1e-4, At(ours, 1) / At(absl, 1));
  report.Add("insert-p50-1M", "insert that half do not exceed, against absl", "x", 0.45,
             At(ours, 0.5) / At(absl, 0.5));
  report.Add("insert-p99.9-1M", "insert that 99.9 % do not exceed, against absl", "x", 1.6,
             At(ours, 0.999) / At(absl, 0.999));
}

// Keys made one by one, while the clock stands, which spares as much memory again.
void AddInserts10M(Report& report) {
  constexpr std::size_t kEntries = 10'000'000;
  const std::string value(60, 'v');
  std::vector<float> shortest(kEntries, 1e30f);
  for (int fill = 0; fill < kFills; ++fill) {
    Ours ours;
    ours.Reserve(kEntries);
    WarmUp<Ours>([&](Ours& map, std::size_t i) { map.Put(KeyOf(i, "us"), value); });
    for (std::size_t i = 0; i < kEntries; ++i) {
      const std::string key = KeyOf(i, "us");
      const auto start = std::chrono::steady_clock::now();
      ours.Put(key, value);
      shortest[i] = std::min(shortest[i], static_cast<float>(NsSince(start) / 1e3));
    }
  }
  report.Add("pause-10M", "the longest of 10M inserts", "us", 12,
             static_cast<double>(*std::max_element(shortest.begin(), shortest.end())));
}

void AddFlood(const MapData& data, Report& report) {
  constexpr std::uint32_t kFlood = 100'000;
  const std::vector<float> times = InsertTimes<Ours>(
      kFlood,
      [&](Ours& ours) {
        ours.Reserve(2 * kFlood);
        for (std::size_t i = 0; i < data.keys.size(); ++i) ours.Put(data.keys[i], data.values[i]);
      },
      [](Ours& ours, std::size_t i) {
        ours.Put(mapcore::FloodKey(1, static_cast<std::uint32_t>(i)), "v");
      });
  report.Add("flood-100k", "p99.9 insert of 100k keys made to collide", "us", 10, At(times, 0.999));
}

}  // namespace portolan::bench
