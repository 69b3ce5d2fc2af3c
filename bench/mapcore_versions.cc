#include "bench/mapcore_versions.h"

#include <string>
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

// Keys and values far from each other, and other ones each time.
class Scattered {
 public:
  explicit Scattered(const MapData& data) : data_(data) {}

  void Overwrite(Hmap& map, int writes) {
    for (int i = 0; i < writes; ++i, at_ = (at_ + 7'919) % data_.shuffled.size())
      (void)map.Put(data_.shuffled[at_], data_.values[at_]);
  }

 private:
  const MapData& data_;
  std::size_t at_ = 0;
};

// The second thousand: the first brings the memory of their states in.
void AddSnapshots(Hmap& map, Report& report) {
  constexpr int kSnapshots = 1'000;
  double ns = 0;
  for (int pass = 0; pass < 2; ++pass) {
    std::vector<Snapshot> snapshots;
    snapshots.reserve(kSnapshots);
    ns = TimeEach(kSnapshots,
                  [&](std::size_t) { snapshots.push_back(map.TakeSnapshot(1, 0).value()); });
    snapshots.clear();
    map.Collect();
  }
  report.Add("snapshot-1M", "taking a snapshot", "ns", 20, ns);
}

struct Changes {
  int count;
  const char* suffix;
  double kept_bytes;  // aims
  double diff_us;
};
constexpr Changes kChanges[] = {
    {1, "1", 1'750, 1.2}, {100, "100", 1'650, 32}, {10'000, "10k", 900, 2'400}};

void AddChanges(Hmap& map, Scattered& keys, Report& report) {
  for (const Changes& changes : kChanges) {
    const std::string suffix = std::string(changes.suffix) + "-of-1M";
    const Snapshot before = map.TakeSnapshot(1, 0).value();
    const std::uint64_t bytes = map.memory().live_bytes();
    keys.Overwrite(map, changes.count);
    report.Add("kept-" + suffix, "bytes kept per scattered change", "B", changes.kept_bytes,
               static_cast<double>(map.memory().live_bytes() - bytes) / changes.count);
    const Snapshot after = map.TakeSnapshot(2, 0).value();
    const auto start = std::chrono::steady_clock::now();
    const auto diff = mapcore::hmap::Diff(before, after);
    report.Add("diff-" + suffix, "comparing versions that differ in so many keys", "us",
               changes.diff_us, NsSince(start) / 1e3);
    KeepResult(diff.changes.size());
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
    const Snapshot snapshot = map.TakeSnapshot(1, 0).value();
    const auto start = std::chrono::steady_clock::now();
    keys.Overwrite(map, 1);
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
    keys.Overwrite(map, 10);
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
  Snapshot last = map.TakeSnapshot(1, 0).value();
  const double ns = TimeEach(kCommits, [&](std::size_t) {
    keys.Overwrite(map, 20);
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
    plain += TimeEach(1, [&](std::size_t) { keys.Overwrite(map, kWrites); });
    const Snapshot snapshot = map.TakeSnapshot(1, 0).value();
    behind += TimeEach(1, [&](std::size_t) { keys.Overwrite(map, kWrites); });
  }
  report.Add(std::string("behind-snapshot-") + suffix,
             "a hundred overwrites behind a snapshot against as many without", "x", aim,
             behind / plain);
}

}  // namespace portolan::bench
