#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "manifests/value.h"
#include "mapcore/base/clock.h"
#include "mapcore/base/digest.h"
#include "mapcore/base/result.h"

namespace portolan::reconciler {

// A stored record and its version: 1 when first written, +1 with each write.
struct Record {
  std::string key;   // "rollout/rate-limits", "source/edge", "plan/sha256:…"
  std::string body;  // canonical JSON
  std::uint64_t version = 0;
};

// A fact that happened, for people and for audit. `sequence` is the store's monotone change number;
// each event's hash covers the one before it, so that an edit or a hole shows.
struct Event {
  std::uint64_t sequence = 0;  // given by the store
  WallTime time{};
  std::string map;  // empty for events of a source or of the daemon
  std::string source;
  std::string type;       // "Normal" | "Warning"
  std::string reason;     // CamelCase, "StepStarted", "RolledBack"
  std::string message;    // one sentence
  std::string actor;      // "token:ci", "user:ana", "git", "controller"
  manifests::Value data;  // object with the numbers behind the message
  std::string prev_hash;  // 64 hex digits, given by the store; zeros for the first event
  std::string hash;       // given by the store
};

// Writes that happen together or not at all.
struct Batch {
  struct Put {
    std::string key;
    std::string body;
    // The version that the record must have now; 0: it must not exist; none: whatever.
    std::optional<std::uint64_t> expected_version;
  };
  std::vector<Put> puts;
  std::vector<std::string> deletes;
  std::vector<Event> events;  // appended in order
  // Durable against power loss before Commit returns. False is for journals that may lose the last
  // tick.
  bool sync = true;
};

struct CommitResult {
  std::uint64_t sequence = 0;  // of the last event stored so far
};

// Which events to read.
struct EventQuery {
  std::uint64_t after = 0;  // sequence
  std::size_t limit = 500;
  std::string_view map = {};   // only this map's; empty: all
  bool newest = false;         // the last `limit` of them instead of the first
  std::string_view also = {};  // with `map`: and this one's, the group's that it moves with
};

// Where state survives. Implementations are thread-safe. Errors: kConflict (expected version),
// kExhausted (disk full), kUnavailable (locked, I/O), kCorrupt, kNotFound.
class StateStore {
 public:
  virtual ~StateStore() = default;
  virtual Result<Record> Get(std::string_view key) = 0;
  virtual Result<std::vector<Record>> List(std::string_view prefix) = 0;  // sorted by key
  virtual Result<CommitResult> Commit(const Batch& batch) = 0;
  // Content-addressed: storing twice is one blob; GetBlob verifies the digest (kCorrupt).
  virtual Result<Digest> PutBlob(std::string_view bytes) = 0;
  virtual Result<std::string> GetBlob(const Digest& digest) = 0;
  // In order of their sequences. Time follows the events returned. kNotFound when events after
  // `after` were already dropped.
  virtual Result<std::vector<Event>> Events(const EventQuery& query) = 0;
};

}  // namespace portolan::reconciler
