#include "controller/store/sqlite_database.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/contracts/temporary_directory.h"

namespace portolan::controller {
namespace {

class SqliteDatabaseTest : public ::testing::Test {
 protected:
  SqliteDatabaseTest() {
    const Status opened = database_.Open(path_, 50);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
  }

  TemporaryDirectory directory_;
  const std::string path_ = directory_.File("test.db");
  SqliteDatabase database_;
};

TEST_F(SqliteDatabaseTest, BindsAndReadsTextWithZerosAndWideNumbers) {
  ASSERT_TRUE(database_.Execute("CREATE TABLE t (a TEXT, b INTEGER)").ok());
  auto insert = database_.Prepare("INSERT INTO t VALUES (?1, ?2)");
  const std::string text("a\0b", 3);
  insert->Bind(1, text);
  insert->Bind(2, INT64_MIN);
  ASSERT_TRUE(insert->Run().ok());
  insert->Bind(1, std::string_view());
  insert->Bind(2, std::int64_t{7});
  ASSERT_TRUE(insert->Run().ok());
  auto rows = database_.Prepare("SELECT a, b FROM t ORDER BY b");
  ASSERT_TRUE(*rows->Step());
  EXPECT_EQ(rows->Text(0), text);
  EXPECT_EQ(rows->Int(1), INT64_MIN);
  ASSERT_TRUE(*rows->Step());
  EXPECT_EQ(rows->Text(0), "");
  EXPECT_FALSE(*rows->Step());
}

TEST_F(SqliteDatabaseTest, AFileOfItsOwnIsForTheOwnerOnly) {
  struct stat info;
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(SqliteDatabaseTest, ErrorsSayWhatToDo) {
  EXPECT_EQ(database_.Execute("NO SQL").error().code, ErrorCode::kInternal);
  ASSERT_TRUE(database_.Execute("CREATE TABLE t (a CHECK (a > 0))").ok());
  EXPECT_EQ(database_.Execute("INSERT INTO t VALUES (0)").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(database_.QueryInt("SELECT a FROM t").error().code, ErrorCode::kCorrupt);
}

TEST_F(SqliteDatabaseTest, ALockOfAnotherConnectionIsUnavailable) {
  SqliteDatabase other;
  ASSERT_TRUE(other.Open(path_, 0).ok());
  ASSERT_TRUE(other.Execute("BEGIN EXCLUSIVE").ok());
  const Status blocked = database_.Execute("BEGIN IMMEDIATE");
  ASSERT_FALSE(blocked.ok());
  EXPECT_EQ(blocked.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(blocked.error().message.find("another process"), std::string::npos);
  other.Rollback();
  EXPECT_TRUE(database_.Execute("BEGIN IMMEDIATE").ok());
}

TEST_F(SqliteDatabaseTest, AFileThatIsNoDatabaseIsCorrupt) {
  SqliteDatabase broken;
  ASSERT_TRUE(broken.Open(directory_.Write("text", std::string(4096, 'x')), 0).ok());
  EXPECT_EQ(broken.QueryInt("PRAGMA user_version").error().code, ErrorCode::kCorrupt);
}

TEST_F(SqliteDatabaseTest, RollbackUndoesTheOpenTransaction) {
  ASSERT_TRUE(database_.Execute("CREATE TABLE t (a); BEGIN; INSERT INTO t VALUES (1)").ok());
  database_.Rollback();
  EXPECT_EQ(*database_.QueryInt("SELECT count(*) FROM t"), 0);
  database_.Rollback();
}

}  // namespace
}  // namespace portolan::controller
