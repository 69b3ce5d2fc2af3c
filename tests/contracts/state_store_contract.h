#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "controller/store/batch_check.h"
#include "controller/store/event_chain.h"
#include "manifests/value.h"
#include "reconciler/ports/state_store.h"

namespace portolan::controller {

// The cases that every StateStore passes. `Fixture` has `reconciler::StateStore& store()`, empty at
// first, and is instantiated with INSTANTIATE_TYPED_TEST_SUITE_P(Name, StateStoreContract,
// Fixture).
template <typename Fixture>
class StateStoreContract : public ::testing::Test {
 protected:
  reconciler::StateStore& store() { return fixture_.store(); }
  Status Put(const std::string& key, const std::string& body,
             std::optional<std::uint64_t> expected = std::nullopt) {
    reconciler::Batch batch;
    batch.puts.push_back({key, body, expected});
    PORTOLAN_CHECK(store().Commit(batch));
    return {};
  }
  std::uint64_t Sequence() { return store().Commit({}).value().sequence; }
  static reconciler::Event MakeEvent(const std::string& reason) {
    reconciler::Event event;
    event.time = WallTime(Duration(1'795'000'000'250));
    event.map = "limits";
    event.source = "edge";
    event.type = "Normal";
    event.reason = reason;
    event.message = "a \"quoted\" ünïcode sentence\n";
    event.actor = "token:ci";
    event.data = manifests::Value(manifests::Value::Object{{"weight", 5000}, {"ratio", 0.5}});
    return event;
  }

