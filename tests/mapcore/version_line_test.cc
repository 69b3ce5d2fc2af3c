#include "mapcore/version_line.h"

#include <gtest/gtest.h>

#include <new>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/mapcore/heap.h"

namespace portolan::mapcore {
namespace {

class VersionLineTest : public testing::Test {
 protected:
  LineVersion Numbered(int entries, const std::string& value = "old") {
    std::vector<std::string> keys;
    for (int i = 0; i < entries; ++i) keys.push_back("key/" + std::to_string(i));
    std::vector<KeyValue> pairs;
    for (const std::string& key : keys) pairs.push_back({key, value});
    records_.clear();
    return LineVersion::Begin(pairs, records_).value();
  }
  LineVersion With(const LineVersion& version, const std::string& key,
                   std::optional<std::string_view> value) {
    edits_.clear();
    return version.Apply(std::vector<KeyChange>{{key, value}}, edits_).value();
  }

  SortedRuns::Run records_;
  std::vector<Edit> edits_;
};

TEST_F(VersionLineTest, HandsOutTheRecordsOfItsPairsInOrder) {
  const LineVersion version = Numbered(100);
  ASSERT_EQ(records_.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(records_[i]->key(), "key/" + std::to_string(i));
  EXPECT_EQ(version.Find("key/7"), "old");
}

TEST_F(VersionLineTest, SaysWhatBecameOfEachKey) {
  const LineVersion version = Numbered(100);
  const LineVersion put = With(version, "key/3", "new");
  ASSERT_EQ(edits_.size(), 1u);
  EXPECT_EQ(edits_[0].record->value(), "new");
  const LineVersion erased = With(put, "key/3", std::nullopt);
  EXPECT_EQ(edits_[0].key, "key/3");
  EXPECT_EQ(edits_[0].record, nullptr);
  EXPECT_EQ(erased.Find("key/3"), std::nullopt);
  EXPECT_EQ(put.Find("key/3"), "new");
  EXPECT_EQ(version.Find("key/3"), "old");
}

TEST_F(VersionLineTest, AVersionOfTheLineAndAForkOfItCompareByWhatTheyShare) {
  const LineVersion base = Numbered(20'000);
  const LineVersion newest = With(base, "key/1", "a");
  const LineVersion forked = With(base, "key/2", "b");
  const auto changes = DiffOfOneLine(newest, forked);
  ASSERT_TRUE(changes.has_value());
  EXPECT_EQ(changes->changes.size(), 2u);
  EXPECT_LE(changes->pages_read, 4u);
  EXPECT_FALSE(DiffOfOneLine(base, Numbered(10)).has_value());
}

TEST_F(VersionLineTest, TheEmptyVersionHasNoLine) {
  const LineVersion empty;
  EXPECT_EQ(empty.Find("a"), std::nullopt);
  EXPECT_EQ(empty.Apply(std::vector<KeyChange>{{"a", "1"}}, edits_).error().code,
            ErrorCode::kExhausted);
}

TEST_F(VersionLineTest, ASmallVersionHasItsEntriesAndNoLine) {
  const LineVersion version = Numbered(5);
  EXPECT_EQ(version.Find("key/4"), "old");
  EXPECT_EQ(version.Find("key/5"), std::nullopt);
  EXPECT_LT(version.bytes(), 400u);
  EXPECT_EQ(version.Apply(std::vector<KeyChange>{{"a", "1"}}, edits_).error().code,
            ErrorCode::kExhausted);
}

TEST_F(VersionLineTest, RefusesToGoOnWhenItsMemoryIsFullAndStaysWhole) {
  const LineVersion base = Numbered(40);
  std::vector<LineVersion> kept{base};
  const std::string large(60'000, 'x');
  for (;;) {
    edits_.clear();
    auto next = kept.back().Apply(
        std::vector<KeyChange>{{"a" + std::to_string(kept.size()), "1"}, {"key/1", large}}, edits_);
    if (!next.ok()) {
      EXPECT_EQ(next.error().code, ErrorCode::kExhausted);
      break;
    }
    kept.push_back(*std::move(next));
  }
  EXPECT_GT(kept.size(), 10u);
  EXPECT_EQ(kept.back().Find("a" + std::to_string(kept.size())), std::nullopt);
  EXPECT_EQ(base.Find("key/1"), "old");
  const LineVersion small = With(base, "key/2", "fits");
  EXPECT_EQ(small.Find("key/2"), "fits");
  EXPECT_EQ(small.Find("a1"), std::nullopt);
}

// A change that fails half way is taken back: the line goes on from its newest version as it is.
TEST_F(VersionLineTest, GoesOnAfterAChangeThatFailed) {
  std::optional<LineVersion> newest(Numbered(40));
  const std::string large(60'000, 'x');
  std::vector<std::string> names;
  for (int i = 100; i < 150; ++i) names.push_back("b" + std::to_string(i));
  std::vector<KeyChange> too_much;
  for (const std::string& name : names) too_much.push_back({name, large});
  for (int round = 0; round < 20; ++round) {
    edits_.clear();
    ASSERT_FALSE(newest->Apply(too_much, edits_).ok());
    const LineVersion before = *newest;
    newest.emplace(With(before, "key/2", std::to_string(round)));
    EXPECT_EQ(newest->Find("key/2"), std::to_string(round));
    EXPECT_EQ(newest->Find("b100"), std::nullopt);
    const auto changes = DiffOfOneLine(before, *newest);
    ASSERT_TRUE(changes.has_value());
    EXPECT_EQ(changes->changes.size(), 1u);
  }
}

TEST_F(VersionLineTest, GoesOnAfterAChangeThatThrew) {
  const std::vector<KeyChange> changes = {
      {"key/0", "new"}, {"key/1", "new"}, {"key/2", "new"}, {"key/3", "new"}, {"key/4", "new"}};
  std::uint64_t threw = 0;
  bool met = true;
  for (std::uint64_t granted = 0; met; ++granted) {
    const LineVersion base = Numbered(40);
    std::vector<Edit> edits;
    try {
      const HeapFault fault(granted);
      (void)base.Apply(changes, edits);
      met = fault.met();
    } catch (const std::bad_alloc&) {
      ++threw;
    }
    const LineVersion next = With(base, "key/39", "new");
    for (int i = 0; i < 5; ++i)
      EXPECT_EQ(next.Find("key/" + std::to_string(i)), "old") << "after " << granted << " calls";
  }
  EXPECT_GT(threw, 1u);
}

// Sizes that go up and come back: the line moves records together, and what it says of them keeps
// the order at the records that the version holds.
TEST_F(VersionLineTest, TheOrderFollowsRecordsThatAreMoved) {
  constexpr int kEntries = 6'000;
  std::vector<std::string> keys;
  for (int i = 0; i < kEntries; ++i) keys.push_back("key/" + std::to_string(10'000 + i));
  const std::string small(40, 's');
  const std::string large(300, 'l');
  std::vector<KeyValue> pairs;
  for (const std::string& key : keys) pairs.push_back({key, small});
  std::optional<LineVersion> newest(LineVersion::Begin(pairs, records_).value());
  SortedRuns order(records_);
  std::size_t moved = 0;
  for (int round = 0; round < 40; ++round) {
    std::vector<KeyChange> changes;
    for (int i = round % 20; i < kEntries; i += 20)
      changes.push_back({keys[static_cast<std::size_t>(i)], round < 20 ? large : small});
    edits_.clear();
    LineVersion next = newest->Apply(changes, edits_).value();
    moved += edits_.size() - changes.size();
    order = order.Edited(edits_);
    newest.emplace(std::move(next));
    ASSERT_EQ(order.size(), keys.size());
    for (const SortedRuns::RunPtr& run : order.runs())
      for (const hmap::Record* record : *run)
        ASSERT_EQ(newest->Find(record->key())->data(), record->value().data());
  }
  EXPECT_GT(moved, 100u);
}

TEST_F(VersionLineTest, VersionsAreReadAndLetGoOnAnyThreadBesideApply) {
  LineVersion first = Numbered(2'000);
  std::optional<LineVersion> newest(With(first, "n", "0"));
  for (int round = 1; round < 60; ++round) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t)
      threads.emplace_back([version = std::optional<LineVersion>(*newest), round]() mutable {
        EXPECT_EQ(version->Find("n"), std::to_string(round - 1));
        EXPECT_EQ(version->Find("key/77"), "old");
        version.reset();
      });
    LineVersion next = With(*newest, "n", std::to_string(round));
    newest.emplace(std::move(next));
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(first.Find("n"), std::nullopt);
}

}  // namespace
}  // namespace portolan::mapcore
