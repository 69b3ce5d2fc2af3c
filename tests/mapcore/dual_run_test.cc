#include "mapcore/dual_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

namespace portolan::mapcore {
namespace {

DualRun::KeyCounts Find(const DualRun::Counts& counts, const std::string& key) {
  for (const DualRun::KeyCounts& one : counts.keys)
    if (one.key == key) return one;
  return {};
}

TEST(DualRun, CountsWhatDiffersAndWhatWouldBeLostByKey) {
  DualRun run(100'000);
  run.Count("same", "1", "1");
  run.Count("absent", std::nullopt, std::nullopt);
  run.Count("changed", "1", "2");
  run.Count("changed", "1", "2");
  run.Count("created", std::nullopt, "2");
  run.Count("deleted", "1", std::nullopt);
  const DualRun::Counts counts = run.Take();
  EXPECT_EQ(counts.compared, 6);
  EXPECT_EQ(counts.differing, 4);
  EXPECT_EQ(counts.lost, 1);
  EXPECT_EQ(counts.elsewhere, 0);
  ASSERT_EQ(counts.keys.size(), 3u) << "keys that agree take no place";
  EXPECT_EQ(Find(counts, "changed"), (DualRun::KeyCounts{"changed", 2, 0}));
  EXPECT_EQ(Find(counts, "created"), (DualRun::KeyCounts{"created", 1, 0}));
  EXPECT_EQ(Find(counts, "deleted"), (DualRun::KeyCounts{"deleted", 1, 1}));
}

TEST(DualRun, TakesEachCountOnce) {
  DualRun run(100'000);
  run.Count("a", "1", "2");
  run.Take();
  EXPECT_EQ(run.Take(), DualRun::Counts{});
  run.Count("a", "1", "2");
  EXPECT_EQ(run.Take().keys, (std::vector<DualRun::KeyCounts>{{"a", 1, 0}}));
}

TEST(DualRun, CountsKeysWithoutAPlaceElsewhere) {
  DualRun run(100'000);
  constexpr std::int64_t kMany = 10'000;
  for (std::int64_t i = 0; i < kMany; ++i) run.Count("key-" + std::to_string(i), "1", "2");
  const DualRun::Counts counts = run.Take();
  EXPECT_EQ(counts.differing, kMany);
  EXPECT_EQ(counts.keys.size(), DualRun::kKeys);
  EXPECT_EQ(counts.elsewhere, kMany - static_cast<std::int64_t>(DualRun::kKeys));
}

TEST(DualRun, SamplesTheShareOfAllLookups) {
  DualRun run(5'000);
  int sampled = 0;
  for (int i = 0; i < 100'000; ++i) sampled += run.Samples();
  // Five standard deviations of a coin of 5 %.
  EXPECT_NEAR(sampled, 5'000, 350);
  DualRun all(100'000);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(all.Samples());
}

TEST(DualRun, LosesNothingUnderConcurrentLookups) {
  DualRun run(100'000);
  constexpr int kThreads = 4;
  constexpr std::int64_t kEach = 100'000;
  std::atomic<int> ended = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&run, &ended] {
      for (std::int64_t i = 0; i < kEach; ++i)
        run.Count("key-" + std::to_string(i / 2 % 100), "1",
                  i % 2 == 0 ? std::optional<std::string_view>("1") : std::nullopt);
      ++ended;
    });
  DualRun::Counts sum;
  DualRun::KeyCounts by_key;
  const auto take = [&] {
    const DualRun::Counts counts = run.Take();
    sum.compared += counts.compared;
    sum.differing += counts.differing;
    sum.lost += counts.lost;
    for (const auto& key : counts.keys) {
      by_key.differing += key.differing;
      by_key.lost += key.lost;
    }
  };
  while (ended < kThreads) take();
  for (std::thread& thread : threads) thread.join();
  take();
  EXPECT_EQ(sum.compared, kThreads * kEach);
  EXPECT_EQ(sum.differing, kThreads * kEach / 2);
  EXPECT_EQ(sum.lost, sum.differing);
  EXPECT_EQ(by_key.differing, sum.differing);
  EXPECT_EQ(by_key.lost, sum.lost);
}

}  // namespace
}  // namespace portolan::mapcore