 private:
  Fixture fixture_;
};

TYPED_TEST_SUITE_P(StateStoreContract);

TYPED_TEST_P(StateStoreContract, AnAbsentRecordIsNotFoundByName) {
  const auto record = this->store().Get("rollout/limits");
  ASSERT_FALSE(record.ok());
  EXPECT_EQ(record.error().code, ErrorCode::kNotFound);
  EXPECT_NE(record.error().message.find("rollout/limits"), std::string::npos);
}

TYPED_TEST_P(StateStoreContract, VersionsCountTheWritesOfARecord) {
  ASSERT_TRUE(this->Put("a", R"({"n":1})").ok());
  EXPECT_EQ(this->store().Get("a")->version, 1u);
  ASSERT_TRUE(this->Put("a", R"({"n":2})").ok());
  const auto record = this->store().Get("a");
  EXPECT_EQ(record->version, 2u);
  EXPECT_EQ(record->key, "a");
  EXPECT_EQ(record->body, R"({"n":2})");
}

TYPED_TEST_P(StateStoreContract, AnUnexpectedVersionIsAConflictThatNamesTheKey) {
  ASSERT_TRUE(this->Put("a", "1", 0).ok());
  const Status again = this->Put("a", "2", 0);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  EXPECT_NE(again.error().message.find("\"a\""), std::string::npos);
  EXPECT_EQ(this->Put("absent", "2", 1).error().code, ErrorCode::kConflict);
  EXPECT_TRUE(this->Put("a", "2", 1).ok());
  EXPECT_EQ(this->Put("a", "3", 1).error().code, ErrorCode::kConflict);
  EXPECT_EQ(this->store().Get("a")->body, "2");
}

TYPED_TEST_P(StateStoreContract, AFailedBatchLeavesNothingBehind) {
  ASSERT_TRUE(this->Put("kept", "1").ok());
  reconciler::Batch batch;
  batch.puts.push_back({"new", "1", 0});
  batch.puts.push_back({"kept", "2", 7});
  batch.deletes.push_back("kept");
  batch.events.push_back(this->MakeEvent("Lost"));
  EXPECT_EQ(this->store().Commit(batch).error().code, ErrorCode::kConflict);
  EXPECT_EQ(this->store().Get("new").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(this->store().Get("kept")->body, "1");
  EXPECT_TRUE(this->store().Events({.after = 0, .limit = 10})->empty());
  EXPECT_EQ(this->Sequence(), 0u);
}

TYPED_TEST_P(StateStoreContract, ABodyThatIsNoJsonIsInvalid) {
  const Status status = this->Put("a", "{");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kInvalid);
  EXPECT_NE(status.error().message.find("\"a\""), std::string::npos);
  EXPECT_EQ(this->store().Get("a").error().code, ErrorCode::kNotFound);
}

TYPED_TEST_P(StateStoreContract, AKeyThatIsNoCleanTextIsInvalid) {
  EXPECT_EQ(this->Put("", "1").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(this->Put("\xff", "1").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(this->Put(std::string(kRecordKeyBytesMax + 1, 'k'), "1").error().code,
            ErrorCode::kInvalid);
  EXPECT_TRUE(this->Put(std::string(kRecordKeyBytesMax, 'k'), "1").ok());
}

TYPED_TEST_P(StateStoreContract, ListGivesTheRecordsBelowAPrefixSortedByKey) {
  for (const char* key : {"plan/b", "source/edge", "plan/a", "plan0", "plan/ä", "pla"})
    ASSERT_TRUE(this->Put(key, "1").ok());
  const auto records = this->store().List("plan/");
  ASSERT_EQ(records->size(), 3u);
  EXPECT_EQ((*records)[0].key, "plan/a");
  EXPECT_EQ((*records)[1].key, "plan/b");
  EXPECT_EQ((*records)[2].key, "plan/ä");
  EXPECT_EQ(this->store().List("")->size(), 6u);
  EXPECT_TRUE(this->store().List("z")->empty());
}

TYPED_TEST_P(StateStoreContract, DeletingRemovesARecordAndOneThatIsNotThereIsNoError) {
  ASSERT_TRUE(this->Put("a", "1").ok());
  reconciler::Batch batch;
  batch.deletes = {"a", "never-there"};
  ASSERT_TRUE(this->store().Commit(batch).ok());
  EXPECT_EQ(this->store().Get("a").error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(this->Put("a", "2", 0).ok());
  EXPECT_EQ(this->store().Get("a")->version, 1u);
}

TYPED_TEST_P(StateStoreContract, EventsComeBackAsTheyWereWithTheirPlaceInTheChain) {
  reconciler::Batch batch;
  batch.events = {this->MakeEvent("StepStarted"), this->MakeEvent("RolledBack")};
  batch.events[0].prev_hash = "ignored";
  EXPECT_EQ(this->store().Commit(batch)->sequence, 2u);
  const auto events = this->store().Events({.after = 0, .limit = 10});
  ASSERT_EQ(events->size(), 2u);
  ChainHead head;
  for (std::size_t i = 0; i < 2; ++i) {
    const reconciler::Event& event = (*events)[i];
    EXPECT_EQ(event.sequence, i + 1);
    EXPECT_EQ(event.prev_hash, head.hash);
    EXPECT_EQ(event.hash, AppendToChain(batch.events[i], head)->hash);
    EXPECT_EQ(event.time, batch.events[i].time);
    EXPECT_EQ(event.map, "limits");
    EXPECT_EQ(event.source, "edge");
    EXPECT_EQ(event.type, "Normal");
    EXPECT_EQ(event.reason, batch.events[i].reason);
    EXPECT_EQ(event.message, batch.events[i].message);
    EXPECT_EQ(event.actor, "token:ci");
    EXPECT_EQ(event.data, batch.events[i].data);
  }
}

TYPED_TEST_P(StateStoreContract, SequencesGoOnOverBatchesAndPagesOfEvents) {
  for (int i = 0; i < 5; ++i) {
    reconciler::Batch batch;
    batch.sync = i % 2 == 0;
    batch.events = {this->MakeEvent("Event" + std::to_string(i))};
    EXPECT_EQ(this->store().Commit(batch)->sequence, static_cast<std::uint64_t>(i + 1));
  }
  const auto page = this->store().Events({.after = 2, .limit = 2});
  ASSERT_EQ(page->size(), 2u);
  EXPECT_EQ((*page)[0].reason, "Event2");
  EXPECT_EQ((*page)[1].sequence, 4u);
  EXPECT_TRUE(this->store().Events({.after = 5, .limit = 10})->empty());
  EXPECT_TRUE(this->store().Events({.after = UINT64_MAX, .limit = 10})->empty());
  EXPECT_EQ(this->Sequence(), 5u);
}

TYPED_TEST_P(StateStoreContract, EventsOfOneMapComeFromEitherEnd) {
  for (int i = 0; i < 12; ++i) {
    reconciler::Batch batch;
    batch.events = {this->MakeEvent("Event" + std::to_string(i))};
    batch.events[0].map = i % 3 == 0 ? "flags" : "limits";
    EXPECT_TRUE(this->store().Commit(batch).ok());
  }
  const auto sequences = [&](const reconciler::EventQuery& query) {
    std::string text;
    const auto events = this->store().Events(query);
    for (const reconciler::Event& event : *events) text += std::to_string(event.sequence) + " ";
    return text;
  };
  EXPECT_EQ(sequences({.map = "flags"}), "1 4 7 10 ");
  EXPECT_EQ(sequences({.limit = 2, .map = "flags"}), "1 4 ");
  EXPECT_EQ(sequences({.after = 4, .map = "flags"}), "7 10 ");
  EXPECT_EQ(sequences({.limit = 2, .map = "flags", .newest = true}), "7 10 ");
  EXPECT_EQ(sequences({.after = 7, .limit = 2, .map = "flags", .newest = true}), "10 ");
  EXPECT_EQ(sequences({.limit = 3, .newest = true}), "10 11 12 ");
  EXPECT_EQ(sequences({.map = "prices"}), "");
  EXPECT_EQ(sequences({.after = 8, .map = "flags", .also = "limits"}), "9 10 11 12 ");
  EXPECT_EQ(sequences({.map = "prices", .also = "flags"}), "1 4 7 10 ");
}

TYPED_TEST_P(StateStoreContract, AnEventThatCouldNotBeReadBackIsInvalid) {
  reconciler::Batch batch;
  batch.events = {this->MakeEvent("Bad")};
  batch.events[0].message = "\xff";
  EXPECT_EQ(this->store().Commit(batch).error().code, ErrorCode::kInvalid);
  batch.events[0].message = std::string(kEventBytesMax, 'x');
  EXPECT_EQ(this->store().Commit(batch).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(this->Sequence(), 0u);
}

TYPED_TEST_P(StateStoreContract, BlobsComeBackByTheirDigest) {
  const std::string bytes("\0binary\xff", 8);
  const auto digest = this->store().PutBlob(bytes);
  ASSERT_TRUE(digest.ok());
  EXPECT_EQ(*digest, Sha256Of(bytes));
  EXPECT_EQ(*this->store().PutBlob(bytes), *digest);
  EXPECT_EQ(*this->store().GetBlob(*digest), bytes);
  const auto empty = this->store().PutBlob("");
  EXPECT_EQ(*this->store().GetBlob(*empty), "");
  EXPECT_EQ(this->store().GetBlob(Sha256Of("absent")).error().code, ErrorCode::kNotFound);
}

TYPED_TEST_P(StateStoreContract, WritersOnManyThreadsLoseNothing) {
  constexpr int kThreads = 4;
  constexpr int kWrites = 25;
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kWrites; ++i) {
        reconciler::Batch batch;
        batch.sync = false;
        batch.puts.push_back({"counter/" + std::to_string(t), std::to_string(i), {}});
        batch.events.push_back(this->MakeEvent("Wrote"));
        if (!this->store().Commit(batch).ok() || !this->store().List("counter/").ok() ||
            !this->store().PutBlob("shared").ok())
          ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(this->Sequence(), static_cast<std::uint64_t>(kThreads * kWrites));
  const auto counters = this->store().List("counter/");
  for (const reconciler::Record& record : *counters)
    EXPECT_EQ(record.version, static_cast<std::uint64_t>(kWrites));
  const auto events = this->store().Events({.after = 0, .limit = 1000});
  ASSERT_EQ(events->size(), static_cast<std::size_t>(kThreads * kWrites));
  for (std::size_t i = 1; i < events->size(); ++i)
    EXPECT_EQ((*events)[i].prev_hash, (*events)[i - 1].hash);
}

REGISTER_TYPED_TEST_SUITE_P(
    StateStoreContract, AnAbsentRecordIsNotFoundByName, VersionsCountTheWritesOfARecord,
    AnUnexpectedVersionIsAConflictThatNamesTheKey, AFailedBatchLeavesNothingBehind,
    ABodyThatIsNoJsonIsInvalid, AKeyThatIsNoCleanTextIsInvalid,
    ListGivesTheRecordsBelowAPrefixSortedByKey, DeletingRemovesARecordAndOneThatIsNotThereIsNoError,
    EventsComeBackAsTheyWereWithTheirPlaceInTheChain, SequencesGoOnOverBatchesAndPagesOfEvents,
    EventsOfOneMapComeFromEitherEnd, AnEventThatCouldNotBeReadBackIsInvalid,
    BlobsComeBackByTheirDigest, WritersOnManyThreadsLoseNothing);

}  // namespace portolan::controller
