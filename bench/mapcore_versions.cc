#include "bench/mapcore_versions.h"

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "mapcore/hmap.h"
#include "mapcore/hmap/diff.h"

namespace portolan::bench {
namespace {

using mapcore::Hmap;
using mapcore::Snapshot;

Hmap Filled(const MapData& data) {
  Hmap map = Hmap::Create({.seed = 1, .memory = {.reserve_bytes = std::uint64_t{4} << 30}}).value();
  map.lineage().arena().Populate(220 * data.keys.size());
  for (std::size_t i = 0; i < data.keys.size(); ++i) (void)map.Put(data.keys[i], data.values[i]);
  return map;
}

using Overwrites = std::vector<std::pair<std::string, std::string>>;

// As MapVersion::Apply does it.
void ApplyInFlights(const Overwrites& overwrites, Hmap& map) {
  (void)map.ForEachInFlights(
      std::span(overwrites),
      [](const auto& overwrite) { return std::string_view(overwrite.first); },
      [&](const auto& overwrite) -> Status {
        PORTOLAN_CHECK(map.Put(overwrite.first, overwrite.second));
        return {};
      });
}

void Apply(const Overwrites& overwrites, Hmap& map) {
  for (const auto& [key, value] : overwrites) (void)map.Put(key, value);
}

// Keys that lie far from each other in the map, and other ones each time. Their own bytes are at
// hand, as those of a commit are that was just read: what is measured is the map.
class Scattered {
 public:
  explicit Scattered(const MapData& data) : data_(data) {}

