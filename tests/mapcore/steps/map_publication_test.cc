// Every sight that readers may have of a map while its writer splits and merges pages, copies what
// a snapshot has, chains overflow pages, relocates entries under another seed, or goes on as
// another map.
#include <gtest/gtest.h>

#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mapcore/base/random.h"
#include "mapcore/hmap.h"
#include "tests/from_environment.h"
#include "tests/mapcore/hash_keys.h"
#include "tests/mapcore/steps/sights.h"

namespace portolan::mapcore::steps {
namespace {

// Spread over pages, homes and tophashes.
std::string Spread(std::uint64_t i) {
  return KeyOf(hmap::Fold(i + 1, 0x9E3779B97F4A7C15));
}

// A map that one writer changes by whole operations, whose stores are noted. A reader stays in its
// scope from Begin() on, as all whose sights are looked at do: so nothing of what they may look at
// is used again.
class ScriptedMap {
 public:
  void Make(hmap::HashFunction hash) {
    map.emplace(Hmap::Create({.seed = 1, .readers = &domain_, .hash = hash}).value());
  }
  void Put(const std::string& key, const std::string& value) {
    ASSERT_TRUE(map->Put(key, value).ok());
  }
  void Erase(const std::string& key) { ASSERT_TRUE(*map->Erase(key)); }

  // From here on readers look for these keys.
  void Begin(const std::vector<std::string>& keys) {
    domain_.Advance();  // what waits for the readers of before need not wait for these
    scope_.emplace(reader_);
    ends_ = {0};
    log.Cover([this] {
      const hmap::Arena& arena = map->lineage().arena();
      return std::span(arena.base(), arena.extents() * hmap::Arena::kExtentBytes);
    });
    for (const std::string& key : keys) answers_[key] = {AnswerNow(key)};
    NoteRecords(0);
  }
  void Do(const std::function<void()>& operation) {
    {
      const Watching watching(&log);
      operation();
    }
    log.Sweep();
    NoteRecords(ends_.back() + 1);
    ends_.push_back(log.size());
    for (auto& [key, answers] : answers_) answers.push_back(AnswerNow(key));
  }

  std::string FirstWrong(const StoreLog& of, std::size_t most = SIZE_MAX) {
    for (const auto& [key, answers] : answers_) {
      const auto ask = [&, asked = &key](const View& view) { return Ask(*asked, view); };
      const Verdict verdict = Judge(of, ends_, {ask, answers}, most);
      sights += verdict.sights;
      all = all && verdict.all;
      if (!verdict.wrong.empty()) return verdict.wrong;
    }
    return "";
  }
  void ExpectSound() {
    EXPECT_EQ(FirstWrong(log), "");
    EXPECT_GT(sights, answers_.size() * ends_.size()) << "readers saw less than they may";
    testing::Test::RecordProperty("sights", std::to_string(sights));
    const Status status = map->lineage().Validate();
    EXPECT_TRUE(status.ok()) << status.error().message;
  }

  // The places of stores to a word during an operation, counted from 1.
  std::vector<std::size_t> StoresTo(const void* word, std::size_t operation) const {
    std::vector<std::size_t> places;
    for (std::size_t at = ends_[operation - 1] + 1; at <= ends_[operation]; ++at)
      if (log.at(at).word == word && !log.at(at).plain) places.push_back(at);
    return places;
  }
  hmap::Top& top() { return *map->branch().head.top; }
  static hmap::Slot SlotIn(const hmap::Top& table, const std::string& key, const char* base) {
    const std::uint64_t hash = table.HashOf(key);
    return hmap::Probe(hmap::FindPage(table, hash), hmap::HashParts(hash), base,
                       [&](std::uint32_t ref) { return hmap::RecordAt(base, ref)->HasKey(key); });
  }
  std::uint64_t pages() const { return map->debug().buckets / hmap::Page::kBuckets; }

  std::optional<Hmap> map;
  StoreLog log;
  std::size_t sights = 0;
  bool all = true;  // of them were looked at

 private:
  std::string AnswerNow(const std::string& key) {
    return std::string(map->Find(key).value_or("absent"));
  }
  // The records that came with the operation whose first store is `made`: who knows of that store
  // knows them whole.
  void NoteRecords(std::size_t made) {
    for (const auto& [key, answers] : answers_)
      if (const auto value = map->Find(key)) made_.emplace(value->data(), made);
  }
  std::string Ask(const std::string& key, const View& view) {
    const auto value = map->FindLive(*scope_, key);
    if (!value) return "absent";
    const auto made = made_.find(value->data());
    if (made == made_.end()) return "a record of another key";
    if (made->second > view.knows) return "a record that is not whole";
    return std::string(*value);
  }

