#include "reconciler/rollout/rollout.h"

#include <gtest/gtest.h>

namespace portolan::reconciler {
namespace {

HistoryEntry EntryOf(std::uint64_t number, std::string_view content,
                     std::optional<WallTime> known_good) {
  HistoryEntry entry;
  entry.version.digest = Sha256Of(content);
  entry.version.number = number;
  entry.version.revision.commit = "abcdef" + std::to_string(number);
  entry.known_good = known_good;
  return entry;
}

TEST(Phase, HasOneNameEach) {
  for (const std::string_view name : {"Pending", "Healthy", "Held", "Stepping", "Paused", "Baking",
                                      "RollingBack", "RolledBack", "Retiring", "Locked"}) {
    const auto phase = ParsePhase(name);
    ASSERT_TRUE(phase.ok()) << name;
    EXPECT_EQ(PhaseName(*phase), name);
  }
  EXPECT_FALSE(ParsePhase("healthy").ok());
}

TEST(FindVersion, TakesANumberADigestOrACommit) {
  Rollout rollout;
  rollout.history = {EntryOf(1, "a", {}), EntryOf(2, "b", {})};
  EXPECT_EQ(FindVersion(rollout, "2")->version.number, 2u);
  EXPECT_EQ(FindVersion(rollout, Sha256Of("a").ToString())->version.number, 1u);
  EXPECT_EQ(FindVersion(rollout, Sha256Of("b").Short())->version.number, 2u);
  EXPECT_EQ(FindVersion(rollout, "abcdef1")->version.number, 1u);
  EXPECT_EQ(FindVersion(rollout, "3"), nullptr);
}

TEST(FindVersion, RefusesWhatNamesTwoDigests) {
  Rollout rollout;
  rollout.history = {EntryOf(1, "a", {}), EntryOf(2, "b", {})};
  EXPECT_EQ(FindVersion(rollout, "abcdef"), nullptr);
  rollout.history[1].version.digest = rollout.history[0].version.digest;
  EXPECT_EQ(FindVersion(rollout, "abcdef")->version.number, 2u) << "the newest of one digest";
}

TEST(KnownGood, EndsWithTheWindowInTimeAndInVersions) {
  const WallTime now(std::chrono::hours(1000));
  manifests::Strategy strategy = manifests::DefaultStrategy();
  strategy.rollback_window_age = std::chrono::hours(72);
  strategy.rollback_window_versions = 2;
  Rollout rollout;
  rollout.history = {EntryOf(1, "a", now - std::chrono::hours(10)),
                     EntryOf(2, "b", now - std::chrono::hours(9)), EntryOf(3, "c", std::nullopt),
                     EntryOf(4, "d", now - std::chrono::hours(8))};
  EXPECT_TRUE(KnownGood(rollout, Sha256Of("b"), strategy, now));
  EXPECT_FALSE(KnownGood(rollout, Sha256Of("a"), strategy, now))
      << "the third newest of a window of two";
  EXPECT_FALSE(KnownGood(rollout, Sha256Of("c"), strategy, now)) << "never passed its bake";
  EXPECT_FALSE(KnownGood(rollout, Sha256Of("d"), strategy, now + std::chrono::hours(72)));
}

}  // namespace
}  // namespace portolan::reconciler
