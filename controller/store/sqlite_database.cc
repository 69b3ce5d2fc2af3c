#include "controller/store/sqlite_database.h"

#include <fcntl.h>
#include <sqlite3.h>

#include <cerrno>
#include <utility>

#include "controller/process/file_descriptor.h"
#include "controller/store/system_error.h"

namespace portolan::controller {
namespace {

constexpr char kFull[] = "the disk that holds the state directory is full; free some space";

// SQLITE_IOERR_WRITE hides a full quota or a file size limit: errno tells (sqlite3_system_errno).
Error IoError(sqlite3* database, const std::string& detail) {
  const int system = sqlite3_system_errno(database);
  if (system != 0 && SystemError("", system).code == ErrorCode::kExhausted)
    return {ErrorCode::kExhausted,
            std::string(kFull) + " (" + SystemError("database", system).message + ")"};
  return {ErrorCode::kUnavailable,
          "the database cannot be read or written (" + detail + "); check the disk"};
}

Error DatabaseError(sqlite3* database) {
  const int extended = sqlite3_extended_errcode(database);
  const std::string detail =
      std::string(sqlite3_errmsg(database)) + ", SQLite code " + std::to_string(extended);
  // The low byte is the primary code (https://www.sqlite.org/rescode.html).
  switch (extended & 0xFF) {
    case SQLITE_FULL:
      return {ErrorCode::kExhausted, std::string(kFull) + " (" + detail + ")"};
    case SQLITE_NOMEM:
      return {ErrorCode::kExhausted, "out of memory in the database"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::kUnavailable, "another process holds the database's lock (" + detail +
                                           "); close it, for example a sqlite3 shell"};
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    // Also when the file was moved away (SQLITE_READONLY_DBMOVED) or its directory lost the right
    // to write.
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return IoError(database, detail);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {ErrorCode::kCorrupt,
              "the database is damaged (" + detail + "); restore a copy of the state directory"};
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
      return {ErrorCode::kInvalid, "the database refuses the write (" + detail + ")"};
    default:
      return {ErrorCode::kInternal, "the database refuses a statement (" + detail + ")"};
  }
}

}  // namespace

SqliteStatement::SqliteStatement(SqliteStatement&& other) noexcept
    : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)) {}

SqliteStatement::~SqliteStatement() {
  sqlite3_finalize(statement_);
}

// SQLITE_STATIC: no copy, the caller keeps the bytes. A null pointer would bind NULL. A failed
// bind leaves NULL, which the columns' NOT NULL refuses.
void SqliteStatement::Bind(int parameter, std::string_view text) {
  sqlite3_bind_text64(statement_, parameter, text.data() == nullptr ? "" : text.data(), text.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
}

void SqliteStatement::Bind(int parameter, std::int64_t number) {
  sqlite3_bind_int64(statement_, parameter, number);
}

Result<bool> SqliteStatement::Step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return DatabaseError(database_);
}

// Reset gives the lock back, and also says the error of the step once more.
Status SqliteStatement::Run() {
  auto row = Step();
  sqlite3_reset(statement_);
  if (!row.ok()) return std::move(row).error();
  return {};
}

std::string SqliteStatement::Text(int column) const {
  const unsigned char* text = sqlite3_column_text(statement_, column);
  if (text == nullptr) return "";
  return {reinterpret_cast<const char*>(text),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::int64_t SqliteStatement::Int(int column) const {
  return sqlite3_column_int64(statement_, column);
}

SqliteDatabase::~SqliteDatabase() {
  sqlite3_close(database_);
}

Status SqliteDatabase::Open(const std::string& path, int busy_timeout_ms) {
  // SQLite gives the journal files the mode of the database, so it is created here with the right
  // one.
  const FileDescriptor created(
      ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!created) return SystemError("open " + path, errno);
  // NOMUTEX: the store's mutex is the lock of this connection. EXRESCODE: an fsync that failed
  // differs from other I/O errors only in the extended code.
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  if (sqlite3_open_v2(path.c_str(), &database_, kFlags, nullptr) != SQLITE_OK)
    return database_ == nullptr ? Error{ErrorCode::kExhausted, "out of memory in the database"}
                                : DatabaseError(database_);
  sqlite3_busy_timeout(database_, busy_timeout_ms);
  // Refuses SQL that could damage the file itself, such as PRAGMA writable_schema.
  sqlite3_db_config(database_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  return {};
}

Status SqliteDatabase::Execute(const std::string& sql) {
  if (sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return DatabaseError(database_);
  return {};
}

Result<SqliteStatement> SqliteDatabase::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database_, sql.data(), static_cast<int>(sql.size()), &statement,
                         nullptr) != SQLITE_OK)
    return DatabaseError(database_);
  return SqliteStatement(database_, statement);
}

Result<std::int64_t> SqliteDatabase::QueryInt(std::string_view sql) {
  PORTOLAN_TRY(SqliteStatement statement, Prepare(sql));
  PORTOLAN_TRY(const bool row, statement.Step());
  if (!row) return Error{ErrorCode::kCorrupt, "the database lacks a row that every state has"};
  return statement.Int(0);
}

Result<std::string> SqliteDatabase::QueryText(std::string_view sql) {
  PORTOLAN_TRY(SqliteStatement statement, Prepare(sql));
  PORTOLAN_TRY(const bool row, statement.Step());
  if (!row) return Error{ErrorCode::kCorrupt, "the database lacks a row that every state has"};
  return statement.Text(0);
}

// SQLite ends a transaction by itself after some errors (SQLITE_FULL, SQLITE_IOERR): a second
// ROLLBACK would be an error.
void SqliteDatabase::Rollback() {
  if (sqlite3_get_autocommit(database_) == 0)
    sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
}

bool SqliteDatabase::SyncFailed() const {
  const int code = sqlite3_extended_errcode(database_);
  return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC;
}

}  // namespace portolan::controller