  hmap::ReaderDomain domain_{hmap::ReaderDomain::Fences::kPortable};
  hmap::Reader reader_{domain_};
  std::optional<hmap::ReadScope> scope_;
  std::map<std::string, std::vector<std::string>> answers_;
  std::map<const char*, std::size_t> made_;
  std::vector<std::size_t> ends_;
};

class MapScript : public testing::Test, public ScriptedMap {};

TEST_F(MapScript, WritesOfOneKeyAreSeenInOrder) {
  Make(KeyIsHash);
  Put(KeyOf(1, 1), "there");
  Begin({KeyOf(1, 1), KeyOf(1, 2), KeyOf(1, 3)});
  Do([&] { Put(KeyOf(1, 2), "one"); });
  Do([&] { Put(KeyOf(1, 2), "two"); });
  Do([&] { Erase(KeyOf(1, 2)); });
  Do([&] { Put(KeyOf(1, 2), "three"); });
  ExpectSound();
}

TEST_F(MapScript, NoKeyIsMissedWhileAPageSplits) {
  Make(KeyIsHash);
  for (std::uint64_t i = 0; i < 104; ++i) Put(Spread(i), "there");
  std::vector<std::string> keys{Spread(500), Spread(501)};
  for (std::uint64_t i = 0; i < 104; i += 5) keys.push_back(Spread(i));
  ASSERT_EQ(pages(), 1u);
  Begin(keys);
  Do([&] { Put(Spread(500), "new"); });
  Do([&] { Put(Spread(0), "overwritten"); });
  Do([&] { Erase(Spread(5)); });
  ASSERT_EQ(pages(), 2u);
  ExpectSound();
}

// The first nine bits are the same: the page splits, once a write, until it is deeper than its
// chunk may have it, the chunk splits, the top doubles.
TEST_F(MapScript, NoKeyIsMissedWhileAChunkSplitsAndTheTopDoubles) {
  Make(KeyIsHash);
  const auto deep = [](std::uint64_t i) {
    return KeyOf(hmap::Fold(i + 1, 0x9E3779B97F4A7C15) >> 9 | std::uint64_t{0x155} << 55);
  };
  std::vector<std::string> keys{deep(500), deep(509), KeyOf(7)};
  for (std::uint64_t i = 0; i < 104; ++i) Put(deep(i), "there");
  for (std::uint64_t i = 0; i < 104; i += 9) keys.push_back(deep(i));
  const std::uint32_t depth = top().depth;
  Begin(keys);
  for (std::uint64_t i = 500; i < 512; ++i) Do([&] { Put(deep(i), "new"); });
  EXPECT_GT(top().depth, depth + 1);
  EXPECT_GE(pages(), 10u);
  ExpectSound();
}

TEST_F(MapScript, NoKeyIsMissedWhilePagesMerge) {
  Make(KeyIsHash);
  for (std::uint64_t i = 0; i < 105; ++i) Put(Spread(i), "there");
  ASSERT_EQ(pages(), 2u);
  std::uint64_t erased = 0;
  // Until the next one makes the two pages one.
  const auto sparse = [&] {
    Hmap trial = map->Fork(map->TakeSnapshot(1, 0).value()).value();
    (void)*trial.Erase(Spread(erased));
    return trial.debug().buckets == hmap::Page::kBuckets;
  };
  while (!sparse()) Erase(Spread(erased++));
  std::vector<std::string> keys;
  for (std::uint64_t i = erased; i < 105; i += 3) keys.push_back(Spread(i));
  Begin(keys);
  Do([&] { Erase(Spread(erased)); });
  Do([&] { Put(Spread(erased), "again"); });
  ASSERT_EQ(pages(), 1u);
  ExpectSound();
}

TEST_F(MapScript, NoKeyIsMissedWhereASnapshotHasThePage) {
  Make(KeyIsHash);
  for (std::uint64_t i = 0; i < 300; ++i) Put(Spread(i), "there");
  const Snapshot first = map->TakeSnapshot(1, 0).value();
  Begin({Spread(1), Spread(2), Spread(3), Spread(4), Spread(500)});
  Do([&] { Put(Spread(1), "overwritten"); });
  Do([&] { Erase(Spread(2)); });
  Do([&] { (void)map->TakeSnapshot(2, 0).value(); });
  Do([&] { Put(Spread(500), "new"); });
  Do([&] { Put(Spread(1), "again"); });
  ExpectSound();
  EXPECT_EQ(first.Find(Spread(1)), "there");
}

// Hashes that a page cannot be split by, eight for each home: the page's last slot, then an
// overflow page; with that a relocation begins by itself.
TEST_F(MapScript, NoKeyIsMissedWhereAPageOverflows) {
  Make(KeyIsHash);
  const auto alike = [](std::uint64_t i) { return KeyOf(0xdeadbeefcafe0000 | i); };
  for (std::uint64_t i = 0; i < 127; ++i) Put(alike(i), "there");
  ASSERT_EQ(map->debug().noverflow, 0u);
  Begin({alike(0), alike(9), alike(15), alike(127), alike(128), alike(143), alike(999)});
  Do([&] { Put(alike(127), "last"); });
  Do([&] { Put(alike(128), "overflows"); });
  ASSERT_NE(map->debug().oldbuckets, 0u);
  Do([&] { Put(alike(128), "overwritten"); });
  Do([&] { Erase(alike(9)); });
  Do([&] { Put(alike(143), "another"); });
  ExpectSound();
}

class RelocationScript : public MapScript {
 protected:
  // Under way, and waited for by nobody.
  void Relocate(std::uint64_t entries) {
    Make(nullptr);
    for (std::uint64_t i = 0; i < entries; ++i) Put(Spread(i), "there");
    ASSERT_TRUE(map->StartReseed().ok());
  }
  std::vector<std::string> Keys(std::uint64_t entries) {
    std::vector<std::string> keys{Spread(500), Spread(501)};
    for (std::uint64_t i = 0; i < entries; ++i) keys.push_back(Spread(i));
    return keys;
  }
};

TEST_F(RelocationScript, NoKeyIsMissedWhileEntriesMoveToAnotherTable) {
  Relocate(20);
  Begin(Keys(20));
  Do([&] { EXPECT_TRUE(map->ContinueReseed()); });
  Do([&] { Put(Spread(500), "new"); });  // moves the rest, and commits
  Do([&] { Put(Spread(3), "overwritten"); });
  Do([&] { Erase(Spread(4)); });
  EXPECT_EQ(map->debug().oldbuckets, 0u);
  ExpectSound();
}

TEST_F(RelocationScript, NoKeyIsMissedWhileItWaitsForReaders) {
  Make(nullptr);
  for (std::uint64_t i = 0; i < 20; ++i) Put(Spread(i), "there");
  Begin(Keys(20));
  Do([&] { ASSERT_TRUE(map->StartReseed().ok()); });
  Do([&] { Put(Spread(500), "new"); });
  Do([&] { Erase(Spread(4)); });
  Do([&] { ASSERT_TRUE(map->AbandonReseed().ok()); });
  Do([&] { Put(Spread(501), "new"); });
  EXPECT_EQ(map->debug().nevacuate, 0u) << "nothing moved under a reader that knows one table";
  ExpectSound();
}

TEST_F(RelocationScript, NoKeyIsMissedWhereItIsAbandonedHalfWay) {
  Relocate(20);
  ASSERT_TRUE(map->ContinueReseed());
  Begin(Keys(20));
  Do([&] { ASSERT_TRUE(map->AbandonReseed().ok()); });
  Do([&] { Put(Spread(500), "new"); });
  Do([&] { Put(Spread(3), "overwritten"); });
  ExpectSound();
}

TEST_F(RelocationScript, NoKeyIsMissedWhileEntriesMoveBack) {
  Relocate(20);
  ASSERT_TRUE(map->ContinueReseed());
  ASSERT_TRUE(map->AbandonReseed().ok());
  Begin(Keys(20));
  Do([&] { Put(Spread(500), "new"); });
  while (map->debug().oldbuckets != 0) Do([&] { (void)map->ContinueReseed(); });
  ExpectSound();
}

// A map in some state, and a few operations of any kind.
class RandomScript : public ScriptedMap {
 public:
  explicit RandomScript(std::uint64_t seed) : random_(seed) {
    Make(random_.Below(2) == 0 ? nullptr : FewBits);
    for (std::uint64_t i = random_.Below(3) == 0 ? random_.Below(120) : random_.Below(20); i > 0;
         --i)
      Put(Key(), Value());
    if (random_.Below(3) == 0) kept_.push_back(map->TakeSnapshot(1, 0).value());
    if (random_.Below(3) == 0) {
      (void)map->StartReseed();
      for (std::uint64_t i = random_.Below(3); i > 0; --i) (void)map->ContinueReseed();
      if (random_.Below(2) == 0) (void)map->AbandonReseed();
    }
    std::vector<std::string> keys;
    for (int i = 0; i < 5; ++i) keys.push_back(Key());
    Begin(keys);
    for (std::uint64_t i = 2 + random_.Below(3); i > 0; --i)
      Do([&] { Operate(keys[random_.Below(keys.size())]); });
  }

