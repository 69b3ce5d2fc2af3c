#include "mapcore/hash_pages.h"

#include <gtest/gtest.h>

#include <bit>
#include <string>
#include <vector>

namespace portolan::mapcore {
namespace {

SortedRuns Numbered(std::size_t begin, std::size_t end) {
  std::vector<RecordPtr> records;
  for (std::size_t i = begin; i < end; ++i)
    records.push_back(MakeRecord(std::to_string(1'000'000 + i), "v"));
  return SortedRuns(std::move(records));
}

std::size_t Slots(const HashPages& index) {
  std::size_t slots = 0;
  for (const HashPages::PagePtr& page : index.pages()) slots += page ? page->size() : 0;
  return slots;
}

void ExpectIndexOf(const HashPages& index, const SortedRuns& records) {
  EXPECT_EQ(Slots(index), records.size());
  for (const auto& run : records.runs())
    for (const RecordPtr& record : *run) ASSERT_EQ(index.Find(record->key), record.get());
}

TEST(HashPages, FindsEveryRecordAndNothingElse) {
  for (const std::size_t count : {0, 1, 7, 8, 9, 100, 5'000}) {
    const SortedRuns records = Numbered(0, count);
    const HashPages index(records);
    ExpectIndexOf(index, records);
    EXPECT_EQ(index.Find("absent"), nullptr);
  }
}

TEST(HashPages, HasAPowerOfTwoOfPagesOfAFewSlotsEach) {
  const HashPages index(Numbered(0, 5'000));
  EXPECT_TRUE(std::has_single_bit(index.pages().size()));
  EXPECT_LE(index.pages().size() * HashPages::kSlotsMin, 5'000u);
  EXPECT_GE(index.pages().size() * HashPages::kSlotsMax, 5'000u);
  for (const HashPages::PagePtr& page : index.pages())
    EXPECT_TRUE(page == nullptr || page->size() < 40);  // a hash that spreads: the mean is below 8
}

TEST(HashPages, CopiesOnlyTheTouchedPage) {
  const SortedRuns before = Numbered(0, 5'000);
  const HashPages index(before);
  const RecordPtr record = MakeRecord("1000042", "changed");
  const std::vector<Edit> edits{{record->key, record}};
  const SortedRuns after = before.Edited(edits);
  const HashPages edited = index.Edited(edits, after);
  ExpectIndexOf(edited, after);
  ExpectIndexOf(index, before);
  ASSERT_EQ(edited.pages().size(), index.pages().size());
  std::size_t copied = 0;
  for (std::size_t i = 0; i < index.pages().size(); ++i)
    copied += index.pages()[i] != edited.pages()[i];
  EXPECT_EQ(copied, 1u);
}

TEST(HashPages, GrowsAndShrinksWithItsRecords) {
  SortedRuns records = Numbered(0, 100);
  HashPages index(records);
  const std::size_t small = index.pages().size();

  const SortedRuns more = Numbered(100, 5'000);
  std::vector<Edit> edits;
  for (const auto& run : more.runs())
    for (const RecordPtr& record : *run) edits.push_back({record->key, record});
  const SortedRuns grown = records.Edited(edits);
  const HashPages grown_index = index.Edited(edits, grown);
  ExpectIndexOf(grown_index, grown);
  EXPECT_GT(grown_index.pages().size(), small);

  for (Edit& edit : edits) edit.record = nullptr;
  const SortedRuns shrunk = grown.Edited(edits);
  const HashPages shrunk_index = grown_index.Edited(edits, shrunk);
  ExpectIndexOf(shrunk_index, shrunk);
  EXPECT_EQ(shrunk_index.pages().size(), small);
}

TEST(HashPages, ForgetsErasedKeysAndGivesUpEmptyPages) {
  const SortedRuns records = Numbered(0, 20);
  const HashPages index(records);
  std::vector<Edit> edits;
  for (const RecordPtr& record : *records.runs().front()) edits.push_back({record->key, nullptr});
  const HashPages emptied = index.Edited(edits, records.Edited(edits));
  EXPECT_EQ(Slots(emptied), 0u);
  EXPECT_EQ(emptied.Find("1000000"), nullptr);

  edits.resize(12);
  const SortedRuns rest = records.Edited(edits);
  const HashPages left = index.Edited(edits, rest);
  ExpectIndexOf(left, rest);
  for (const Edit& edit : edits) EXPECT_EQ(left.Find(edit.key), nullptr);
}

}  // namespace
}  // namespace portolan::mapcore
