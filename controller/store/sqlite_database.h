#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mapcore/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace portolan::controller {

class SqliteDatabase;

// One prepared SQL statement. Must not outlive its database. Not thread-safe.
class SqliteStatement {
 public:
  SqliteStatement(SqliteStatement&& other) noexcept;
  SqliteStatement& operator=(SqliteStatement&&) = delete;
  ~SqliteStatement();

  // Parameters count from 1. A text must live until the statement is reset or gone.
  void Bind(int parameter, std::string_view text);
  void Bind(int parameter, std::int64_t number);
  // Moves to the next row; false after the last.
  Result<bool> Step();
  // Runs a statement that gives no rows, and makes it ready for the next Bind.
  Status Run();
  // Columns of the current row, counted from 0.
  std::string Text(int column) const;
  std::int64_t Int(int column) const;

 private:
  friend class SqliteDatabase;
  SqliteStatement(sqlite3* database, sqlite3_stmt* statement)
      : database_(database), statement_(statement) {}

  sqlite3* database_;
  sqlite3_stmt* statement_;
};

// One connection to an SQLite file. Not thread-safe. All errors: kExhausted for a full disk,
// kUnavailable for a lock of another process or a failed read or write, kCorrupt, kInvalid for a
// broken constraint, kInternal for wrong SQL.
class SqliteDatabase {
 public:
  SqliteDatabase() = default;
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;
  ~SqliteDatabase();

  // Opens or creates the file, readable for its owner only.
  Status Open(const std::string& path, int busy_timeout_ms);
  // Runs any number of statements.
  Status Execute(const std::string& sql);
  Result<SqliteStatement> Prepare(std::string_view sql);
  // The first column of the only row of a query.
  Result<std::int64_t> QueryInt(std::string_view sql);
  Result<std::string> QueryText(std::string_view sql);
  // Ends the open transaction without effect, if there is one.
  void Rollback();
  // True when the last error was an fsync that failed: what it covered may or may not be on the
  // disk, and asking again would answer "done" (https://wiki.postgresql.org/wiki/Fsync_Errors).
  bool SyncFailed() const;

 private:
  sqlite3* database_ = nullptr;
};

}  // namespace portolan::controller
