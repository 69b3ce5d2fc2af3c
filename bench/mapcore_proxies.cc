#include "bench/mapcore_proxies.h"

#include <array>
#include <functional>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <unordered_map>

#include "bench/allocations.h"
#include "bench/map_measurement.h"
#include "mapcore/published.h"
#include "mapcore/shared/epoch_map.h"
#include "mapcore/shared/locked_map.h"
#include "mapcore/shared/read_mostly_map.h"
#include "mapcore/shared/sharded_map.h"

namespace portolan::bench {
namespace {

using mapcore::Found;
using mapcore::MapSession;
using mapcore::SharedMap;
using StdMap = std::unordered_map<std::string, std::string, MapHash, std::equal_to<>>;

constexpr std::size_t kKeys = 1'000;
constexpr std::size_t kHotKeys = 100;
constexpr std::size_t kValueBytes = 32;
constexpr int kThreads = 2;
constexpr auto kWindow = std::chrono::milliseconds(150);
constexpr int kWritePercents[] = {1, 10, 50};

// A map of the comparison behind the same interface, so that all pay the same for it.
class PlainSession : public MapSession {
 public:
  using Find = std::function<bool(std::string_view, std::string&)>;
  using Put = std::function<void(std::string_view, std::string_view)>;
  PlainSession(SharedMap& map, Find find, Put put)
      : MapSession(map), find_(std::move(find)), put_(std::move(put)) {}

 private:
  Found DoFind(std::string_view key, std::string& value) override {
    return find_(key, value) ? Found::kHit : Found::kMiss;
  }
  Result<bool> DoPut(std::string_view key, std::string_view value) override {
    put_(key, value);
    return false;
  }
  Result<bool> DoErase(std::string_view) override { return false; }
  Find find_;
  Put put_;
};

template <typename Mutex, template <typename> typename ReadLock>
class StdLocked : public SharedMap {
 public:
  std::unique_ptr<MapSession> Open() override {
    return std::make_unique<PlainSession>(
        *this,
        [this](std::string_view key, std::string& value) {
          const ReadLock<Mutex> lock(mutex_);
          const auto found = map_.find(key);
          if (found == map_.end()) return false;
          value = found->second;
          return true;
        },
        [this](std::string_view key, std::string_view value) {
          const std::lock_guard lock(mutex_);
          map_[std::string(key)] = value;
        });
  }
  std::uint64_t size() const override { return map_.size(); }
  std::string_view name() const override { return "std"; }

 private:
  Mutex mutex_;
  StdMap map_;
};

// Every write copies the map and puts the copy in its place.
class DeepCopied : public SharedMap {
 public:
  std::unique_ptr<MapSession> Open() override {
    return std::make_unique<PlainSession>(
        *this,
        [this](std::string_view key, std::string& value) {
          const auto map = map_.Load();
          const auto found = map->find(key);
          if (found == map->end()) return false;
          value = found->second;
          return true;
        },
        [this](std::string_view key, std::string_view value) {
          const std::lock_guard lock(writers_);
          auto copy = std::make_shared<StdMap>(*map_.Load());
          (*copy)[std::string(key)] = value;
          map_.Store(std::move(copy));
        });
  }
  std::uint64_t size() const override { return map_.Load()->size(); }
  std::string_view name() const override { return "deep copy"; }

