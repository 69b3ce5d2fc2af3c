#include "bench/mapcore_concurrent.h"

#include <array>
#include <atomic>
#include <shared_mutex>
#include <thread>

#include "bench/map_contenders.h"
#include "mapcore/hmap.h"

namespace portolan::bench {
namespace {

using mapcore::Hmap;
namespace hmap = mapcore::hmap;

constexpr std::size_t kHotKeys = 200'000;
constexpr auto kWindow = std::chrono::milliseconds(400);

struct LiveMap {
  hmap::ReaderDomain readers;
  Hmap map =
      Hmap::Create(
          {.seed = 1, .memory = {.reserve_bytes = std::uint64_t{4} << 30}, .readers = &readers})
          .value();

  explicit LiveMap(const MapData& data) {
    map.lineage().arena().Populate(160 * data.keys.size());
    for (std::size_t i = 0; i < data.keys.size(); ++i) (void)map.Put(data.keys[i], data.values[i]);
  }
};

// The order in which a thread goes through the keys, whose own bytes are the benchmark's: at random
// it waits for those as well, which is how the bars were measured; as they lie in memory (which is
// no order in the map) it waits for the map only, as with the key of a request that was just read.
enum class Order { kRandom, kAsTheyLie };

class KeyOrder {
 public:
  KeyOrder(const MapData& data, Order order, std::uint64_t start)
      : keys_(data.shuffled), order_(order), at_(start) {}
  std::string_view Next() {
    at_ = order_ == Order::kRandom ? at_ * 6364136223846793005 + 1442695040888963407 : at_ + 1;
    return keys_[(order_ == Order::kRandom ? at_ >> 33 : at_) % keys_.size()];
  }

 private:
  const std::vector<std::string>& keys_;
  const Order order_;
  std::uint64_t at_;
};

// Lookups a second for one window.
double ReadRate(LiveMap& live, const MapData& data, Order order) {
  KeyOrder keys(data, order, 1);
  hmap::Reader reader(live.readers);
  std::uint64_t reads = 0;
  std::uint64_t sum = 0;
  const auto start = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - start < kWindow) {
    for (int i = 0; i < 1'000; ++i, ++reads) {
      const hmap::ReadScope scope(reader);
      sum += live.map.FindLive(scope, keys.Next())->size();
    }
  }
  KeepResult(sum);
  return static_cast<double>(reads) / NsSince(start) * 1e9;
}

// What one reader keeps of its lone rate, and the overwrites a second of the writer beside it.
struct BesideWriter {
  double kept;
  double writes_per_second;
};
BesideWriter MeasureBesideWriter(LiveMap& live, const MapData& data, Order order) {
  const double alone = ReadRate(live, data, order);
  std::atomic<bool> stop{false};
  double writes_per_second = 0;
  std::thread writer([&] {
    std::uint64_t writes = 0;
    const auto start = std::chrono::steady_clock::now();
    for (; !stop; ++writes) {
      const std::size_t i = writes % data.shuffled.size();
      (void)live.map.Put(data.shuffled[i], data.values[i]);
    }
    writes_per_second = static_cast<double>(writes) / NsSince(start) * 1e9;
  });
  const double beside = ReadRate(live, data, order);
  stop = true;
  writer.join();
  return {beside / alone, writes_per_second};
}

void AddReaderBesideWriter(LiveMap& live, const MapData& data, Report& report) {
  const BesideWriter random = MeasureBesideWriter(live, data, Order::kRandom);
  report.Add("reader-kept", "share of its lone rate that a reader keeps beside a writer", "x", 0.90,
             random.kept, Better::kMore);
  report.Add("writer-beside", "millions of overwrites a second beside that reader", "M/s", 2.0,
             random.writes_per_second / 1e6, Better::kMore);
  report.Add("reader-kept-at-hand", "the same share where the keys are at hand", "x", 0.90,
             MeasureBesideWriter(live, data, Order::kAsTheyLie).kept, Better::kMore);
}

void AddGuard(LiveMap& live, const MapData& data, Report& report) {
  const std::size_t n = data.shuffled.size();
  std::uint64_t sum = 0;
  const double plain =
      TimeEach(n, [&](std::size_t i) { sum += live.map.Find(data.shuffled[i])->size(); });
  hmap::Reader reader(live.readers);
  const double guarded = TimeEach(n, [&](std::size_t i) {
    const hmap::ReadScope scope(reader);
    sum += live.map.FindLive(scope, data.shuffled[i])->size();
  });
  KeepResult(sum);
  report.Add("guard", "rate of guarded lookups against unprotected ones", "x", 0.91,
             plain / guarded, Better::kMore);
}

// absl behind 16 reader-writer locks, what a program does without a map for many readers.
class ShardedAbsl {
 public:
  explicit ShardedAbsl(const MapData& data) {
    for (std::size_t i = 0; i < data.keys.size(); ++i)
      ShardOf(data.keys[i]).map.Put(data.keys[i], data.values[i]);
  }
  std::uint64_t Find(std::string_view key) {
    Shard& shard = ShardOf(key);
    const std::shared_lock lock(shard.mutex);
    return shard.map.Find(key);
  }

