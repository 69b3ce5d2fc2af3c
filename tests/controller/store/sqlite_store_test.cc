#include "controller/store/sqlite_store.h"

#include <sys/stat.h>

#include <filesystem>

#include "controller/store/schema.h"
#include "tests/contracts/state_store_contract.h"
#include "tests/contracts/temporary_directory.h"

namespace portolan::controller {
namespace {

struct Sqlite {
  reconciler::StateStore& store() { return *sqlite; }
  TemporaryDirectory directory;
  std::unique_ptr<SqliteStore> sqlite = OpenSqliteStore(directory.path()).value();
};
INSTANTIATE_TYPED_TEST_SUITE_P(SqliteStore, StateStoreContract, Sqlite);

reconciler::Batch OneOfEach(const std::string& key) {
  reconciler::Batch batch;
  batch.puts.push_back({key, R"({"n":1})", {}});
  batch.events.emplace_back();
  batch.events[0].reason = "Wrote";
  batch.events[0].message = key;
  return batch;
}

class SqliteStoreTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<SqliteStore>> Open() { return OpenSqliteStore(directory_.path()); }
  // Changes the closed database with SQL.
  void Tamper(const std::string& sql) {
    SqliteDatabase database;
    ASSERT_TRUE(database.Open(database_path(), 0).ok());
    const Status status = database.Execute(sql);
    ASSERT_TRUE(status.ok()) << status.error().message;
  }
  std::string database_path() const { return directory_.File("portolan.db"); }

  TemporaryDirectory directory_;
};

TEST_F(SqliteStoreTest, EverythingIsThereAfterAReopen) {
  std::string id;
  Digest blob;
  {
    const auto store = Open().value();
    id = store->id();
    blob = store->PutBlob("blob").value();
    ASSERT_TRUE(store->Commit(OneOfEach("a")).ok());
    ASSERT_TRUE(store->Commit(OneOfEach("a")).ok());
  }
  const auto store = Open().value();
  EXPECT_EQ(store->id(), id);
  EXPECT_EQ(*store->GetBlob(blob), "blob");
  EXPECT_EQ(store->Get("a")->version, 2u);
  EXPECT_EQ(store->Events({.after = 0, .limit = 10})->size(), 2u);
  EXPECT_EQ(store->Commit(OneOfEach("b"))->sequence, 3u);
  EXPECT_EQ(store->VerifyChain()->sequence, 3u);
}

TEST_F(SqliteStoreTest, SweepsTheBlobsThatNoRecordNames) {
  const auto store = Open().value();
  const Digest live = *store->PutBlob("live");
  const Digest quoted = *store->PutBlob("named inside another text");
  const Digest planned = *store->PutBlob("planned");
  const Digest unnamed = *store->PutBlob("unnamed");
  reconciler::Batch batch;
  batch.puts.push_back({"rollout/a",
                        R"({"stable":")" + live.ToString() + R"(","note":"was )" +
                            quoted.ToString() + R"(, sha256:short"})",
                        {}});
  batch.puts.push_back({"plan/b", R"({"target":")" + planned.ToString() + R"("})", {}});
  ASSERT_TRUE(store->Commit(batch).ok());
  EXPECT_EQ(*store->SweepBlobs("plan/"), 2u);
  EXPECT_EQ(*store->GetBlob(live), "live");
  EXPECT_TRUE(store->GetBlob(quoted).ok());
  EXPECT_EQ(store->GetBlob(planned).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store->GetBlob(unnamed).error().code, ErrorCode::kNotFound);
}

TEST_F(SqliteStoreTest, TwoStoresHaveTwoIds) {
  const TemporaryDirectory other;
  EXPECT_NE(Open().value()->id(), OpenSqliteStore(other.path()).value()->id());
}

TEST_F(SqliteStoreTest, AllFilesAreForTheOwnerOnly) {
  const auto store = Open().value();
  ASSERT_TRUE(store->Commit(OneOfEach("a")).ok());
  ASSERT_TRUE(store->PutBlob("blob").ok());
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_.path())) {
    struct stat info;
    ASSERT_EQ(::stat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0077, 0u) << entry.path();
    ++files;
  }
  EXPECT_GE(files, 6);
}

TEST_F(SqliteStoreTest, ASecondOpenIsAConflict) {
  const auto store = Open().value();
  EXPECT_EQ(Open().error().code, ErrorCode::kConflict);
}

