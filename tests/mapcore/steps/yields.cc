// In this program the cases of hmap/readers_test.cc run with threads that are held up at the words
// they share: now and then one yields before a store that publishes something, or after a load, or
// spins for a while. Where, follows from PORTOLAN_SCHEDULE_SEED, which is printed; when the others
// go on meanwhile is the machine's.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>

#include "mapcore/base/random.h"
#include "tests/mapcore/steps/steps.h"

namespace portolan::mapcore::steps {
namespace {

class Yields : public Watcher {
 public:
  void Begin(std::uint64_t seed) {
    seed_ = seed;
    threads_ = 0;
    ++runs_;
  }
  void OnStore(const Stored&) override { MayYield(32); }
  std::uint64_t OnLoad(const void*, std::uint64_t value, bool) override {
    MayYield(256);
    return value;
  }
  void OnPause() override { MayYield(4); }

 private:
  // Each thread draws from a sequence of its own.
  struct OfThread {
    std::uint64_t run = 0;
    Random random{0};
  };

  void MayYield(std::uint64_t once_in) {
    thread_local OfThread own;
    const std::uint64_t run = runs_.load(std::memory_order_relaxed);
    if (own.run != run) own = {run, Random(seed_ + 0x10001 * ++threads_)};
    if (own.random.Below(once_in) != 0) return;
    if (own.random.Below(2) == 0) return std::this_thread::yield();
    std::atomic<std::uint64_t> spins{own.random.Below(2'000)};
    while (spins.fetch_sub(1, std::memory_order_relaxed) > 1) {
    }
  }

  std::uint64_t seed_ = 0;
  std::atomic<std::uint64_t> threads_{0};
  std::atomic<std::uint64_t> runs_{0};
};

class WhileReadersRun : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo& test) override {
    if (std::string_view(test.test_suite_name()).find("HmapReaders") == std::string_view::npos)
      return;
    const char* seed = std::getenv("PORTOLAN_SCHEDULE_SEED");
    yields_.Begin(seed == nullptr ? 1 : std::strtoull(seed, nullptr, 10));
    std::cout << "PORTOLAN_SCHEDULE_SEED=" << (seed == nullptr ? "1" : seed) << '\n';
    g_watcher_of_all = &yields_;
  }
  void OnTestEnd(const testing::TestInfo&) override { g_watcher_of_all = nullptr; }

  Yields yields_;
};

// Before main(), which belongs to the library of tests; the list takes it over.
const bool kListens = [] {
  testing::UnitTest::GetInstance()->listeners().Append(new WhileReadersRun);
  return true;
}();

}  // namespace
}  // namespace portolan::mapcore::steps
