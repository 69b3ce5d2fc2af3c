#include "controller/store/sqlite_store.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "controller/store/batch_check.h"
#include "controller/store/schema.h"

// Order at opening: the lock of the directory, the database and its log, a check of its pages,
// migrations, then the blobs; each step needs the one before. One connection under one mutex:
// SQLite has one writer anyway, reads are short, and the daemon reads from memory. A commit is
// BEGIN IMMEDIATE … COMMIT, so that "busy" comes before the first write and never at COMMIT.
//
// What a failed fsync means is the one thing that SQLite does not answer for us: the kernel may
// have dropped the pages and report success the next time
// (https://wiki.postgresql.org/wiki/Fsync_Errors). So after one nothing is written until a
// restart, which reads what the disk really has.

namespace portolan::controller {
namespace {

using reconciler::Batch;
using reconciler::CommitResult;
using reconciler::Event;
using reconciler::Record;

// For a person's sqlite3 shell, or a backup that reads; the daemon itself holds the only writer.
constexpr int kBusyTimeoutMs = 2'000;
// A log that grew behind a long reader shrinks back to this at the next reset.
constexpr char kJournalSizeLimit[] = "PRAGMA journal_size_limit = 16777216";
// SQLite's numbers are signed.
constexpr std::int64_t kRowsMax = INT64_MAX;

Record ReadRecord(const SqliteStatement& row) {
  return {row.Text(0), row.Text(1), static_cast<std::uint64_t>(row.Int(2))};
}

// Every digest that the text names. More than there are do no harm: their blobs are kept.
void CollectDigests(std::string_view text, std::unordered_set<Digest, DigestHash>& digests) {
  constexpr std::string_view kPrefix = "sha256:";
  constexpr std::size_t kLength = kPrefix.size() + 2 * Digest::kSize;
  for (auto at = text.find(kPrefix); at != text.npos; at = text.find(kPrefix, at + 1))
    if (auto digest = Digest::Parse(text.substr(at, kLength)); digest.ok()) digests.insert(*digest);
}

ChainLink ReadLink(const SqliteStatement& row) {
  return {static_cast<std::uint64_t>(row.Int(0)), row.Text(1), row.Text(2), row.Text(3)};
}

}  // namespace

SqliteStore::SqliteStore(StateDirectory directory) : directory_(std::move(directory)) {}

SqliteStore::~SqliteStore() = default;

Result<std::unique_ptr<SqliteStore>> OpenSqliteStore(const std::string& state_dir) {
  PORTOLAN_TRY(StateDirectory directory, StateDirectory::Open(state_dir));
  std::unique_ptr<SqliteStore> store(new SqliteStore(std::move(directory)));
  if (Status status = store->Open(); !status.ok()) {
    return Error{status.error().code,
                 "state directory " + store->directory_.path() + ": " + status.error().message};
  }
  return store;
}

Status SqliteStore::Open() {
  const std::string path = directory_.path() + "/portolan.db";
  PORTOLAN_CHECK(database_.Open(path, kBusyTimeoutMs));
  // Stays in the file; SQLite answers with another mode where there is no shared memory (NFS).
  PORTOLAN_TRY(const std::string mode, database_.QueryText("PRAGMA journal_mode = WAL"));
  if (mode != "wal")
    return Error{ErrorCode::kUnavailable,
                 "its file system cannot hold a database with a shared log"};
  PORTOLAN_CHECK(database_.Execute(kJournalSizeLimit));
  PORTOLAN_CHECK(database_.Execute("PRAGMA synchronous = FULL"));
  // Before anything is served: a damaged page found later would be found in the middle of an
  // outage.
  PORTOLAN_TRY(const std::string damage, database_.QueryText("PRAGMA quick_check(1)"));
  if (damage != "ok")
    return Error{ErrorCode::kCorrupt,
                 "the database is damaged (" + damage + "); restore a copy of it"};
  PORTOLAN_CHECK(Migrate(database_));
  PORTOLAN_TRY(id_, database_.QueryText("SELECT value FROM meta WHERE key = 'store_id'"));
  // SQLite syncs the directory when it makes a journal, but not for the database's own entry.
  PORTOLAN_CHECK(SyncDirectory(directory_.path()));
  // The log is there from the first read transaction on, and stays as long as a connection is
  // open.
  for (const char* suffix : {"", "-wal"}) {
    PORTOLAN_TRY(FileIdentity identity, FileIdentity::Of(path + suffix));
    files_.push_back(std::move(identity));
  }
  PORTOLAN_TRY(blobs_, BlobFiles::Open(directory_.path() + "/blobs"));
  return {};
}

Result<Record> SqliteStore::Get(std::string_view key) {
  const std::lock_guard lock(mutex_);
  PORTOLAN_TRY(SqliteStatement row,
               database_.Prepare("SELECT key, body, version FROM records WHERE key = ?1"));
  row.Bind(1, key);
  PORTOLAN_TRY(const bool found, row.Step());
  if (!found)
    return Error{ErrorCode::kNotFound, "no record \"" + std::string(key) + "\" is stored"};
  return ReadRecord(row);
}

Result<std::vector<Record>> SqliteStore::List(std::string_view prefix) {
  const std::lock_guard lock(mutex_);
  PORTOLAN_TRY(
      SqliteStatement row,
      // Text compares by bytes (BINARY), so a prefix's keys stand together; no LIKE, whose '%' and
      // '_' keys may hold.
      database_.Prepare("SELECT key, body, version FROM records WHERE key >= ?1 ORDER BY key"));
  row.Bind(1, prefix);
  std::vector<Record> records;
  for (;;) {
    PORTOLAN_TRY(const bool found, row.Step());
    if (!found) break;
    Record record = ReadRecord(row);
    if (!record.key.starts_with(prefix)) break;
    records.push_back(std::move(record));
  }
  return records;
}

// Writing on to a file that was deleted would succeed, until the process ends and all of it is
// gone.
Status SqliteStore::CheckReady() const {
  if (sync_failed_) {
    return Error{ErrorCode::kUnavailable,
                 "the disk failed to make the database durable earlier; check it and restart"};
  }
  for (const FileIdentity& file : files_) PORTOLAN_CHECK(file.CheckUnchanged());
  return {};
}

// The setting may not change inside a transaction. A later synced commit syncs the whole log, so
// order is kept.
Status SqliteStore::SetSync(bool sync) {
  if (sync == synchronous_full_) return {};
  PORTOLAN_CHECK(
      database_.Execute(sync ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL"));
  synchronous_full_ = sync;
  return {};
}

Result<ChainHead> SqliteStore::ReadHead() {
  PORTOLAN_TRY(SqliteStatement row, database_.Prepare("SELECT sequence, hash FROM chain_head"));
  PORTOLAN_TRY(const bool found, row.Step());
  if (!found) return Error{ErrorCode::kCorrupt, "the database lacks the head of its event chain"};
  return ChainHead{static_cast<std::uint64_t>(row.Int(0)), row.Text(1)};
}

Result<CommitResult> SqliteStore::Commit(const Batch& batch) {
  PORTOLAN_CHECK(CheckBatch(batch));
  const std::lock_guard lock(mutex_);
  PORTOLAN_CHECK(CheckReady());
  PORTOLAN_CHECK(SetSync(batch.sync));
  PORTOLAN_CHECK(database_.Execute("BEGIN IMMEDIATE"));
  ChainHead head;
  Status status = Write(batch, head);
  // An error of SQLite here leaves the transaction open; what it says of the fsync is read before
  // Rollback makes another call.
  if (status.ok()) status = database_.Execute("COMMIT");
  if (!status.ok()) {
    sync_failed_ = database_.SyncFailed();
    database_.Rollback();
    return std::move(status).error();
  }
  return CommitResult{head.sequence};
}

Status SqliteStore::Write(const Batch& batch, ChainHead& head) {
  for (const Batch::Put& put : batch.puts) PORTOLAN_CHECK(WritePut(put));
  PORTOLAN_TRY(SqliteStatement remove, database_.Prepare("DELETE FROM records WHERE key = ?1"));
  for (const std::string& key : batch.deletes) {
    remove.Bind(1, key);
    PORTOLAN_CHECK(remove.Run());
  }
  PORTOLAN_TRY(head, ReadHead());
  return batch.events.empty() ? Status() : WriteEvents(batch.events, head);
}

Status SqliteStore::WritePut(const Batch::Put& put) {
  // Read and write within one transaction that began IMMEDIATE: nothing comes between.
  PORTOLAN_TRY(SqliteStatement current,
               database_.Prepare("SELECT version FROM records WHERE key = ?1"));
  current.Bind(1, put.key);
  PORTOLAN_TRY(const bool found, current.Step());
  PORTOLAN_TRY(const std::uint64_t version,
               NextVersion(put, found ? static_cast<std::uint64_t>(current.Int(0)) : 0));
  PORTOLAN_TRY(
      SqliteStatement write,
      database_.Prepare("INSERT INTO records (key, version, body) VALUES (?1, ?2, ?3) ON CONFLICT "
                        "(key) DO UPDATE SET version = excluded.version, body = excluded.body"));
  write.Bind(1, put.key);
  write.Bind(2, static_cast<std::int64_t>(version));
  write.Bind(3, put.body);
  Status status = write.Run();
  // The table's CHECK (json_valid(body)) is the only constraint that a put can break.
  if (!status.ok() && status.error().code == ErrorCode::kInvalid)
    return Error{ErrorCode::kInvalid, "record \"" + put.key + "\" is no JSON"};
  return status;
}

Status SqliteStore::WriteEvents(const std::vector<Event>& events, ChainHead& head) {
  PORTOLAN_TRY(SqliteStatement insert,
               database_.Prepare(
                   "INSERT INTO events (sequence, body, prev_hash, hash) VALUES (?1, ?2, ?3, ?4)"));
  for (const Event& event : events) {
    PORTOLAN_TRY(const ChainLink link, AppendToChain(event, head));
    insert.Bind(1, static_cast<std::int64_t>(link.sequence));
    insert.Bind(2, link.body);
    insert.Bind(3, link.prev_hash);
    insert.Bind(4, link.hash);
    PORTOLAN_CHECK(insert.Run());
  }
  PORTOLAN_TRY(SqliteStatement move,
               database_.Prepare("UPDATE chain_head SET sequence = ?1, hash = ?2 WHERE id = 1"));
  move.Bind(1, static_cast<std::int64_t>(head.sequence));
  move.Bind(2, head.hash);
  return move.Run();
}

Result<std::vector<Event>> SqliteStore::Events(const reconciler::EventQuery& query) {
  const std::lock_guard lock(mutex_);
  // The index events_by_map serves exactly this expression.
  const std::string of_map =
      query.map.empty() ? "" : " AND json_extract(body, '$.map') IN (?3, ?4)";
  PORTOLAN_TRY(SqliteStatement row,
               database_.Prepare("SELECT sequence, body, prev_hash, hash FROM events WHERE "
                                 "sequence > ?1" +
                                 of_map + " ORDER BY sequence " + (query.newest ? "DESC" : "ASC") +
                                 " LIMIT ?2"));
  row.Bind(1, static_cast<std::int64_t>(std::min<std::uint64_t>(query.after, kRowsMax)));
  row.Bind(2, static_cast<std::int64_t>(std::min<std::uint64_t>(query.limit, kRowsMax)));
  if (!query.map.empty()) row.Bind(3, query.map);
  if (!query.map.empty()) row.Bind(4, query.also.empty() ? query.map : query.also);
  std::vector<Event> events;
  for (;;) {
    PORTOLAN_TRY(const bool found, row.Step());
    if (!found) break;
    ChainLink link = ReadLink(row);
    PORTOLAN_TRY(Event event, DecodeEvent(link.body));
    event.prev_hash = std::move(link.prev_hash);
    event.hash = std::move(link.hash);
    events.push_back(std::move(event));
  }
  if (query.newest) std::reverse(events.begin(), events.end());
  return events;
}

// Row by row: the bodies of all plans together may be larger than the memory.
Result<std::size_t> SqliteStore::SweepBlobs(std::string_view ignored) {
  std::unordered_set<Digest, DigestHash> kept;
  {
    const std::lock_guard lock(mutex_);
    PORTOLAN_TRY(SqliteStatement row, database_.Prepare("SELECT key, body FROM records"));
    for (;;) {
      PORTOLAN_TRY(const bool found, row.Step());
      if (!found) break;
      if (!row.Text(0).starts_with(ignored)) CollectDigests(row.Text(1), kept);
    }
  }
  return blobs_->RemoveExcept(kept);
}

Result<ChainHead> SqliteStore::VerifyChain() {
  const std::lock_guard lock(mutex_);
  PORTOLAN_TRY(
      SqliteStatement row,
      database_.Prepare("SELECT sequence, body, prev_hash, hash FROM events ORDER BY sequence"));
  ChainHead head;
  for (;;) {
    PORTOLAN_TRY(const bool found, row.Step());
    if (!found) break;
    PORTOLAN_CHECK(CheckLink(ReadLink(row), head));
  }
  PORTOLAN_TRY(const ChainHead written, ReadHead());
  if (head != written) {
    return Error{ErrorCode::kCorrupt, "the events end at " + std::to_string(head.sequence) +
                                          ", the last one written was " +
                                          std::to_string(written.sequence)};
  }
  return head;
}

}  // namespace portolan::controller
