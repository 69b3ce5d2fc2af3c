#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "controller/store/blob_files.h"
#include "controller/store/event_chain.h"
#include "controller/store/file_identity.h"
#include "controller/store/sqlite_database.h"
#include "controller/store/state_directory.h"
#include "reconciler/ports/state_store.h"

namespace portolan::controller {

// State in one directory: records and events in portolan.db (SQLite, WAL), blobs as files
// (docs/state-format.md). Thread-safe: one connection under a mutex, blobs beside it. A failed
// Commit has no effect, except after a failed fsync: then the outcome is unknown until a restart,
// and every later Commit answers kUnavailable.
class SqliteStore final : public reconciler::StateStore {
 public:
  ~SqliteStore() override;

  Result<reconciler::Record> Get(std::string_view key) override;
  Result<std::vector<reconciler::Record>> List(std::string_view prefix) override;
  // A batch with sync waits for the disk (synchronous=FULL). One without is in the log at once and
  // survives the death of the process; a power cut may take it back, with everything after it that
  // was not synced, never from the middle.
  Result<reconciler::CommitResult> Commit(const reconciler::Batch& batch) override;
  Result<Digest> PutBlob(std::string_view bytes) override { return blobs_->Put(bytes); }
  Result<std::string> GetBlob(const Digest& digest) override { return blobs_->Get(digest); }
  // Events are kept forever: never kNotFound.
  Result<std::vector<reconciler::Event>> Events(const reconciler::EventQuery& query) override;

  // Names this state for life, 16 hex digits drawn at its creation: the first part of watch
  // positions.
  const std::string& id() const { return id_; }
  // Removes the blobs that no record names, those under `ignored` left out: every text "sha256:HEX"
  // in a body counts as a name, wherever it stands. Returns how many went. For a start, once the
  // records are known to be good and before anything is stored: a blob is stored before its record.
  // Errors: as List and BlobFiles.
  Result<std::size_t> SweepBlobs(std::string_view ignored);
  // Reads every event and checks its hash, its place, and that the last one is the last one
  // written. O(events), 100,000 in about 0.2 s, during which nothing is written. Errors: kCorrupt
  // naming the first bad event.
  Result<ChainHead> VerifyChain();

 private:
  friend Result<std::unique_ptr<SqliteStore>> OpenSqliteStore(const std::string& state_dir);
  explicit SqliteStore(StateDirectory directory);

  Status Open();
  Status CheckReady() const;
  Status SetSync(bool sync);
  Result<ChainHead> ReadHead();
  Status Write(const reconciler::Batch& batch, ChainHead& head);
  Status WritePut(const reconciler::Batch::Put& put);
  Status WriteEvents(const std::vector<reconciler::Event>& events, ChainHead& head);

  const StateDirectory directory_;
  std::unique_ptr<BlobFiles> blobs_;
  std::string id_;

  std::mutex mutex_;  // guards everything below
  SqliteDatabase database_;
  std::vector<FileIdentity> files_;  // the database and its log, as they were opened
  bool synchronous_full_ = true;
  bool sync_failed_ = false;
};

// Opens or creates the state below `state_dir` and checks the database (PRAGMA quick_check,
// O(size)). Errors: kConflict when another process has it open; kInvalid when it is newer than this
// program, not Portolan's, or when others may write to the directory; kCorrupt; kUnavailable;
// kExhausted.
Result<std::unique_ptr<SqliteStore>> OpenSqliteStore(const std::string& state_dir);

}  // namespace portolan::controller