 private:
  struct alignas(64) Shard {
    std::shared_mutex mutex;
    Absl map;
  };
  Shard& ShardOf(std::string_view key) { return shards_[MapHash()(key) >> 60]; }
  std::array<Shard, 16> shards_;
};

// Lookups a second of two threads; each has a find of its own from make().
template <typename Make>
double TwoReaders(const MapData& data, const Make& make) {
  std::atomic<std::uint64_t> reads{0};
  const auto start = std::chrono::steady_clock::now();
  const auto read = [&](std::uint64_t seed) {
    auto find = make();
    KeyOrder keys(data, Order::kRandom, seed);
    std::uint64_t sum = 0;
    std::uint64_t count = 0;
    for (; std::chrono::steady_clock::now() - start < kWindow; count += 1'000)
      for (int i = 0; i < 1'000; ++i) sum += find(keys.Next());
    KeepResult(sum);
    reads += count;
  };
  std::thread other(read, 2);
  read(1);
  other.join();
  return static_cast<double>(reads.load()) / NsSince(start) * 1e9;
}

void AddTwoReaders(LiveMap& live, ShardedAbsl& sharded, const MapData& data, Report& report) {
  struct Session {
    LiveMap& live;
    hmap::Reader reader{live.readers};
    std::uint64_t operator()(std::string_view key) {
      const hmap::ReadScope scope(reader);
      return live.map.FindLive(scope, key)->size();
    }
  };
  const double ours = TwoReaders(data, [&] { return Session{live}; });
  const double peer =
      TwoReaders(data, [&] { return [&](std::string_view key) { return sharded.Find(key); }; });
  report.Add("readers-1M", "lookups of two threads against absl behind 16 locks", "x", 2.2,
             ours / peer, Better::kMore);
}

// Nine of ten subjects are on stable; the canary differs from it in 1 % of its keys.
void AddSlots(LiveMap& live, const MapData& data, Report& report) {
  const std::size_t n = std::min(kHotKeys, data.shuffled.size());
  const mapcore::Snapshot stable = live.map.TakeSnapshot(1, 0).value();
  Hmap fork = live.map.Fork(stable).value();
  for (std::size_t i = 0; i < data.keys.size(); i += 100) (void)fork.Put(data.keys[i], "canary");
  const mapcore::Snapshot canary = fork.TakeSnapshot(2, 0).value();
  std::uint64_t sum = 0;
  const double plain =
      TimeEach(2 * n, [&](std::size_t i) { sum += live.map.Find(data.shuffled[i % n])->size(); });
  const double slots = TimeEach(2 * n, [&](std::size_t i) {
    const mapcore::Snapshot& arm =
        i * 2'654'435'761u % 4'294'967'296u < 429'496'730u ? canary : stable;
    sum += arm.Find(data.shuffled[i % n])->size();
  });
  KeepResult(sum);
  report.Add("slots", "lookup through stable and canary against one in the live map", "x", 1.20,
             slots / plain);
}

}  // namespace

void AddConcurrent(const MapData& data, int rounds, Report& report) {
  LiveMap live(data);
  ShardedAbsl sharded(data);
  for (int round = 0; round < rounds; ++round) {
    live.map.Collect();  // no version of the round before
    AddReaderBesideWriter(live, data, report);
    AddTwoReaders(live, sharded, data, report);
    AddGuard(live, data, report);
    AddSlots(live, data, report);
  }
}

}  // namespace portolan::bench
