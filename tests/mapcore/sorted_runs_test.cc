#include "mapcore/sorted_runs.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "mapcore/base/random.h"
#include "tests/mapcore/record_fixture.h"

namespace portolan::mapcore {
namespace {

std::string SortedKey(std::size_t number) {
  const std::string digits = std::to_string(number);
  return std::string(8 - digits.size(), '0') + digits;
}

SortedRuns NumberedRuns(std::size_t count) {
  SortedRuns::Run records;
  for (std::size_t i = 0; i < count; ++i) records.push_back(MakeRecord(SortedKey(i), "v"));
  return SortedRuns(std::move(records));
}

std::map<std::string, std::string> Contents(const SortedRuns& runs) {
  std::map<std::string, std::string> contents;
  for (const auto& run : runs.runs())
    for (const hmap::Record* record : *run) contents.emplace(record->key(), record->value());
  return contents;
}

// Names the first invariant of the header that does not hold, or nothing.
std::string BrokenInvariant(const SortedRuns& sorted) {
  std::size_t size = 0;
  std::string last;
  for (std::size_t i = 0; i < sorted.runs().size(); ++i) {
    const SortedRuns::Run& run = *sorted.runs()[i];
    if (run.empty()) return "an empty run";
    if (run.size() > SortedRuns::kRunMax) return "a run too long";
    if (i > 0 && sorted.runs()[i - 1]->size() + run.size() <= SortedRuns::kRunMax / 2)
      return "crumbs";
    for (const hmap::Record* record : run) {
      if (size++ > 0 && record->key() <= last) return "order";
      last = record->key();
    }
  }
  return size == sorted.size() ? "" : "size";
}

std::size_t SharedRuns(const SortedRuns& a, const SortedRuns& b) {
  const std::set<SortedRuns::RunPtr> runs(a.runs().begin(), a.runs().end());
  return static_cast<std::size_t>(std::count_if(
      b.runs().begin(), b.runs().end(), [&](const auto& run) { return runs.contains(run); }));
}

TEST(SortedRuns, CopiesOnlyTheRunThatAnEditFallsInto) {
  const SortedRuns before = NumberedRuns(10'000);
  const hmap::Record* record = MakeRecord(SortedKey(5'000), "changed");
  const SortedRuns after = before.Edited(std::vector<Edit>{{record->key(), record}});
  ASSERT_GT(before.runs().size(), 10u);
  EXPECT_EQ(after.runs().size(), before.runs().size());
  EXPECT_EQ(SharedRuns(before, after), before.runs().size() - 1);
}

TEST(SortedRuns, CutsARunThatOutgrewItsLimit) {
  const SortedRuns before = NumberedRuns(10);
  SortedRuns::Run added;
  for (std::size_t i = 10; i < 2'000; ++i) added.push_back(MakeRecord(SortedKey(i), "v"));
  std::vector<Edit> edits;
  for (const hmap::Record* record : added) edits.push_back({record->key(), record});
  const SortedRuns after = before.Edited(edits);
  EXPECT_EQ(Contents(after), Contents(NumberedRuns(2'000)));
  EXPECT_EQ(BrokenInvariant(after), "");
}

TEST(SortedRuns, LeavesNoCrumbsWhenAlmostEverythingIsErased) {
  SortedRuns runs = NumberedRuns(5'000);
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < 5'000; ++i)
    if (i % 500 != 0) keys.push_back(SortedKey(i));
  std::vector<Edit> edits;
  for (const std::string& key : keys) edits.push_back({key, nullptr});
  runs = runs.Edited(edits);
  EXPECT_EQ(runs.size(), 10u);
  EXPECT_EQ(runs.runs().size(), 1u);
}

TEST(SortedRuns, KeepsItsInvariantsUnderAnyEdits) {
  EXPECT_TRUE(rc::check("edits equal the model", [](std::uint64_t seed) {
    Random random(seed);
    const std::size_t keys = 1 + random.Below(5'000);
    SortedRuns runs = NumberedRuns(random.Below(keys));
    std::map<std::string, std::string> model = Contents(runs);
    for (int round = 0; round < 8; ++round) {
      const bool erasing = random.Below(2) == 0;
      const std::size_t begin = random.Below(keys);
      const std::size_t end = begin + random.Below(keys - begin) + 1;
      const std::size_t stride = 1 + random.Below(50);
      std::vector<std::string> touched;
      for (std::size_t i = begin; i < end; i += stride) touched.push_back(SortedKey(i));
      std::vector<Edit> edits;
      for (const std::string& key : touched) {
        if (erasing)
          model.erase(key);
        else
          model[key] = std::to_string(round);
        const hmap::Record* record = erasing ? nullptr : MakeRecord(key, std::to_string(round));
        edits.push_back({key, record});
      }
      runs = runs.Edited(edits);
      RC_ASSERT(BrokenInvariant(runs) == "");
      RC_ASSERT(Contents(runs) == model);
    }
  }));
}

TEST(VisitDifferences, SkipsSharedRunsWithoutReadingThem) {
  const SortedRuns runs = NumberedRuns(3'000);
  const SortedRuns same = runs;
  for (const SortedRuns::RunPtr& run : runs.runs())
    const_cast<const hmap::Record*&>(run->front()) = nullptr;  // reading it would end the program
  int visits = 0;
  VisitDifferences(runs, same, [&](const auto*, const auto*) { return ++visits > 0; });
  EXPECT_EQ(visits, 0);
}

TEST(VisitDifferences, VisitsNothingBetweenCopies) {
  const SortedRuns runs = NumberedRuns(3'000);
  const SortedRuns copy = runs;
  int visits = 0;
  VisitDifferences(runs, copy, [&](const auto*, const auto*) { return ++visits > 0; });
  EXPECT_EQ(visits, 0);
}

TEST(VisitDifferences, GoesOnAlignedBehindAnInsertedKey) {
  const SortedRuns before = NumberedRuns(3'000);
  const hmap::Record* record = MakeRecord(SortedKey(1'500) + "+", "new");
  const SortedRuns after = before.Edited(std::vector<Edit>{{record->key(), record}});
  std::vector<std::string> visited;
  VisitDifferences(before, after, [&](const hmap::Record* a, const hmap::Record* b) {
    EXPECT_EQ(a, nullptr);
    visited.emplace_back(b->key());
    return true;
  });
  EXPECT_EQ(visited, std::vector<std::string>{std::string(record->key())});
}

TEST(VisitDifferences, FindsTheSameAcrossDifferentCuts) {
  const SortedRuns whole = NumberedRuns(3'000);
  SortedRuns grown = NumberedRuns(1'000);
  SortedRuns::Run records;
  std::vector<Edit> edits;
  for (std::size_t i = 1'000; i < 3'000; ++i)
    records.push_back(MakeRecord(SortedKey(i), i == 2'345 ? "other" : "v"));
  for (const hmap::Record* record : records) edits.push_back({record->key(), record});
  grown = grown.Edited(edits);
  std::vector<std::string> visited;
  VisitDifferences(whole, grown, [&](const hmap::Record* a, const hmap::Record* b) {
    visited.push_back(std::string(a->key()) + " " + std::string(a->value()) + " " +
                      std::string(b->value()));
    return true;
  });
  EXPECT_EQ(visited, std::vector<std::string>{SortedKey(2'345) + " v other"});
}

TEST(VisitDifferences, StopsWhenTheVisitorSaysSo) {
  const SortedRuns empty;
  const SortedRuns runs = NumberedRuns(3'000);
  std::vector<const hmap::Record*> records;
  std::vector<Edit> edits;
  for (std::size_t i = 0; i < 3'000; ++i) records.push_back(MakeRecord(SortedKey(i), "other"));
  for (const hmap::Record* record : records) edits.push_back({record->key(), record});
  const SortedRuns changed = runs.Edited(edits);
  const auto visits_of_three = [](const SortedRuns& before, const SortedRuns& after) {
    int visits = 0;
    VisitDifferences(before, after, [&](const auto*, const auto*) { return ++visits < 3; });
    return visits;
  };
  EXPECT_EQ(visits_of_three(runs, changed), 3);
  EXPECT_EQ(visits_of_three(runs, empty), 3);
  EXPECT_EQ(visits_of_three(empty, runs), 3);
}

}  // namespace
}  // namespace portolan::mapcore
