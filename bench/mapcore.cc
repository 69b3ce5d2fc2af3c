#include "bench/mapcore.h"

#include <absl/container/flat_hash_map.h>
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

#include "bench/map_measurement.h"
#include "bench/mapcore_concurrent.h"
#include "bench/mapcore_processes.h"
#include "mapcore/hmap.h"
#include "mapcore/hmap/diff.h"
#include "mapcore/map_clone.h"
#include "tests/mapcore/flooded_keys.h"

namespace portolan::bench {
namespace {

using mapcore::Hmap;

struct Ours {
  static constexpr const char* kName = "Hmap";
  Hmap map = Hmap::Create({.seed = 1, .memory = {.reserve_bytes = std::uint64_t{4} << 30}}).value();
  void Reserve(std::size_t entries) { map.lineage().arena().Populate(160 * entries); }
  void Put(const std::string& key, const std::string& value) { (void)map.Put(key, value); }
  std::uint64_t Find(std::string_view key) const { return map.Find(key)->size(); }
  std::uint64_t Read(std::string_view key) const { return FirstByte(*map.Find(key)); }
  bool Has(std::string_view key) const { return map.Contains(key); }
  void Erase(std::string_view key) { (void)map.Erase(key); }
  std::uint64_t Sum() {
    std::uint64_t sum = 0;
    const mapcore::Snapshot snapshot = map.TakeSnapshot(0, 0).value();
    snapshot.ForEach(
        [&](const mapcore::hmap::Record& record) { sum += FirstByte(record.value()); });
    return sum;
  }
  std::unique_ptr<Hmap> Clone() {
    return std::make_unique<Hmap>(mapcore::CloneMap(map, {.seed = 1}).value());
  }
  std::uint64_t bytes() const { return map.memory().live_bytes(); }
};

struct Absl : StdLike<absl::flat_hash_map<std::string, std::string, MapHash, std::equal_to<>>> {
  static constexpr const char* kName = "absl::flat_hash_map";
};
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

// The longest of all inserts, each taken as the shortest of three fills: what is left is the map's
// own work, not the scheduler's.
template <typename Map>
double LongestInsertUs(const MapData& data) {
  std::vector<float> shortest(data.keys.size(), 1e30f);
  for (int repeat = 0; repeat < 3; ++repeat) {
    Map map;
    map.Reserve(data.keys.size());
    for (std::size_t i = 0; i < data.keys.size(); ++i) {
      const auto start = std::chrono::steady_clock::now();
      map.Put(data.keys[i], data.values[i]);
      shortest[i] = std::min(shortest[i], static_cast<float>(NsSince(start)));
    }
  }
  return *std::max_element(shortest.begin(), shortest.end()) / 1e3;
}

// Of 100,000 keys that all have one hash under the map's seed, put into a map of as many others:
// how long an insert takes that 99.9 % do not exceed, each the shortest of three.
double FloodedInsertUs(const MapData& data) {
  constexpr std::uint32_t kFlood = 100'000;
  std::vector<float> shortest(kFlood, 1e30f);
  for (int repeat = 0; repeat < 3; ++repeat) {
    Ours ours;
    ours.Reserve(2 * kFlood);
    for (std::size_t i = 0; i < data.keys.size(); ++i) ours.Put(data.keys[i], data.values[i]);
    for (std::uint32_t n = 0; n < kFlood; ++n) {
      const std::string key = mapcore::FloodKey(1, n);
      const auto start = std::chrono::steady_clock::now();
      ours.Put(key, "v");
      shortest[n] = std::min(shortest[n], static_cast<float>(NsSince(start)));
    }
  }
  std::sort(shortest.begin(), shortest.end());
  return shortest[kFlood / 1'000 * 999] / 1e3;
}

// Memory used for memory needed, after the sizes of all values went up and came back.
double MemoryAfterShift(const MapData& data) {
  Ours ours;
  for (const std::size_t bytes : {40, 90, 200, 350, 200, 90, 40})
    for (const std::string& key : data.shuffled) ours.Put(key, std::string(bytes, 'v'));
  const mapcore::hmap::ArenaStats memory = ours.map.memory();
  return static_cast<double>(memory.used_bytes) / static_cast<double>(memory.live_bytes());
}

struct Bars {
  std::size_t entries;
  const char* suffix;
  double hit, dependent, miss, fill, overwrite, erase, iterate, bytes, batch, clone;
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
  add("erase", bars.erase, ours.erase, absl.erase);
  add("iterate", bars.iterate, ours.iterate, absl.iterate);
  add("bytes", bars.bytes, ours.bytes, absl.bytes);
  if (bars.clone > 0) add("clone", bars.clone, ours.clone, absl.clone);
  std::printf("%-26s %8s %8s %8s %8s %8s %8s %8s %8s %7s\n", bars.suffix, "ns: fill", "hit",
              "depend.", "miss", "iterate", "clone", "overwr.", "erase", "B/entry");
  PrintTimes(Ours::kName, ours);
  PrintTimes(Absl::kName, absl);
  PrintTimes(StdMap::kName, MeasureMap<StdMap>(data));
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

void AddVersions(const MapData& data, int rounds, Report& report) {
  Ours ours;
  const std::size_t n = data.keys.size();
  ours.Reserve(n);
  for (std::size_t i = 0; i < n; ++i) ours.Put(data.keys[i], data.values[i]);
  for (int round = 0; round < rounds; ++round) {
    constexpr int kSnapshots = 1'000;
    std::vector<mapcore::Snapshot> snapshots;
    snapshots.reserve(kSnapshots);
    auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kSnapshots; ++i) snapshots.push_back(ours.map.TakeSnapshot(1, 0).value());
    report.Add("snapshot-1M", "taking a snapshot", "ns", 20, NsSince(start) / kSnapshots);
    snapshots.clear();
    ours.map.Collect();
    const mapcore::Snapshot before = ours.map.TakeSnapshot(1, 0).value();
    const std::uint64_t bytes = ours.bytes();
    for (int i = 0; i < 100; ++i)
      ours.Put(data.shuffled[static_cast<std::size_t>(round * 100 + i)], "changed value");
    report.Add("kept-1M", "bytes kept per scattered change of 100", "B", 1650,
               static_cast<double>(ours.bytes() - bytes) / 100);
    const mapcore::Snapshot after = ours.map.TakeSnapshot(2, 0).value();
    start = std::chrono::steady_clock::now();
    const auto diff = mapcore::hmap::Diff(before, after);
    report.Add("diff-1M", "comparing versions that differ in 100 keys", "us", 32,
               NsSince(start) / 1e3);
    KeepResult(diff.changes.size());
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
      {1'000, "1k", 1.25, 1.15, 1.30, 0.56, 1.10, 1.05, 0.72, 0.52, 1.25, 0},
      {100'000, "100k", 1.02, 0.78, 1.18, 0.33, 0.70, 0.92, 1.00, 0.55, 0.70, 0},
      {1'000'000, "1M", 0.70, 0.60, 1.18, 0.20, 0.46, 0.50, 0.60, 0.46, 0.38, 0.02}};
  for (const Bars& bars : kBars) {
    const MapData data = MakeMapData(bars.entries);
    for (int round = 0; round < rounds; ++round) AddRound(bars, data, report);
    if (bars.entries == 100'000) {
      report.Add("flood-100k", "p99.9 insert of 100k keys made to collide", "us", 10,
                 FloodedInsertUs(data));
      report.Add("shift-100k", "memory used for needed, after sizes shifted and back", "x", 1.5,
                 MemoryAfterShift(data));
    }
    if (bars.entries < 1'000'000) continue;
    AddVersions(data, rounds, report);
    for (int round = 0; round < rounds; ++round) AddConcurrentRound(data, report);
    const double pause = LongestInsertUs<Ours>(data);
    report.Add("pause-1M", "the longest of 1M inserts", "us", 7, pause);
    report.Add("pause-ratio-1M", "the same against absl", "x", 1e-4,
               pause / LongestInsertUs<Absl>(data));
  }
  return report.Take();
}

}  // namespace portolan::bench
