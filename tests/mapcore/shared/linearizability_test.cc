// Histories of single keys, recorded by threads that share a map, are checked to be those of a map
// that does one thing after the other. ./scripts/stress mapcore runs them for longer.
#include <gtest/gtest.h>

#include <algorithm>
#include <barrier>
#include <thread>

#include "mapcore/base/random.h"
#include "tests/mapcore/shared/history.h"
#include "tests/mapcore/shared/shared_map_kinds.h"

namespace portolan::mapcore {
namespace {

using Kind = HistoryOperation::Kind;

bool Linearizable(const std::vector<HistoryOperation>& operations) {
  return HistoryChecker(operations).Linearizable();
}

TEST(HistoryChecker, AcceptsWhatOneThreadDoes) {
  EXPECT_TRUE(Linearizable({{Kind::kFind, 0, 1},
                            {Kind::kPut, 2, 3, 7, false},
                            {Kind::kFind, 4, 5, 7},
                            {Kind::kPut, 6, 7, 8, true},
                            {Kind::kErase, 8, 9, {}, true},
                            {Kind::kErase, 10, 11, {}, false},
                            {Kind::kFind, 12, 13}}));
}

TEST(HistoryChecker, AcceptsEitherOrderOfWhatOverlaps) {
  for (const auto& found : {std::optional<int>(7), std::optional<int>()})
    EXPECT_TRUE(Linearizable({{Kind::kPut, 0, 10, 7, false}, {Kind::kFind, 5, 6, found}}));
}

TEST(HistoryChecker, RefusesALookupThatMissesWhatWasPutBefore) {
  EXPECT_FALSE(Linearizable({{Kind::kPut, 0, 1, 7, false}, {Kind::kFind, 2, 3}}));
}

TEST(HistoryChecker, RefusesANewValueSeenBeforeAnOldOne) {
  EXPECT_FALSE(Linearizable({{Kind::kPut, 0, 1, 7, false},
                             {Kind::kPut, 2, 20, 8, true},
                             {Kind::kFind, 3, 4, 8},
                             {Kind::kFind, 5, 6, 7}}));
}

TEST(HistoryChecker, RefusesTwoErasesOfOneEntry) {
  EXPECT_FALSE(Linearizable({{Kind::kPut, 0, 1, 7, false},
                             {Kind::kErase, 2, 9, {}, true},
                             {Kind::kErase, 3, 8, {}, true}}));
}

class SharedMapHistories : public testing::TestWithParam<SharedMapKind> {
 protected:
  static constexpr std::size_t kThreads = 4;
  static constexpr std::size_t kKeys = 13;
  static constexpr std::size_t kOperations = 15;  // of a thread on each key: 60 on a key in all

  using History = std::vector<std::vector<HistoryOperation>>;  // by key

  static std::int64_t Clock() {
    return std::chrono::steady_clock::now().time_since_epoch().count();
  }

  // A thread's operations, every key as often, in an order of its own.
  static History Run(SharedMap& map, std::uint64_t seed, std::barrier<>& start) {
    const auto session = map.Open();
    Random random(seed);
    std::vector<std::size_t> keys;
    for (std::size_t i = 0; i < kKeys * kOperations; ++i) keys.push_back(i % kKeys);
    for (std::size_t i = keys.size(); i > 1; --i) std::swap(keys[i - 1], keys[random.Below(i)]);
    History history(kKeys);
    std::string value;
    start.arrive_and_wait();
    for (const std::size_t k : keys) {
      const std::string key = "key/" + std::to_string(k);
      HistoryOperation operation;
      const std::uint64_t roll = random.Below(8);
      if (roll == 7) std::this_thread::yield();  // lets others in where there are few cores
      operation.begun = Clock();
      if (roll < 3) {
        const int put = static_cast<int>(random.Below(1'000'000));
        operation.kind = Kind::kPut;
        operation.value = put;
        operation.was_there = !*session->Put(key, std::to_string(put));
      } else if (roll < 5) {
        operation.kind = Kind::kErase;
        operation.was_there = *session->Erase(key);
      } else if (session->Find(key, value) == Found::kHit) {
        operation.value = std::stoi(value);
      }
      operation.ended = Clock();
      history[k].push_back(operation);
    }
    return history;
  }
};

TEST_P(SharedMapHistories, OfEveryKeyAreLinearizable) {
  const auto end = std::chrono::steady_clock::now() + StressTime();
  std::uint64_t seed = 0;
  do {
    ++seed;
    const std::unique_ptr<SharedMap> map = GetParam().make();
    std::vector<History> histories(kThreads);
    std::barrier start(static_cast<std::ptrdiff_t>(kThreads));
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < kThreads; ++t)
      threads.emplace_back([&, t] { histories[t] = Run(*map, kThreads * seed + t, start); });
    for (std::thread& thread : threads) thread.join();
    for (std::size_t k = 0; k < kKeys; ++k) {
      std::vector<HistoryOperation> all;
      for (const History& history : histories)
        all.insert(all.end(), history[k].begin(), history[k].end());
      ASSERT_TRUE(Linearizable(all)) << "seed " << seed << ", key " << k;
    }
  } while (std::chrono::steady_clock::now() < end);
  RecordProperty("histories", std::to_string(seed * kKeys));
}

INSTANTIATE_TEST_SUITE_P(All, SharedMapHistories, testing::ValuesIn(kSharedMapKinds),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace portolan::mapcore
