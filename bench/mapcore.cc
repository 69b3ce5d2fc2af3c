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
#include <string>
#include <string_view>
#include <unordered_map>

#include "mapcore/base/random.h"
#include "mapcore/hmap.h"
#include "mapcore/hmap/diff.h"
#include "tests/mapcore/flooded_keys.h"

namespace portolan::bench {
namespace {

using mapcore::Hmap;

constexpr int kRounds = 5;
volatile std::uint64_t g_sink = 0;

struct Data {
  std::vector<std::string> keys;
  std::vector<std::string> values;
  std::vector<std::string> shuffled;  // the keys again, as lookups come: their own bytes are near
};

Data MakeData(std::size_t entries) {
  Data data;
  Random random(7);
  for (std::size_t i = 0; i < entries; ++i) {
    char key[64];
    std::snprintf(key, sizeof key, "ns/%05u/svc-%06zu/%s", static_cast<unsigned>(i % 9973), i,
                  random.Below(2) == 0 ? "canary/eu" : "us");
    data.keys.emplace_back(key);
    data.values.emplace_back(24 + random.Below(73), static_cast<char>('a' + i % 26));
  }
  std::vector<std::size_t> order(entries);
  for (std::size_t i = 0; i < entries; ++i) order[i] = i;
  for (std::size_t i = entries; i > 1; --i) std::swap(order[i - 1], order[random.Below(i)]);
  data.shuffled.reserve(entries);
  for (const std::size_t i : order) data.shuffled.emplace_back(data.keys[i]);
  return data;
}

double NsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
}

// All peers hash alike, so that the containers are compared and not their hashes.
struct Hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view key) const {
    return mapcore::hmap::HashBytes(key, mapcore::hmap::PrepareSeed(1));
  }
};
struct TbbHash {
  std::size_t hash(const std::string& key) const { return Hash()(key); }
  bool equal(const std::string& a, const std::string& b) const { return a == b; }
};

struct Ours {
  static constexpr const char* kName = "Hmap";
  Hmap map = Hmap::Create({.seed = 1, .memory = {.reserve_bytes = std::uint64_t{4} << 30}}).value();
  void Reserve(std::size_t entries) { map.lineage().arena().Populate(160 * entries); }
  void Put(const std::string& key, const std::string& value) { (void)map.Put(key, value); }
  std::uint64_t Find(std::string_view key) const { return map.Find(key)->size(); }
  bool Has(std::string_view key) const { return map.Contains(key); }
  void Erase(std::string_view key) { (void)map.Erase(key); }
  std::uint64_t bytes() const { return map.memory().live_bytes(); }
};

template <typename Map, typename Key = std::string_view>
struct Std {
  Map map;
  void Reserve(std::size_t) {}
  void Put(const std::string& key, const std::string& value) { map[key] = value; }
  std::uint64_t Find(std::string_view key) const { return map.find(Key(key))->second.size(); }
  bool Has(std::string_view key) const { return map.find(Key(key)) != map.end(); }
  void Erase(std::string_view key) { map.erase(map.find(Key(key))); }
};
struct Absl : Std<absl::flat_hash_map<std::string, std::string, Hash, std::equal_to<>>> {
  static constexpr const char* kName = "absl::flat_hash_map";
};
struct StdMap : Std<std::unordered_map<std::string, std::string, Hash, std::equal_to<>>> {
  static constexpr const char* kName = "std::unordered_map";
};
struct Boost
    : Std<boost::unordered_map<std::string, std::string, Hash, std::equal_to<>>, std::string> {
  static constexpr const char* kName = "boost::unordered_map";
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
  bool Has(std::string_view key) const {
    Map::const_accessor at;
    return map.find(at, std::string(key));
  }
  void Erase(std::string_view key) { map.erase(std::string(key)); }
};

// Nanoseconds an operation, and bytes an entry.
struct Times {
  double fill, hit, miss, overwrite, erase, bytes;
};

std::uint64_t HeapBytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

template <typename Map>
Times Measure(const Data& data) {
  const std::size_t n = data.keys.size();
  const std::size_t probes = std::max<std::size_t>(n, 200'000);
  const std::uint64_t heap = HeapBytes();
  auto map = std::make_unique<Map>();
  map->Reserve(n);
  Times times{};
  auto start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < n; ++i) map->Put(data.keys[i], data.values[i]);
  times.fill = NsSince(start) / static_cast<double>(n);
  if constexpr (requires { map->bytes(); })
    times.bytes = static_cast<double>(map->bytes()) / static_cast<double>(n);
  else
    times.bytes = static_cast<double>(HeapBytes() - heap) / static_cast<double>(n);

  std::uint64_t sum = 0;
  start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < probes; ++i) sum += map->Find(data.shuffled[i % n]);
  times.hit = NsSince(start) / static_cast<double>(probes);
  std::string absent = "no/00000/svc-000000/us";
  start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < probes; ++i) {
    for (std::size_t d = 0, v = i; d < 6; ++d, v /= 10)
      absent[18 - d] = static_cast<char>('0' + v % 10);
    sum += map->Has(absent);
  }
  times.miss = NsSince(start) / static_cast<double>(probes);
  start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < n; ++i) map->Put(data.shuffled[i], data.values[i]);
  times.overwrite = NsSince(start) / static_cast<double>(n);
  start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < n; ++i) map->Erase(data.shuffled[i]);
  times.erase = NsSince(start) / static_cast<double>(n);
  g_sink = g_sink + sum;
  return times;
}