 private:
  static std::uint64_t FewBits(std::string_view key, std::uint64_t seed) {
    return hmap::HashBytes(key, seed) & 0xe000'0000'0000'0013;
  }
  std::string Key() { return "key/" + std::to_string(random_.Below(150)); }
  std::string Value() { return "value " + std::to_string(++values_); }

  void Operate(const std::string& asked) {
    switch (random_.Below(14)) {
      case 0:
        kept_.push_back(map->TakeSnapshot(1, 0).value());
        break;
      case 1:
        (void)map->StartReseed();  // kConflict when one is under way
        break;
      case 2:
        (void)map->ContinueReseed();
        break;
      case 3:
        ASSERT_TRUE(map->AbandonReseed().ok());
        break;
      case 4:
        if (random_.Below(4) == 0) {
          ASSERT_TRUE(map->Clear().ok());
        }
        break;
      case 5:
        if (!kept_.empty()) map->Promote(map->Fork(kept_.back()).value());
        break;
      case 6:
        Put(Key(), Value());
        break;
      case 7:
      case 8:
      case 9:
        ASSERT_TRUE(map->Erase(asked).ok());
        break;
      default:
        Put(asked, Value());
    }
  }

  Random random_;
  int values_ = 0;
  std::vector<Snapshot> kept_;
};

// PORTOLAN_SCRIPTS of them, from PORTOLAN_SCRIPT_SEED on.
TEST(RandomScripts, AreSeenAsOneOperationAfterTheOther) {
  const std::uint64_t first = FromEnvironment("PORTOLAN_SCRIPT_SEED", 1);
  const std::uint64_t scripts = FromEnvironment("PORTOLAN_SCRIPTS", 15);
  std::uint64_t whole = 0;
  std::size_t sights = 0;
  for (std::uint64_t seed = first; seed < first + scripts; ++seed) {
    RandomScript script(seed);
    ASSERT_EQ(script.FirstWrong(script.log, 3'000), "") << "PORTOLAN_SCRIPT_SEED=" << seed;
    whole += script.all;
    sights += script.sights;
  }
  std::cout << scripts << " scripts, " << whole << " of them wholly; " << sights << " sights\n";
  EXPECT_GE(whole, scripts * 8 / 10);
}

TEST_F(MapScript, AForkThatIsPromotedIsSeenAsAWhole) {
  Make(KeyIsHash);
  for (std::uint64_t i = 0; i < 150; ++i) Put(Spread(i), "there");
  Hmap fork = map->Fork(map->TakeSnapshot(1, 0).value()).value();
  for (std::uint64_t i = 0; i < 10; ++i) ASSERT_TRUE(fork.Put(Spread(i), "fork").ok());
  ASSERT_TRUE(*fork.Erase(Spread(20)));
  ASSERT_TRUE(*fork.Put(Spread(500), "fork"));
  Begin({Spread(0), Spread(20), Spread(30), Spread(500)});
  Do([&] { map->Promote(std::move(fork)); });
  Do([&] { Put(Spread(0), "after"); });
  Do([&] { ASSERT_TRUE(map->Clear().ok()); });
  Do([&] { Put(Spread(30), "after"); });
  ExpectSound();
}

TEST_F(MapScript, APageThatIsLinkedBeforeItIsFilledIsSeen) {
  Make(KeyIsHash);
  for (std::uint64_t i = 0; i < 104; ++i) Put(Spread(i), "there");
  Begin({Spread(0), Spread(1), Spread(2)});
  Do([&] { Put(Spread(500), "new"); });
  ASSERT_EQ(FirstWrong(log), "");
  const std::uint64_t hash = top().HashOf(Spread(0));
  const std::uint64_t chunk = top().chunks()[hash >> top().shift];
  const void* pointer = &hmap::ChunkOf(chunk)->pages[hmap::PageIndex(hash, hmap::DepthOf(chunk))];
  const std::vector<std::size_t> linked = StoresTo(pointer, 1);
  ASSERT_EQ(linked.size(), 1u);
  EXPECT_EQ(FirstWrong(log.Moved(linked[0], 1)),
            "a reader is answered \"absent\" after 0 of 1 operations");
  EXPECT_NE(FirstWrong(log.Weakened(linked[0])), "");
}

TEST_F(RelocationScript, AnEntryThatLeavesBeforeItArrivesIsSeen) {
  Relocate(5);
  Begin({Spread(0)});
  const void* from = nullptr;
  {
    const hmap::Slot slot = SlotIn(*top().old, Spread(0), map->lineage().base());
    from = &slot.page->buckets[slot.bucket].tops;
  }
  Do([&] { (void)map->ContinueReseed(); });
  ASSERT_EQ(FirstWrong(log), "");
  const hmap::Slot slot = SlotIn(top(), Spread(0), map->lineage().base());
  const std::vector<std::size_t> left = StoresTo(from, 1);
  const std::vector<std::size_t> arrived = StoresTo(&slot.page->buckets[slot.bucket].tops, 1);
  ASSERT_FALSE(left.empty());
  ASSERT_FALSE(arrived.empty());
  EXPECT_EQ(FirstWrong(log.Moved(left.back(), arrived.front())),
            "a reader is answered \"absent\" after 0 of 1 operations");
}

}  // namespace
}  // namespace portolan::mapcore::steps
