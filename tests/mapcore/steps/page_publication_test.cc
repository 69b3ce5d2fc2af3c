// Every sight that readers may have of a page while PlaceEntry, EmptySlot and ReplaceRef change it.
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "mapcore/hmap/page.h"
#include "tests/mapcore/steps/sights.h"

namespace portolan::mapcore::steps {
namespace {

using hmap::Bucket;
using hmap::HashParts;
using hmap::Page;
using hmap::Slot;

// Keys "a", "b", ... of one home have the same tophash and, where `rest` is equal, the same further
// bits.
HashParts Parts(std::uint32_t home, std::uint64_t rest = 0) {
  return HashParts(rest << 44 | std::uint64_t{0x80} << 4 | home);
}

// A page that one writer changes by whole operations, whose stores are noted.
class PageScript : public testing::Test {
 protected:
  PageScript() { page_.Clear(1); }

  // Before Begin() what was there; after it an operation each.
  void Insert(const std::string& key, HashParts parts) {
    parts_.emplace(key, parts);
    if (begun_ && !answers_.contains(key)) answers_[key].resize(ends_.size(), "absent");
    Do([&] { Place(key); });
  }
  void Overwrite(const std::string& key) {
    Do([&] { hmap::ReplaceRef(SlotOf(key), NewRecord(key)); });
  }
  void Erase(const std::string& key) {
    Do([&] { hmap::EmptySlot(SlotOf(key)); });
  }
  void Begin() {
    begun_ = true;
    ends_ = {0};
    for (const auto& [key, parts] : parts_) answers_[key] = {AnswerNow(key)};
  }
  // Keys of these parts that never were there are asked for as well.
  void Absent(const std::string& key, HashParts parts) { parts_.emplace(key, parts); }

  std::string FirstWrong(const StoreLog& log) {
    for (const auto& [key, answers] : answers_) {
      const auto ask = [&, asked = &key](const View&) { return Ask(*asked); };
      const Verdict verdict = Judge(log, ends_, {ask, answers});
      sights_ += verdict.sights;
      if (!verdict.wrong.empty()) return "asked for " + key + ", " + verdict.wrong;
    }
    return "";
  }
  void ExpectSound(std::size_t sights_min) {
    EXPECT_EQ(FirstWrong(log_), "");
    EXPECT_GE(sights_, sights_min) << "readers saw less than they may";
  }

  // The last store to a word.
  std::size_t LastTo(const void* word) const {
    std::size_t last = 0;
    for (std::size_t at = 1; at <= log_.size(); ++at)
      if (log_.at(at).word == word) last = at;
    return last;
  }

  Page page_;
  StoreLog log_;
  std::uint32_t made_[64] = {};  // by reference, set when its record is whole

 private:
  template <typename Operation>
  void Do(const Operation& operation) {
    {
      const Watching watching(begun_ ? &log_ : nullptr);
      operation();
    }
    if (!begun_) return;
    ends_.push_back(log_.size());
    for (auto& [key, answers] : answers_) answers.push_back(AnswerNow(key));
  }
  std::uint32_t NewRecord(const std::string& key) {
    keys_.push_back(key);
    const auto ref = static_cast<std::uint32_t>(keys_.size() - 1);
    hmap::StoreRelaxed(made_[ref], 1u);
    return ref;
  }
  void Place(const std::string& key) {
    ASSERT_TRUE(hmap::PlaceEntry(page_, parts_.at(key), NewRecord(key)));
  }
  Slot SlotOf(const std::string& key) {
    return hmap::Probe(&page_, parts_.at(key), nullptr,
                       [&](std::uint32_t ref) { return keys_[ref] == key; });
  }
  std::string AnswerNow(const std::string& key) { return Ask(key); }
  // By the real Probe: which record the key has.
  std::string Ask(const std::string& key) {
    std::string answer = "absent";
    hmap::Probe(&page_, parts_.at(key), nullptr, [&](std::uint32_t ref) {
      if (ref == 0) return false;
      if (hmap::LoadRelaxed(made_[ref]) == 0) {
        answer = "a record that is not whole";
        return true;
      }
      if (keys_[ref] != key) return false;
      answer = "record " + std::to_string(ref);
      return true;
    });
    return answer;
  }

