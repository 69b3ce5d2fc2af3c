#include "controller/store/schema.h"

#include <gtest/gtest.h>

#include "tests/contracts/temporary_directory.h"

namespace portolan::controller {
namespace {

class SchemaTest : public ::testing::Test {
 protected:
  SchemaTest() { EXPECT_TRUE(database_.Open(directory_.File("test.db"), 0).ok()); }

  TemporaryDirectory directory_;
  SqliteDatabase database_;
};

TEST_F(SchemaTest, AFreshFileBecomesTheNewestVersionOnce) {
  ASSERT_TRUE(Migrate(database_).ok());
  EXPECT_EQ(*database_.QueryInt("PRAGMA user_version"), kSchemaVersion);
  const std::string id =
      database_.QueryText("SELECT value FROM meta WHERE key = 'store_id'").value();
  EXPECT_EQ(id.size(), 16u);
  EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
  ASSERT_TRUE(Migrate(database_).ok());
  EXPECT_EQ(*database_.QueryText("SELECT value FROM meta WHERE key = 'store_id'"), id);
}

TEST_F(SchemaTest, ANewerFileIsRefusedWithASentence) {
  ASSERT_TRUE(Migrate(database_).ok());
  ASSERT_TRUE(database_.Execute("PRAGMA user_version = 99").ok());
  const Status status = Migrate(database_);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kInvalid);
  EXPECT_NE(status.error().message.find("format 99"), std::string::npos);
}

TEST_F(SchemaTest, ADatabaseOfAnotherProgramIsRefusedAndNotTouched) {
  ASSERT_TRUE(database_.Execute("CREATE TABLE theirs (a)").ok());
  EXPECT_EQ(Migrate(database_).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(*database_.QueryInt("SELECT count(*) FROM sqlite_schema"), 1);
}

TEST_F(SchemaTest, AMigrationThatFailsLeavesTheFileAsItWas) {
  ASSERT_TRUE(
      database_.Execute("PRAGMA application_id = 1347375700; CREATE TABLE events (in_the_way)")
          .ok());
  EXPECT_FALSE(Migrate(database_).ok());
  EXPECT_EQ(*database_.QueryInt("PRAGMA user_version"), 0);
  EXPECT_EQ(*database_.QueryInt("SELECT count(*) FROM sqlite_schema"), 1);
}

TEST_F(SchemaTest, EventsCanNeitherBeChangedNorDeleted) {
  ASSERT_TRUE(Migrate(database_).ok());
  ASSERT_TRUE(
      database_
          .Execute("INSERT INTO events VALUES (1, '{}', printf('%064d', 0), printf('%064d', 1))")
          .ok());
  EXPECT_FALSE(database_.Execute("UPDATE events SET body = '[]'").ok());
  EXPECT_FALSE(database_.Execute("DELETE FROM events").ok());
  EXPECT_EQ(*database_.QueryText("SELECT body FROM events"), "{}");
}

}  // namespace
}  // namespace portolan::controller