  Overwrites Take(int writes) {
    Overwrites overwrites;
    overwrites.reserve(static_cast<std::size_t>(writes));
    for (int i = 0; i < writes; ++i, at_ = (at_ + 7'919) % data_.shuffled.size())
      overwrites.emplace_back(data_.shuffled[at_], data_.values[at_]);
    return overwrites;
  }

 private:
  const MapData& data_;
  std::size_t at_ = 0;
};

// Nanoseconds for each of a thousand that are made and kept.
template <typename Make>
double TimeThousand(const Make& make) {
  constexpr int kCount = 1'000;
  std::vector<std::invoke_result_t<Make>> kept;
  kept.reserve(kCount);
  return TimeEach(kCount, [&](std::size_t) { kept.push_back(make()); });
}

// Beside the least that a version of any map costs that is shared by counting its users: a block of
// the heap with its root, size, version and time. The first pass brings the memory in.
void AddSnapshots(Hmap& map, Report& report) {
  constexpr int kPasses = 9;
  std::vector<double> ours;
  std::vector<double> counted;
  for (int pass = 0; pass < kPasses; ++pass) {
    ours.push_back(TimeThousand([&] { return map.TakeSnapshot(1, 0).value(); }));
    map.Collect();
    counted.push_back(
        TimeThousand([] { return std::make_shared<std::array<std::uint64_t, 4>>(); }));
  }
  const double ns = Quantile({ours.begin() + 1, ours.end()}, 0.5);
  report.Add("snapshot-1M", "taking a snapshot", "ns", 20, ns);
  report.Add("snapshot-ratio-1M", "the same against std::make_shared of four words", "x", 1.0,
             ns / Quantile({counted.begin() + 1, counted.end()}, 0.5));
}

struct Changes {
  int count;
  int repeats;
  const char* suffix;
  double kept_bytes;  // aims
  double diff_us;
};
constexpr Changes kChanges[] = {
    {1, 21, "1", 1'750, 1.2}, {100, 21, "100", 1'650, 32}, {10'000, 1, "10k", 900, 2'400}};

// Each time between two versions that were never compared before.
void AddChanges(Hmap& map, Scattered& keys, Report& report) {
  for (const Changes& changes : kChanges) {
    const std::string suffix = std::string(changes.suffix) + "-of-1M";
    std::vector<double> kept;
    std::vector<double> us;
    for (int i = 0; i < changes.repeats; ++i) {
      const Overwrites overwrites = keys.Take(changes.count);
      const Snapshot before = map.TakeSnapshot(1, 0).value();
      const std::uint64_t bytes = map.memory().live_bytes();
      Apply(overwrites, map);
      kept.push_back(static_cast<double>(map.memory().live_bytes() - bytes) / changes.count);
      const Snapshot after = map.TakeSnapshot(2, 0).value();
      const auto start = std::chrono::steady_clock::now();
      const auto diff = mapcore::hmap::Diff(before, after);
      us.push_back(NsSince(start) / 1e3);
      KeepResult(diff.changes.size());
    }
    report.Add("kept-" + suffix, "bytes kept per scattered change", "B", changes.kept_bytes,
               Quantile(kept, 0.5));
    report.Add("diff-" + suffix, "comparing versions that differ in so many keys", "us",
               changes.diff_us, Quantile(us, 0.5));
  }
  map.Collect();
  constexpr int kRepeats = 1'000;
  const Snapshot now = map.TakeSnapshot(1, 0).value();
  report.Add("diff-0-of-1M", "comparing a version with itself", "ns", 50,
             TimeEach(kRepeats, [&](std::size_t) {
               KeepResult(mapcore::hmap::Diff(now, now).changes.size());
             }));
}

void AddFirstWrite(Hmap& map, Scattered& keys, Report& report) {
  constexpr int kRepeats = 1'000;
  std::vector<double> us;
  for (int i = 0; i < kRepeats; ++i) {
    const Overwrites overwrites = keys.Take(1);
    const Snapshot snapshot = map.TakeSnapshot(1, 0).value();
    const auto start = std::chrono::steady_clock::now();
    Apply(overwrites, map);
    us.push_back(NsSince(start) / 1e3);
  }
  map.Collect();
  report.Add("first-write-1M", "the first write behind a snapshot, p50", "us", 1.0,
             Quantile(us, 0.50));
  report.Add("first-write-p99-1M", "the same, p99", "us", 2.5, Quantile(us, 0.99));
}

// A thousand snapshots with ten changes between each, let go from the oldest on.
void AddRelease(Hmap& map, Scattered& keys, Report& report) {
  constexpr int kSnapshots = 1'000;
  std::vector<Snapshot> snapshots;
  for (int i = 0; i < kSnapshots; ++i) {
    snapshots.push_back(map.TakeSnapshot(1, 0).value());
    Apply(keys.Take(10), map);
  }
  // What ten changes replace: a record, a page and a chunk each, and the top once.
  constexpr double kFreed = kSnapshots * 31.0;
  const auto start = std::chrono::steady_clock::now();
  snapshots.clear();
  map.Collect();
  report.Add("release-1M", "letting a thousand snapshots go, a block that is freed", "ns", 20,
             NsSince(start) / kFreed);
}

void AddCommit(Hmap& map, Scattered& keys, Report& report) {
  constexpr int kCommits = 500;
  std::vector<Overwrites> commits;
  for (int i = 0; i < kCommits; ++i) commits.push_back(keys.Take(20));
  Snapshot last = map.TakeSnapshot(1, 0).value();
  const double ns = TimeEach(kCommits, [&](std::size_t i) {
    ApplyInFlights(commits[i], map);
    last = map.TakeSnapshot(1, 0).value();
  });
  report.Add("commit-1M", "twenty writes and a snapshot, the one before let go", "us", 12,
             ns / 1e3);
}

}  // namespace

void AddVersions(const MapData& data, int rounds, Report& report) {
  Hmap map = Filled(data);
  Scattered keys(data);
  for (int round = 0; round < rounds; ++round) {
    AddSnapshots(map, report);
    AddChanges(map, keys, report);
    AddFirstWrite(map, keys, report);
    AddRelease(map, keys, report);
    AddCommit(map, keys, report);
  }
}

void AddScatteredRound(const MapData& data, const char* suffix, double aim, Report& report) {
  constexpr int kWrites = 100;
  constexpr int kRepeats = 20;
  Hmap map = Filled(data);
  Scattered keys(data);
  double plain = 0;
  double behind = 0;
  for (int i = 0; i < kRepeats; ++i) {
    map.Collect();  // without a version that was let go
    const Overwrites first = keys.Take(kWrites);
    const Overwrites second = keys.Take(kWrites);
    plain += TimeEach(1, [&](std::size_t) { Apply(first, map); });
    const Snapshot snapshot = map.TakeSnapshot(1, 0).value();
    behind += TimeEach(1, [&](std::size_t) { Apply(second, map); });
  }
  report.Add(std::string("behind-snapshot-") + suffix,
             "a hundred overwrites behind a snapshot against as many without", "x", aim,
             behind / plain);
}

}  // namespace portolan::bench