TEST_F(SqliteStoreTest, ANewerFormatIsRefusedWithTheDirectoryAndTheReason) {
  Open().value().reset();
  Tamper("PRAGMA user_version = " + std::to_string(kSchemaVersion + 1));
  const auto store = Open();
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().code, ErrorCode::kInvalid);
  EXPECT_NE(store.error().message.find(directory_.path()), std::string::npos);
  EXPECT_NE(store.error().message.find("newer Portolan"), std::string::npos);
}

TEST_F(SqliteStoreTest, VerifyChainFindsAnEditedEvent) {
  Open().value()->Commit(OneOfEach("a")).value();
  Tamper("DROP TRIGGER events_no_update; UPDATE events SET body = replace(body, 'Wrote', 'Wrong')");
  const auto verified = Open().value()->VerifyChain();
  ASSERT_FALSE(verified.ok());
  EXPECT_EQ(verified.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(verified.error().message.find("event 1"), std::string::npos);
}

TEST_F(SqliteStoreTest, VerifyChainFindsACutTail) {
  {
    const auto store = Open().value();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(store->Commit(OneOfEach("a")).ok());
  }
  Tamper("DROP TRIGGER events_no_delete; DELETE FROM events WHERE sequence = 3");
  const auto verified = Open().value()->VerifyChain();
  ASSERT_FALSE(verified.ok());
  EXPECT_EQ(verified.error().message, "the events end at 2, the last one written was 3");
}

TEST_F(SqliteStoreTest, ADamagedDatabaseIsRefusedAtOpen) {
  {
    const auto store = Open().value();
    for (int i = 0; i < 50; ++i)
      ASSERT_TRUE(store->Commit(OneOfEach("key/" + std::to_string(i))).ok());
  }
  {
    std::fstream file(database_path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);
    file << std::string(8192, '\xA5');
  }
  const auto store = Open();
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().code, ErrorCode::kCorrupt) << store.error().message;
}

TEST_F(SqliteStoreTest, WritesStopWhenTheDatabaseIsReplacedAndReadsGoOn) {
  const auto store = Open().value();
  ASSERT_TRUE(store->Commit(OneOfEach("a")).ok());
  std::filesystem::copy_file(database_path(), directory_.File("copy.db"));
  std::filesystem::rename(directory_.File("copy.db"), database_path());
  const auto commit = store->Commit(OneOfEach("b"));
  ASSERT_FALSE(commit.ok());
  EXPECT_EQ(commit.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(commit.error().message.find("was replaced"), std::string::npos);
  EXPECT_EQ(store->Get("a")->version, 1u);
}

TEST_F(SqliteStoreTest, WritesStopWhenTheLogIsRemoved) {
  const auto store = Open().value();
  ASSERT_TRUE(store->Commit(OneOfEach("a")).ok());
  std::filesystem::remove(database_path() + "-wal");
  EXPECT_EQ(store->Commit(OneOfEach("b")).error().code, ErrorCode::kUnavailable);
}

TEST_F(SqliteStoreTest, ALockOfAnotherProcessIsUnavailableAndPasses) {
  const auto store = Open().value();
  {
    SqliteDatabase other;
    ASSERT_TRUE(other.Open(database_path(), 0).ok());
    ASSERT_TRUE(other.Execute("BEGIN IMMEDIATE").ok());
    EXPECT_EQ(store->Commit(OneOfEach("a")).error().code, ErrorCode::kUnavailable);
    EXPECT_TRUE(store->Events({.after = 0, .limit = 1}).ok());
  }
  EXPECT_EQ(store->Commit(OneOfEach("a"))->sequence, 1u);
}

TEST_F(SqliteStoreTest, ACutLogIsReadUpToItsLastWholeCommit) {
  const TemporaryDirectory copy;
  {
    const auto store = Open().value();
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(store->Commit(OneOfEach("a")).ok());
    for (const char* name : {"portolan.db", "portolan.db-wal"})
      std::filesystem::copy_file(directory_.File(name), copy.File(name));
  }
  const std::string log = copy.File("portolan.db-wal");
  std::filesystem::resize_file(log, std::filesystem::file_size(log) - 5000);
  const auto store = OpenSqliteStore(copy.path());
  ASSERT_TRUE(store.ok()) << store.error().message;
  const auto head = (*store)->VerifyChain();
  ASSERT_TRUE(head.ok()) << head.error().message;
  EXPECT_LT(head->sequence, 10u);
  EXPECT_EQ((*store)->Events({.after = 0, .limit = 100})->size(), head->sequence);
}

}  // namespace
}  // namespace portolan::controller
