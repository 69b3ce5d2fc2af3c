#include "controller/store/schema.h"

#include <iterator>
#include <string>

namespace portolan::controller {
namespace {

constexpr std::int64_t kApplicationId = 0x504F5254;  // "PORT", in the file's header

// Entry n brings version n to n + 1. Entries that were released never change; docs/state-format.md
// describes the result.
// The triggers guard against mistakes, not against an intruder: they can be dropped. The chain's
// hashes show what happened then. WITHOUT ROWID where rows are few and short, STRICT everywhere:
// SQLite would store a text in an INTEGER column.
constexpr const char* kMigrations[] = {
    R"sql(
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('store_id', lower(hex(randomblob(8))));

CREATE TABLE records (
  key TEXT PRIMARY KEY,
  version INTEGER NOT NULL CHECK (version > 0),
  body TEXT NOT NULL CHECK (json_valid(body))
) STRICT;

CREATE TABLE events (
  sequence INTEGER PRIMARY KEY,
  body TEXT NOT NULL CHECK (json_valid(body)),
  prev_hash TEXT NOT NULL CHECK (length(prev_hash) = 64),
  hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 64)
) STRICT;
CREATE TRIGGER events_no_update BEFORE UPDATE ON events
  BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_no_delete BEFORE DELETE ON events
  BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;

CREATE TABLE chain_head (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  sequence INTEGER NOT NULL,
  hash TEXT NOT NULL CHECK (length(hash) = 64)
) STRICT;
INSERT INTO chain_head VALUES (1, 0, hex(zeroblob(32)));

PRAGMA application_id = 1347375700;
)sql",
    R"sql(
CREATE INDEX events_by_map ON events (json_extract(body, '$.map'), sequence);
)sql",
};
static_assert(std::size(kMigrations) == kSchemaVersion);
// PRAGMA takes no expressions, so the number stands in the text above once more.
static_assert(kApplicationId == 1347375700);

// Before any write: another program's database, or a newer one, is left as it is.
Status CheckOwner(SqliteDatabase& database, std::int64_t version) {
  PORTOLAN_TRY(const std::int64_t application, database.QueryInt("PRAGMA application_id"));
  PORTOLAN_TRY(const std::int64_t objects, database.QueryInt("SELECT count(*) FROM sqlite_schema"));
  const bool fresh = version == 0 && application == 0 && objects == 0;
  if (!fresh && application != kApplicationId) {
    return Error{ErrorCode::kInvalid,
                 "the database was not written by Portolan; choose another state directory"};
  }
  if (version > kSchemaVersion) {
    return Error{ErrorCode::kInvalid, "the database has format " + std::to_string(version) +
                                          ", this Portolan knows up to " +
                                          std::to_string(kSchemaVersion) +
                                          "; run the newer Portolan that wrote it"};
  }
  return {};
}

// user_version is part of the transaction, as PRAGMA user_version is a write to page 1.
Status RunMigration(SqliteDatabase& database, std::int64_t from) {
  PORTOLAN_CHECK(database.Execute("BEGIN IMMEDIATE"));
  const std::string sql = std::string(kMigrations[from]) +
                          "PRAGMA user_version = " + std::to_string(from + 1) + "; COMMIT;";
  Status status = database.Execute(sql);
  if (!status.ok()) database.Rollback();
  return status;
}

}  // namespace

Status Migrate(SqliteDatabase& database) {
  PORTOLAN_TRY(std::int64_t version, database.QueryInt("PRAGMA user_version"));
  PORTOLAN_CHECK(CheckOwner(database, version));
  for (; version < kSchemaVersion; ++version) PORTOLAN_CHECK(RunMigration(database, version));
  return {};
}

}  // namespace portolan::controller
