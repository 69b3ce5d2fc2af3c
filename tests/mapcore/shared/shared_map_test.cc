// What every SharedMap promises, run on all of them. PORTOLAN_STRESS_MS sets how long the parts
// with threads run; under ThreadSanitizer: ./scripts/stress mapcore.
#include "mapcore/shared/shared_map.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "mapcore/base/random.h"
#include "tests/mapcore/shared/shared_map_kinds.h"

namespace portolan::mapcore {
namespace {

class SharedMapContract : public testing::TestWithParam<SharedMapKind> {
 protected:
  std::optional<std::string> Find(std::string_view key) {
    std::string value;
    if (session_->Find(key, value) != Found::kHit) return std::nullopt;
    return value;
  }

  const std::unique_ptr<SharedMap> map_ = GetParam().make();
  std::unique_ptr<MapSession> session_ = map_->Open();
};

TEST_P(SharedMapContract, FindsWhatWasPutUntilItIsErased) {
  EXPECT_EQ(Find("a"), std::nullopt);
  EXPECT_TRUE(*session_->Put("a", "1"));
  EXPECT_EQ(Find("a"), "1");
  EXPECT_FALSE(*session_->Put("a", ""));
  EXPECT_EQ(Find("a"), "");
  EXPECT_EQ(map_->size(), 1u);
  EXPECT_TRUE(*session_->Erase("a"));
  EXPECT_FALSE(*session_->Erase("a"));
  EXPECT_EQ(Find("a"), std::nullopt);
  EXPECT_EQ(map_->size(), 0u);
  EXPECT_TRUE(*session_->Put("a", "2"));
  EXPECT_EQ(Find("a"), "2");
}

TEST_P(SharedMapContract, EqualsAnUnorderedMapUnderRandomOperations) {
  constexpr std::uint64_t kSeed = 5;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  Random random(kSeed);
  std::unordered_map<std::string, std::string> model;
  for (int step = 0; step < 40'000; ++step) {
    // The share of erasing swings, so that the map fills and empties by turns.
    const std::string key = "k" + std::to_string(random.Below(700));
    const std::uint64_t roll = random.Below(100);
    if (roll < (step / 4'000 % 2 == 0 ? 40u : 15u)) {
      const std::string value(random.Below(90), static_cast<char>('a' + step % 26));
      ASSERT_EQ(*session_->Put(key, value), !model.contains(key)) << step;
      model[key] = value;
    } else if (roll < 55) {
      ASSERT_EQ(*session_->Erase(key), model.erase(key) == 1) << step;
    } else {
      const auto found = model.find(key);
      const auto now = Find(key);
      ASSERT_EQ(now.has_value(), found != model.end()) << step;
      if (now) {
        ASSERT_EQ(*now, found->second) << step;
      }
    }
    ASSERT_EQ(map_->size(), model.size()) << step;
  }
}

TEST_P(SharedMapContract, CountsHitsMissesAndWritesOverSessions) {
  ASSERT_TRUE(session_->Put("a", "1").ok());
  (void)Find("a");
  (void)Find("b");
  {
    const auto other = map_->Open();
    std::string value;
    EXPECT_EQ(other->Find("a", value), Found::kHit);
    EXPECT_EQ(other->Find("c", value), Found::kMiss);
    EXPECT_TRUE(other->Erase("a").ok());
  }
  (void)Find("a");
  const SharedMapCounters counters = map_->counters();
  EXPECT_EQ(counters.hits, 2u);
  EXPECT_EQ(counters.misses, 3u);
  EXPECT_EQ(counters.writes - (map_->name() == "image"), 2u);  // that one erased when it was made
  EXPECT_EQ(counters.refused, 0u);
}

TEST_P(SharedMapContract, RefusesNullAndWhatIsOverItsLimits) {
  ASSERT_TRUE(session_->Put("a", "1").ok());
  for (const auto& refused :
       {session_->Put({}, "1"), session_->Put("", "1"), session_->Put(std::string(65, 'k'), "1"),
        session_->Put("a", {}), session_->Put("a", std::string(4'097, 'v')), session_->Erase({})}) {
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  }
  EXPECT_EQ(Find("a"), "1");
  EXPECT_EQ(map_->size(), 1u);
  EXPECT_EQ(map_->counters().refused, 6u);
  EXPECT_TRUE(session_->Put(std::string(64, 'k'), std::string(4'096, 'v')).ok());
}

// Threads, each writer with keys of its own; a value tells its key and how often it was written.
class SharedMapStress : public SharedMapContract {
 protected:
  static constexpr int kWriters = 3;
  static constexpr int kReaders = 4;
  static constexpr int kStable = 300;    // keys of a writer that are always there
  static constexpr int kFleeting = 300;  // and those that come and go

  static std::string Key(int writer, int i) {
    return std::to_string(writer) + "/" + std::to_string(i);
  }
  static std::string ValueOf(int writer, int i, std::uint64_t count) {
    return Key(writer, i) + ":" + std::to_string(count) + std::string(count % 70, '.');
  }

  void Write(int writer) {
    const auto session = map_->Open();
    Random random(static_cast<std::uint64_t>(writer) + 1);
    std::vector<std::uint64_t> counts(kStable + kFleeting, 1);
    while (!stop_) {
      const int i = static_cast<int>(random.Below(kStable + kFleeting));
      const bool erase = i >= kStable && random.Below(2) == 0;
      const std::uint64_t count = ++counts[static_cast<std::size_t>(i)];
      const auto done = erase ? session->Erase(Key(writer, i))
                              : session->Put(Key(writer, i), ValueOf(writer, i, count));
      bad_ += !done.ok();
      // A thread sees its own write at once: nobody else writes its keys.
      std::string value;
      const Found found = session->Find(Key(writer, i), value);
      bad_ += erase ? found != Found::kMiss
                    : found != Found::kHit || value != ValueOf(writer, i, count);
    }
  }

  void Read(int reader) {
    const auto session = map_->Open();
    Random random(static_cast<std::uint64_t>(reader) + 100);
    std::vector<std::uint64_t> last(kWriters * (kStable + kFleeting));
    std::string value;
    std::uint64_t reads = 0;
    for (; !stop_; ++reads) {
      const int writer = static_cast<int>(random.Below(kWriters));
      const int i = static_cast<int>(random.Below(kStable + kFleeting));
      if (session->Find(Key(writer, i), value) != Found::kHit) {
        bad_ += i < kStable;
        continue;
      }
      const std::size_t colon = value.find(':');
      const std::uint64_t count =
          colon == std::string::npos ? 0 : std::strtoull(value.c_str() + colon + 1, nullptr, 10);
      auto& before = last[static_cast<std::size_t>(writer * (kStable + kFleeting) + i)];
      bad_ += value != ValueOf(writer, i, count) || count < before;
      before = count;
    }
    reads_ += reads;
  }

  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> reads_{0};
  std::atomic<std::uint64_t> bad_{0};
};

TEST_P(SharedMapStress, ReadersSeeEveryKeysWritesInOrderAndMissNone) {
  for (int writer = 0; writer < kWriters; ++writer)
    for (int i = 0; i < kStable; ++i)
      ASSERT_TRUE(session_->Put(Key(writer, i), ValueOf(writer, i, 1)).ok());
  std::vector<std::thread> threads;
  for (int writer = 0; writer < kWriters; ++writer)
    threads.emplace_back([this, writer] { Write(writer); });
  for (int reader = 0; reader < kReaders; ++reader)
    threads.emplace_back([this, reader] { Read(reader); });
  const auto end = std::chrono::steady_clock::now() + StressTime();
  while (std::chrono::steady_clock::now() < end) (void)map_->size(), std::this_thread::yield();
  stop_ = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(bad_, 0u);
  EXPECT_GT(reads_, 100u);
  EXPECT_GT(map_->counters().hits, 100u);
}

INSTANTIATE_TEST_SUITE_P(All, SharedMapContract, testing::ValuesIn(kSharedMapKinds),
                         [](const auto& kind) { return kind.param.name; });
INSTANTIATE_TEST_SUITE_P(All, SharedMapStress, testing::ValuesIn(kSharedMapKinds),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace portolan::mapcore