 private:
  std::mutex writers_;
  mapcore::Published<StdMap> map_{std::make_shared<const StdMap>()};
};

struct Contender {
  const char* name;
  std::function<std::unique_ptr<SharedMap>()> make;
};

std::vector<Contender> Contenders() {
  return {
      {"deep copy per write", [] { return std::make_unique<DeepCopied>(); }},
      {"mutex, std", [] { return std::make_unique<StdLocked<std::mutex, std::lock_guard>>(); }},
      {"RWMutex, std",
       [] { return std::make_unique<StdLocked<std::shared_mutex, std::shared_lock>>(); }},
      {"locked", [] { return mapcore::LockedMap::Create().value(); }},
      {"sharded", [] { return mapcore::ShardedMap::Create(4 * kThreads).value(); }},
      {"read-mostly", [] { return mapcore::ReadMostlyMap::Create().value(); }},
      {"epoch", [] { return mapcore::EpochMap::Create().value(); }},
  };
}

struct Rate {
  double mops;         // millions of operations a second, of all threads
  double allocations;  // an operation
};

Rate RateOf(const Contender& contender, const std::vector<std::string>& keys, int write_percent) {
  const std::unique_ptr<SharedMap> map = contender.make();
  const std::string value(kValueBytes, 'v');
  std::string found;
  {
    const auto session = map->Open();
    for (const std::string& key : keys) (void)session->Put(key, value);
    for (const std::string& key : keys) (void)session->Find(key, found);
  }
  std::atomic<std::uint64_t> operations{0};
  const std::uint64_t allocations = Allocations();
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      const auto session = map->Open();
      Random random(static_cast<std::uint64_t>(t) + 1);
      std::string mine(kValueBytes, ' ');
      std::uint64_t done = 0;
      while (std::chrono::steady_clock::now() - start < kWindow) {
        for (int i = 0; i < 200; ++i, ++done) {
          const std::uint64_t roll = random.Next();
          const std::size_t key = roll % 10 < 9 ? roll / 16 % kHotKeys : roll / 16 % kKeys;
          if (static_cast<int>(roll >> 40 & 0xffff) * 100 < write_percent * 0x10000)
            (void)session->Put(keys[key], value);
          else
            (void)session->Find(keys[key], mine);
        }
      }
      operations += done;
    });
  for (std::thread& thread : threads) thread.join();
  const auto count = static_cast<double>(operations.load());
  return {count / NsSince(start) * 1e3, static_cast<double>(Allocations() - allocations) / count};
}

void AddRound(const std::vector<std::string>& keys, int write_percent,
              std::map<std::string, std::vector<double>>& mops,
              std::map<std::string, double>& allocations, Report& report) {
  std::map<std::string, double> now;
  for (const Contender& contender : Contenders()) {
    const Rate rate = RateOf(contender, keys, write_percent);
    now[contender.name] = rate.mops;
    mops[contender.name].push_back(rate.mops);
    allocations[contender.name] = rate.allocations;
  }
  if (write_percent != 10) return;
  // What the comparison of Go's sync.Map that everybody quotes found for it.
  report.Add("read-mostly-copy", "read-mostly against a deep copy per write, 10 % writes", "x", 6.5,
             now["read-mostly"] / now["deep copy per write"], Better::kMore);
  report.Add("read-mostly-mutex", "read-mostly against a mutex, 10 % writes", "x", 4.4,
             now["read-mostly"] / now["mutex, std"], Better::kMore);
  report.Add("epoch-mutex", "epoch against a mutex, 10 % writes", "x", 4.4,
             now["epoch"] / now["mutex, std"], Better::kMore);
}

}  // namespace

std::vector<Finding> MeasureProxies(int rounds) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < kKeys; ++i) keys.push_back("ns/hot/svc-" + std::to_string(i));
  Report report;
  for (const int write_percent : kWritePercents) {
    std::map<std::string, std::vector<double>> mops;
    std::map<std::string, double> allocations;
    for (int round = 0; round < rounds; ++round)
      AddRound(keys, write_percent, mops, allocations, report);
    std::printf("%2d %% writes, %d threads      %10s %12s\n", write_percent, kThreads, "M ops/s",
                "allocs/op");
    for (const Contender& contender : Contenders())
      std::printf("  %-24s %10.2f %12.4f\n", contender.name, Quantile(mops[contender.name], 0.5),
                  allocations[contender.name]);
  }
  return report.Take();
}

}  // namespace portolan::bench