// The longest of all inserts, each taken as the shortest of three fills: what is left is the map's
// own work, not the scheduler's.
template <typename Map>
double LongestInsertUs(const Data& data) {
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
double FloodedInsertUs(const Data& data) {
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
double MemoryAfterShift(const Data& data) {
  Ours ours;
  for (const std::size_t bytes : {40, 90, 200, 350, 200, 90, 40})
    for (const std::string& key : data.shuffled) ours.Put(key, std::string(bytes, 'v'));
  const mapcore::hmap::ArenaStats memory = ours.map.memory();
  return static_cast<double>(memory.used_bytes) / static_cast<double>(memory.live_bytes());
}

class Report {
 public:
  void Add(std::string name, const std::string& what, const char* unit, double aim, double value) {
    for (Finding& finding : findings_)
      if (finding.name == name) return finding.rounds.push_back(value);
    findings_.push_back({std::move(name), what, unit, {value}, aim});
  }
  std::vector<Finding> Take() { return std::move(findings_); }

 private:
  std::vector<Finding> findings_;
};

struct Bars {
  std::size_t entries;
  const char* suffix;
  double hit, miss, fill, overwrite, erase, bytes;
};

void AddRound(const Bars& bars, const Data& data, Report& report) {
  const Times absl = Measure<Absl>(data);
  const Times ours = Measure<Ours>(data);
  const auto add = [&](const char* what, double aim, double value, double peer) {
    report.Add(std::string(what) + "-" + bars.suffix, std::string(what) + " against absl", "x", aim,
               value / peer);
  };
  add("hit", bars.hit, ours.hit, absl.hit);
  add("miss", bars.miss, ours.miss, absl.miss);
  add("fill", bars.fill, ours.fill, absl.fill);
  add("overwrite", bars.overwrite, ours.overwrite, absl.overwrite);
  add("erase", bars.erase, ours.erase, absl.erase);
  add("bytes", bars.bytes, ours.bytes, absl.bytes);
  std::printf("%-26s %9s %8s %8s %8s %10s %8s %8s\n", bars.suffix, "ns: fill", "hit", "miss",
              "overwr.", "erase", "B/entry", "");
  const auto line = [](const char* name, const Times& t) {
    std::printf("%-26s %9.1f %8.1f %8.1f %8.1f %10.1f %8.0f\n", name, t.fill, t.hit, t.miss,
                t.overwrite, t.erase, t.bytes);
  };
  line(Ours::kName, ours);
  line(Absl::kName, absl);
  line(StdMap::kName, Measure<StdMap>(data));
  line(Boost::kName, Measure<Boost>(data));
  line(Tbb::kName, Measure<Tbb>(data));
}

void AddVersions(const Data& data, Report& report) {
  Ours ours;
  const std::size_t n = data.keys.size();
  ours.Reserve(n);
  for (std::size_t i = 0; i < n; ++i) ours.Put(data.keys[i], data.values[i]);
  for (int round = 0; round < kRounds; ++round) {
    constexpr int kSnapshots = 1'000;
    std::vector<mapcore::Snapshot> snapshots;
    snapshots.reserve(kSnapshots);
    auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kSnapshots; ++i) snapshots.push_back(*ours.map.TakeSnapshot(1, 0));
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
    g_sink = g_sink + diff.changes.size();
  }
}

}  // namespace

std::vector<Finding> MeasureMapcore() {
  mallopt(M_TRIM_THRESHOLD,
          1 << 30);  // peers reuse their heap from round to round, as we our memory
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  Report report;
  constexpr Bars kBars[] = {{1'000, "1k", 1.25, 1.30, 0.56, 1.10, 1.05, 0.52},
                            {100'000, "100k", 1.02, 1.18, 0.33, 0.70, 0.92, 0.55},
                            {1'000'000, "1M", 0.70, 1.18, 0.20, 0.46, 0.50, 0.46}};
  for (const Bars& bars : kBars) {
    const Data data = MakeData(bars.entries);
    for (int round = 0; round < kRounds; ++round) AddRound(bars, data, report);
    if (bars.entries == 100'000) {
      report.Add("flood-100k", "p99.9 insert of 100k keys made to collide", "us", 10,
                 FloodedInsertUs(data));
      report.Add("shift-100k", "memory used for needed, after sizes shifted and back", "x", 1.5,
                 MemoryAfterShift(data));
    }
    if (bars.entries < 1'000'000) continue;
    AddVersions(data, report);
    const double pause = LongestInsertUs<Ours>(data);
    report.Add("pause-1M", "the longest of 1M inserts", "us", 7, pause);
    report.Add("pause-ratio-1M", "the same against absl", "x", 1e-4,
               pause / LongestInsertUs<Absl>(data));
  }
  return report.Take();
}

}  // namespace portolan::bench
