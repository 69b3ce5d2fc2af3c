#include "bench/mapcore.h"

#include <malloc.h>
#include <tbb/concurrent_hash_map.h>

#include <algorithm>
#include <boost/unordered_map.hpp>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "bench/map_contenders.h"
#include "bench/map_measurement.h"
#include "bench/mapcore_concurrent.h"
#include "bench/mapcore_inserts.h"
#include "bench/mapcore_processes.h"
#include "bench/mapcore_versions.h"

namespace portolan::bench {
namespace {

struct StdMap : StdLike<std::unordered_map<std::string, std::string, MapHash, std::equal_to<>>> {
  static constexpr const char* kName = "std::unordered_map";
};
struct Boost : StdLike<boost::unordered_map<std::string, std::string, MapHash, std::equal_to<>>,
                       std::string> {
  static constexpr const char* kName = "boost::unordered_map";
};
struct TbbHash {
  std::size_t hash(const std::string& key) const { return MapHash()(key); }
  bool equal(const std::string& a, const std::string& b) const { return a == b; }
};
struct Tbb {
  static constexpr const char* kName = "tbb::concurrent_hash_map";
  using Map = tbb::concurrent_hash_map<std::string, std::string, TbbHash>;
  Map map;
  void Reserve(std::size_t) {}
  void Put(const std::string& key, const std::string& value) {
    Map::accessor at;
    map.insert(at, key);
    at->second = value;
  }
  std::uint64_t Find(std::string_view key) const {
    Map::const_accessor at;
    map.find(at, std::string(key));
    return at->second.size();
  }
  std::uint64_t Read(std::string_view key) const {
    Map::const_accessor at;
    map.find(at, std::string(key));
    return FirstByte(at->second);
  }
  bool Has(std::string_view key) const {
    Map::const_accessor at;
    return map.find(at, std::string(key));
  }
  void Erase(std::string_view key) { map.erase(std::string(key)); }
  std::uint64_t Sum() const {
    std::uint64_t sum = 0;
    for (const auto& [key, value] : map) sum += FirstByte(value);
    return sum;
  }
  std::unique_ptr<Map> Clone() const { return std::make_unique<Map>(map); }
};

// Memory used for memory needed, after the sizes of all values went up and came back.
double MemoryAfterShift(const MapData& data) {
  Ours ours;
  for (const std::size_t bytes : {40, 90, 200, 350, 200, 90, 40})
    for (const std::string& key : data.shuffled) ours.Put(key, std::string(bytes, 'v'));
  const mapcore::hmap::ArenaStats memory = ours.map.memory();
  return static_cast<double>(memory.used_bytes) / static_cast<double>(memory.live_bytes());
}

// The same after overwrites whose sizes stay what they were, eight for each key.
double MemoryAfterChurn(const MapData& data) {
  Ours ours;
  for (std::size_t i = 0; i < data.keys.size(); ++i) ours.Put(data.keys[i], data.values[i]);
  for (std::size_t round = 1; round <= 8; ++round)
    for (std::size_t i = 0; i < data.keys.size(); ++i)
      ours.Put(data.shuffled[i], data.values[(i + round * 7'919) % data.keys.size()]);
  const mapcore::hmap::ArenaStats memory = ours.map.memory();
  return static_cast<double>(memory.used_bytes) / static_cast<double>(memory.live_bytes());
}

struct Bars {
  std::size_t entries;
  const char* suffix;
  double hit, dependent, miss, fill, overwrite, erase, iterate, bytes, batch, clone,
      behind_snapshot,
      overwrite_many;  // 0: none
};

// Hits of find_many, 64 keys at a time; nanoseconds a key.
double BatchedHit(const MapData& data) {
  constexpr std::size_t kBatch = 64;
  Ours ours;
  const std::size_t n = data.keys.size();
  ours.Reserve(n);
  for (std::size_t i = 0; i < n; ++i) ours.Put(data.keys[i], data.values[i]);
  const std::vector<std::string_view> keys(data.shuffled.begin(), data.shuffled.end());
  std::vector<std::optional<std::string_view>> found(kBatch);
  const std::size_t batches = std::max<std::size_t>(n, 200'000) / kBatch;
  std::uint64_t sum = 0;
  const double ns = TimeEach(batches, [&](std::size_t i) {
    const std::size_t begin = i * kBatch % (n - kBatch);
    ours.map.FindMany(std::span(keys).subspan(begin, kBatch), found);
    for (const auto& value : found) sum += value->size();
  });
  KeepResult(sum);
  return ns / kBatch;
}

// Overwrites by ForEachInFlights(); nanoseconds a key.
double BatchedOverwrite(const MapData& data) {
  Ours ours;
  const std::size_t n = data.keys.size();
  ours.Reserve(n);
  for (std::size_t i = 0; i < n; ++i) ours.Put(data.keys[i], data.values[i]);
  const std::vector<std::string_view> keys(data.shuffled.begin(), data.shuffled.end());
  const auto start = std::chrono::steady_clock::now();
  const Status done = ours.map.ForEachInFlights(
      std::span(keys), [](std::string_view key) { return key; },
      [&](const std::string_view& key) -> Status {
        PORTOLAN_CHECK(
            ours.map.Put(key, data.values[static_cast<std::size_t>(&key - keys.data())]));
        return {};
      });
  KeepResult(done.ok());
  return NsSince(start) / static_cast<double>(n);
}

void PrintTimes(const std::string& name, const MapTimes& t) {
  std::printf("%-26s %8.1f %8.1f %8.1f %8.1f %8.1f %8.1f %8.1f %8.1f %7.0f\n", name.c_str(), t.fill,
              t.hit, t.dependent, t.miss, t.iterate, t.clone, t.overwrite, t.erase, t.bytes);
}

void AddRound(const Bars& bars, const MapData& data, Report& report) {
  const MapTimes absl = MeasureMap<Absl>(data);
  const MapTimes ours = MeasureMap<Ours>(data);
  const auto add = [&](const char* what, double aim, double value, double peer) {
    report.Add(std::string(what) + "-" + bars.suffix, std::string(what) + " against absl", "x", aim,
               value / peer);
  };
  add("hit", bars.hit, ours.hit, absl.hit);
  add("find-many", bars.batch, BatchedHit(data), absl.hit);
  add("dependent", bars.dependent, ours.dependent, absl.dependent);
  add("miss", bars.miss, ours.miss, absl.miss);
  add("fill", bars.fill, ours.fill, absl.fill);
  add("overwrite", bars.overwrite, ours.overwrite, absl.overwrite);
  if (bars.overwrite_many > 0)
    add("overwrite-many", bars.overwrite_many, BatchedOverwrite(data), absl.overwrite);
  add("erase", bars.erase, ours.erase, absl.erase);
  add("iterate", bars.iterate, ours.iterate, absl.iterate);
  add("bytes", bars.bytes, ours.bytes, absl.bytes);
  if (bars.clone > 0) add("clone", bars.clone, ours.clone, absl.clone);
  std::printf("%-26s %8s %8s %8s %8s %8s %8s %8s %8s %7s\n", bars.suffix, "ns: fill", "hit",
              "depend.", "miss", "iterate", "clone", "overwr.", "erase", "B/entry");
  PrintTimes(Ours::kName, ours);
  PrintTimes(Absl::kName, absl);
  const MapTimes std_map = MeasureMap<StdMap>(data);
  PrintTimes(StdMap::kName, std_map);
  if (bars.entries == 1'000'000)
    report.Add("miss-std-1M", "miss against std", "x", 0.20, ours.miss / std_map.miss);
  PrintTimes(Boost::kName, MeasureMap<Boost>(data));
  PrintTimes(Tbb::kName, MeasureMap<Tbb>(data));
  for (const MapProcess& process : MapProcesses()) {
    const auto times = MeasureProcess(process, bars.entries);
    if (!times) continue;
    PrintTimes(process.name, *times);
    if (process.name.starts_with("Go"))
      report.Add(std::string("iterate-go-") + bars.suffix, "iterate against Go's map", "x", 0.3,
                 ours.iterate / times->iterate);
  }
}

}  // namespace

std::vector<Finding> MeasureMapcore(int rounds) {
  mallopt(M_TRIM_THRESHOLD,
          1 << 30);  // peers reuse their heap from round to round, as we our memory
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  Report report;
  // Ratios to absl::flat_hash_map that a prototype of the design reached; see ADR 0007.
  constexpr Bars kBars[] = {
      {1'000, "1k", 1.25, 1.15, 1.30, 0.56, 1.10, 1.05, 0.72, 0.52, 1.25, 0, 1.4, 0},
      {100'000, "100k", 1.02, 0.78, 1.18, 0.33, 0.70, 0.92, 1.00, 0.55, 0.70, 0, 1.8, 0},
      {1'000'000, "1M", 0.70, 0.60, 1.18, 0.20, 0.46, 0.50, 0.60, 0.46, 0.38, 0.02, 2.2, 0.18}};
  for (const Bars& bars : kBars) {
    const MapData data = MakeMapData(bars.entries);
    for (int round = 0; round < rounds; ++round) AddRound(bars, data, report);
    for (int round = 0; round < rounds; ++round)
      AddScatteredRound(data, bars.suffix, bars.behind_snapshot, report);
    if (bars.entries == 100'000) {
      AddInserts100k(data, report);
      AddFlood(data, report);
      report.Add("churn-100k", "memory used for needed, after overwrites of the same sizes", "x",
                 1.05, MemoryAfterChurn(data));
      report.Add("shift-100k", "memory used for needed, after sizes shifted and back", "x", 1.5,
                 MemoryAfterShift(data));
    }
    if (bars.entries < 1'000'000) continue;
    AddVersions(data, rounds, report);
    AddConcurrent(data, rounds, report);
    AddInserts1M(data, report);
    AddInserts10M(report);
  }
  return report.Take();
}

}  // namespace portolan::bench