  bool begun_ = false;
  std::deque<std::string> keys_{""};  // by reference; 0 names no record
  std::map<std::string, HashParts> parts_;
  std::map<std::string, std::vector<std::string>> answers_;
  std::vector<std::size_t> ends_;
  std::size_t sights_ = 0;
};

TEST_F(PageScript, AnEntryIsThereWholeOrNotAtAll) {
  Insert("there", Parts(3));
  Absent("never", Parts(3));
  Begin();
  Insert("a", Parts(3));
  Insert("b", Parts(3, 1));
  ExpectSound(50);
}

TEST_F(PageScript, AnEntryWhoseHomeIsFullIsReachedThroughTheCountersOrNotYet) {
  for (int i = 0; i < 8; ++i) Insert("home " + std::to_string(i), Parts(15, i));
  for (int i = 0; i < 7; ++i) Insert("next " + std::to_string(i), Parts(0, i));
  Absent("never", Parts(15));
  Begin();
  Insert("a", Parts(15, 20));  // around the end of the page
  Insert("b", Parts(15, 20));  // and past a second full bucket
  Erase("a");
  Erase("b");
  ExpectSound(500);
}

TEST_F(PageScript, AnEntryThatPassedItsHomeStaysFoundWhileOthersComeAndGo) {
  for (int i = 0; i < 8; ++i) Insert("home " + std::to_string(i), Parts(4, i));
  Insert("stays", Parts(4, 30));
  Insert("goes", Parts(4, 30));
  Begin();
  Erase("home 3");
  Erase("goes");
  Insert("a", Parts(4, 30));
  Insert("b", Parts(4, 30));
  ExpectSound(500);
}

TEST_F(PageScript, AnOverwrittenEntryHasTheOldRecordOrTheNewOne) {
  Insert("a", Parts(1));
  Begin();
  Overwrite("a");
  Overwrite("a");
  Overwrite("a");
  ExpectSound(20);
}

// The slot is the same one each time, and nothing that a probe compares is different.
TEST_F(PageScript, ASlotThatIsUsedAgainShowsEachOfItsEntriesUnderItsOwnKeyOnly) {
  Insert("a", Parts(1));
  Insert("b", Parts(1));
  Absent("c", Parts(1));
  Begin();
  Erase("a");
  Insert("c", Parts(1));
  Erase("c");
  Insert("a", Parts(1));
  ExpectSound(200);
}

TEST_F(PageScript, AKeyGoesThroughItsStatesInOrder) {
  Begin();
  Insert("a", Parts(9));
  Overwrite("a");
  Erase("a");
  Insert("a", Parts(9));
  Overwrite("a");
  ExpectSound(100);
}

// What would be seen if the code did it in another order. Not every other order is wrong: the
// reference decides, so the counters on the way to an entry may come before or behind its tophash.
TEST_F(PageScript, AReferenceBeforeItsTophashIsSeenWhereItsSlotWasUsedBefore) {
  Insert("a", Parts(3));
  Begin();
  Erase("a");
  Insert("a", Parts(3));
  const Bucket& bucket = page_.buckets[3];
  EXPECT_EQ(FirstWrong(log_), "");
  EXPECT_EQ(
      FirstWrong(log_.Moved(LastTo(&bucket.refs[0]), LastTo(&bucket.tops))),
      "asked for a, a reader that knows what another one saw is answered \"absent\" after 2 of "
      "2 operations");
}

TEST_F(PageScript, AReferenceBeforeItsRecordIsSeen) {
  Insert("a", Parts(3));
  Begin();
  Overwrite("a");
  const std::size_t referred = LastTo(&page_.buckets[3].refs[0]);
  EXPECT_EQ(FirstWrong(log_), "");
  EXPECT_EQ(FirstWrong(log_.Moved(referred, LastTo(&made_[2]))),
            "asked for a, a reader is answered \"a record that is not whole\" after 0 of 1 "
            "operations");
  EXPECT_NE(FirstWrong(log_.Weakened(referred)), "");
}

// The tophash that is still seen is that of the entry before: only the reference leads to the new
// record.
TEST_F(PageScript, AReferenceThatReleasesNothingIsSeenWhereItsSlotWasUsedBefore) {
  Insert("a", Parts(3));
  Begin();
  Erase("a");
  Insert("b", Parts(3));
  EXPECT_EQ(FirstWrong(log_), "");
  EXPECT_NE(FirstWrong(log_.Weakened(LastTo(&page_.buckets[3].refs[0]))), "");
}

// Here the counter is what is stored last, and the reader that saw the entry knows of it.
TEST_F(PageScript, ACounterBehindItsEntryIsSeenWhereTheWayToItWasOpen) {
  for (int i = 0; i < 8; ++i) Insert("home " + std::to_string(i), Parts(4, i));
  Insert("goes", Parts(4, 30));
  Begin();
  Erase("goes");
  Insert("a", Parts(4, 31));
  const Bucket& bucket = page_.buckets[5];
  const std::size_t counted = LastTo(&page_.buckets[4].link);
  EXPECT_EQ(FirstWrong(log_), "");
  EXPECT_NE(FirstWrong(log_.Moved(LastTo(&bucket.refs[0]), counted)), "");
}

}  // namespace
}  // namespace portolan::mapcore::steps
